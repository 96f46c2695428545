import type { Started, Program, ProgramConfig } from './program.fixture.js';
import { startProgram } from './program.fixture.js';

/** What the servers of these tests know. */
export const records = [
  'a.example. 300 IN A 192.0.2.1',
  'a.example. 300 IN A 192.0.2.2',
  'a.example. 300 IN AAAA 2001:db8::1',
  'four.example. 300 IN A 192.0.2.4',
  'six.example. 300 IN AAAA 2001:db8::6',
  'alias.example. 300 IN CNAME four.example.',
  'brief.example. 2 IN A 192.0.2.8',
  'text.example. 300 IN TXT "some words"',
  'mail.example. 300 IN MX 10 a.example.',
  ...Array.from({ length: 40 }, (_, i) => `long.example. 300 IN TXT "${String(i).padStart(2, '0')}${'x'.repeat(98)}"`),
  ...Array.from({ length: 60 }, (_, i) => `many.example. 300 IN A 192.0.2.${100 + i}`),
  'here.example. 300 IN A 127.0.0.1',
];

export interface AskedConfig {
  readonly dns?: Readonly<Record<string, unknown>>;
  readonly fakedns?: unknown;
  /** Settings of the dns outbound. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly outbounds?: ProgramConfig['outbounds'];
  readonly inbounds?: ProgramConfig['inbounds'];
  readonly rules?: readonly Readonly<Record<string, unknown>>[];
  readonly domainStrategy?: string;
}

/** A configuration that answers DNS at the inbound "ask". @param server what is asked there, on 127.0.0.1 */
export function askedConfig(server: number, config: AskedConfig): ProgramConfig {
  const { settings = {}, outbounds = [], inbounds = [], rules = [], domainStrategy = 'AsIs', dns, fakedns } = config;
  return {
    ...(dns === undefined ? {} : { dns }),
    ...(fakedns === undefined ? {} : { fakedns }),
    inbounds: [
      {
        tag: 'ask',
        protocol: 'dokodemo-door',
        settings: { address: '127.0.0.1', port: server, network: 'tcp,udp' },
      },
      ...inbounds,
    ],
    outbounds: [{ tag: 'direct', protocol: 'freedom' }, { tag: 'dns-out', protocol: 'dns', settings }, ...outbounds],
    routing: {
      domainStrategy,
      rules: [
        { type: 'field', inboundTag: ['ask'], outboundTag: 'dns-out' },
        ...rules.map((rule) => ({ type: 'field', ...rule })),
      ],
    },
  };
}

/** The program with such a configuration, and its port for questions. */
export async function startAsked(
  started: Started,
  server: number,
  config: AskedConfig,
  env?: NodeJS.ProcessEnv,
): Promise<{ readonly program: Program; readonly port: number }> {
  const program = started.add(await startProgram(askedConfig(server, config), env === undefined ? {} : { env }));
  return { program, port: program.port('ask') };
}

/** A server in `dns.servers`. */
export const at = (port: number, more: object = {}): object => ({ address: '127.0.0.1', port, ...more });
