import {
  LinkDuplex,
  SystemResolver,
  type DnsServer,
  type DnsServerContext,
  type DnsServerContribution,
} from '@sluice/plugin-api';
import { HttpsServer } from './https-server.js';
import { direct, routed, targetOf, type Reach } from './reach.js';
import { StreamServer } from './stream-server.js';
import { SystemServer } from './system-server.js';
import { overTls } from './tls-stream.js';
import { UdpServer } from './udp-server.js';

const PORT = 53;
const TLS_PORT = 853;
const HTTPS_PORT = 443;

type Make = (context: DnsServerContext, reach: Reach) => DnsServer;

const udp: Make = (context, reach) => new UdpServer(reach, targetOf(context, 'udp', PORT), tcp(context, reach));

const tcp: Make = (context, reach) => {
  const to = targetOf(context, 'tcp', PORT);
  return new StreamServer(async (signal) => new LinkDuplex(await reach.connect(to, signal)));
};

const tls: Make = (context, reach) => {
  const { address } = context;
  const to = targetOf(context, 'tcp', TLS_PORT);
  return new StreamServer(async (signal) =>
    overTls(await reach.connect(to, signal), address.hostname, ['dot'], signal),
  );
};

const https: Make = (context, reach) => {
  const { address } = context;
  const to = targetOf(context, 'tcp', HTTPS_PORT);
  return new HttpsServer(address, async (signal) =>
    overTls(await reach.connect(to, signal), address.hostname, ['h2', 'http/1.1'], signal),
  );
};

const kind = (description: string, make: Make, reach: (context: DnsServerContext) => Reach): DnsServerContribution => ({
  description,
  create: (context) => make(context, reach(context)),
});

/** By the scheme of a server's address. A "+local" one is asked past the routing. */
export const dnsServers: Readonly<Record<string, DnsServerContribution>> = {
  udp: kind('DNS over UDP, and over TCP for long answers.', udp, routed),
  'udp+local': kind('DNS over UDP, asked directly.', udp, direct),
  tcp: kind('DNS over TCP.', tcp, routed),
  'tcp+local': kind('DNS over TCP, asked directly.', tcp, direct),
  tls: kind('DNS over TLS (RFC 7858).', tls, routed),
  'tls+local': kind('DNS over TLS, asked directly.', tls, direct),
  https: kind('DNS over HTTPS (RFC 8484).', https, routed),
  'https+local': kind('DNS over HTTPS, asked directly.', https, direct),
  localhost: {
    description: "The operating system's resolver.",
    create: () => new SystemServer(new SystemResolver()),
  },
};
