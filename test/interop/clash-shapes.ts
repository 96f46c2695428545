import { expect } from 'vitest';

// What dashboards declare of the API's answers (TypeScript types of metacubexd and zashboard), as far as they read it.

const text = expect.any(String) as string;
const number = expect.any(Number) as number;
const flag = expect.any(Boolean) as boolean;
const shape = (fields: object): object => expect.objectContaining(fields) as object;

export const versionShape = shape({ meta: true, version: text });

export const configShape = shape({
  mode: text,
  'mode-list': expect.arrayContaining([text]) as string[],
  port: number,
  'socks-port': number,
  'redir-port': number,
  'tproxy-port': number,
  'mixed-port': number,
  'allow-lan': flag,
  'bind-address': text,
  'log-level': text,
  ipv6: flag,
  tun: shape({ enable: flag, device: text, stack: text }),
});

export const proxyShape = shape({
  name: text,
  type: text,
  extra: expect.any(Object) as object,
  history: expect.any(Array) as unknown[],
  hidden: flag,
  udp: flag,
  xudp: flag,
  tfo: flag,
  now: text,
});

export const historyShape = { time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string, delay: number };

export const ruleShape = shape({ index: number, type: text, payload: text, proxy: text, size: number });

export const connectionShape = shape({
  id: text,
  download: number,
  upload: number,
  chains: expect.arrayContaining([text]) as string[],
  rule: text,
  rulePayload: text,
  start: text,
  metadata: shape({
    network: text,
    type: text,
    destinationIP: text,
    destinationPort: text,
    dnsMode: text,
    host: text,
    inboundIP: text,
    inboundName: text,
    inboundPort: text,
    inboundUser: text,
    process: text,
    processPath: text,
    remoteDestination: text,
    sniffHost: text,
    sourceIP: text,
    sourcePort: text,
    specialProxy: text,
    specialRules: text,
    uid: number,
  }),
});

export const connectionsShape = shape({
  connections: expect.any(Array) as unknown[],
  downloadTotal: number,
  uploadTotal: number,
  memory: number,
});

export const trafficShape = shape({ up: number, down: number });
export const memoryShape = shape({ inuse: number, oslimit: number });
export const logShape = { type: expect.stringMatching(/^(debug|info|warning|error)$/) as string, payload: text };

export const dnsShape = shape({
  AD: flag,
  CD: flag,
  RA: flag,
  RD: flag,
  TC: flag,
  Status: number,
  Question: [{ Name: text, Qtype: number, Qclass: number }],
});
