/** Under which connections of this service's own are routed and logged. */
export const OWN_INBOUND = 'clash-api';
