import { isIP } from 'node:net';
import { bytesToIp, destination, ipToBytes, SluiceError, type Destination, type Resolver } from '@sluice/plugin-api';
import type { HostPort } from './address.js';

/**
 * Where a server wants UDP packets to be sent. An unspecified address means the server's own; so
 * does a loopback address that comes from another machine, which servers send that were never told
 * their public one.
 * @param server the configured address of the server
 * @param reached the IP that the TCP connection goes to; of a proxy in between, if there is one
 * @throws SluiceError E_PROTOCOL, E_ADDRESS_INVALID
 */
export async function relayAddress(
  resolver: Resolver,
  server: Destination,
  reached: string,
  bound: HostPort,
): Promise<Destination> {
  if (bound.port === 0) throw new SluiceError('E_PROTOCOL', 'the SOCKS server relays UDP on no port');
  const meansItself = isUnspecified(bound.host) || (isLoopback(bound.host) && !isLocal(server, reached));
  const host = meansItself ? await ownAddress(resolver, server, reached) : bound.host;
  const to = destination('udp', host, bound.port);
  if (to.type === 'unix') throw new SluiceError('E_PROTOCOL', 'the SOCKS server relays UDP on no address');
  return to;
}

/** Of a server with several addresses, the one that the TCP connection has reached. */
async function ownAddress(resolver: Resolver, server: Destination, reached: string): Promise<string> {
  if (server.type !== 'domain') return canonical(server.host);
  const addresses = await resolver.resolve(server.host).catch(() => []);
  return addresses.some((address) => canonical(address) === reached) ? reached : server.host;
}

function isLocal(server: Destination, reached: string): boolean {
  return isLoopback(server.type === 'domain' ? reached : canonical(server.host));
}

function isUnspecified(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function isLoopback(host: string): boolean {
  return isIP(host) === 4 ? host.startsWith('127.') : host === '::1';
}

function canonical(host: string): string {
  return isIP(host) === 0 ? host : bytesToIp(ipToBytes(host));
}
