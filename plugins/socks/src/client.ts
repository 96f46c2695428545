import { formatHostPort, SluiceError, type Link } from '@sluice/plugin-api';
import type { HostPort } from './address.js';
import {
  formatCredentials,
  formatGreeting,
  formatRequest,
  Method,
  parseAuthResult,
  parseChoice,
  parseReply,
  Reply,
  type Credentials,
} from './codec.js';
import { readMessage } from './message.js';

const meanings: Readonly<Record<number, string>> = {
  [Reply.failure]: 'a general failure',
  [Reply.notAllowed]: 'its rules do not allow the connection',
  [Reply.networkUnreachable]: 'the network is unreachable',
  [Reply.hostUnreachable]: 'the host is unreachable',
  [Reply.refused]: 'the target refused the connection',
  [Reply.ttlExpired]: 'the target did not answer in time',
  [Reply.commandNotSupported]: 'it does not know the command',
  [Reply.addressNotSupported]: 'it does not know this kind of address',
};

/**
 * The client's side of a SOCKS 5 handshake. Each message waits for the answer to the one before:
 * servers in wide use lose what comes early.
 * @returns the address that the server has bound
 * @throws SluiceError E_UPSTREAM_REJECTED (with the server's `reply`), E_PROTOCOL, E_CONN_CLOSED, E_CONN_RESET
 */
export async function request(
  link: Link,
  user: Credentials | undefined,
  command: number,
  to: HostPort,
): Promise<HostPort> {
  // Formatted first: a host that cannot be sent must not cost a connection half made.
  const message = formatRequest(command, to.host, to.port);
  const method = user === undefined ? Method.none : Method.password;
  link.write(formatGreeting([method]));
  if ((await readMessage(link.reader, parseChoice)) !== method) {
    throw new SluiceError(
      'E_UPSTREAM_REJECTED',
      `the SOCKS server does not let us in ${user === undefined ? 'without a password' : 'by user name and password'}`,
    );
  }
  if (user !== undefined) {
    link.write(formatCredentials(user));
    if (!(await readMessage(link.reader, parseAuthResult))) {
      throw new SluiceError('E_UPSTREAM_REJECTED', 'the SOCKS server does not accept the user name and password');
    }
  }
  link.write(message);
  const { reply, host, port } = await readMessage(link.reader, parseReply);
  if (reply !== Reply.succeeded) {
    const why = meanings[reply] ?? `reply ${reply}`;
    throw new SluiceError(
      'E_UPSTREAM_REJECTED',
      `the SOCKS server refused ${formatHostPort(to.host, to.port)}: ${why}`,
      { details: { reply } },
    );
  }
  return { host, port };
}
