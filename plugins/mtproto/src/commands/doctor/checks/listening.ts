import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import net from 'node:net';
import { dirname } from 'node:path';
import { errnoOf, formatHostPort } from '@sluice/plugin-api';
import type { ConfiguredInbound } from '../../mtproto-inbounds.js';
import type { Examination } from '../examination.js';
import type { Check, Finding } from '../finding.js';

const subject = 'listening';

/** Whether the inbounds can listen, or already do. */
export function listeningChecks({ inbounds }: Examination): readonly Check[] {
  return inbounds.map((inbound): Check => {
    const about = `${inbound.tag} on ${formatHostPort(inbound.listen, inbound.port)}`;
    const isUnix = inbound.listen.startsWith('/');
    const look = isUnix ? lookAtFolder : lookAtPort;
    return { subject, about, run: async () => [{ subject, about, ...(await look(inbound)) }] };
  });
}

type Seen = Pick<Finding, 'status' | 'seen' | 'advice'>;

async function lookAtPort({ listen, port }: ConfiguredInbound): Promise<Seen> {
  const errno = await listenOnce(listen, port);
  switch (errno) {
    case undefined:
      return { status: 'ok', seen: 'is free: nothing listens there now' };
    case 'EADDRINUSE':
      return { status: 'ok', seen: 'is in use: if that is not Sluice itself, it will not start' };
    case 'EACCES':
      return {
        status: 'problem',
        seen: 'this user may not listen there',
        advice: 'give the program the right to low ports (CAP_NET_BIND_SERVICE), or choose one from 1024 on',
      };
    case 'EADDRNOTAVAIL':
      return {
        status: 'problem',
        seen: 'is not an address of this machine',
        advice: 'correct "listen"; behind NAT it is the private address, or 0.0.0.0 for all',
      };
    default:
      return { status: 'problem', seen: `cannot be listened on (${errno})` };
  }
}

function listenOnce(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', (error) => resolve(errnoOf(error) ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

async function lookAtFolder({ listen }: ConfiguredInbound): Promise<Seen> {
  try {
    await access(dirname(listen), constants.W_OK | constants.X_OK);
    return { status: 'ok', seen: 'its folder can be written to' };
  } catch (error) {
    const seen = `its folder cannot be written to by this user (${errnoOf(error) ?? 'unknown'})`;
    return { status: 'problem', seen, advice: 'make the folder, or give it to the user that Sluice runs as' };
  }
}
