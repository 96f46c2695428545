import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { SluiceError } from '@sluice/plugin-api';

/** What can be made, and what each is for. */
export const presets = {
  mtproto: 'a proxy for Telegram, with a secret for each user',
  socks: 'a SOCKS proxy',
  http: 'an HTTP proxy',
  local: 'SOCKS and HTTP side by side, for the programs of this machine',
} as const;

export type Preset = keyof typeof presets;

/** All that has to be known. */
export interface Wanted {
  readonly preset: Preset;
  /** Where it listens: an IP address. */
  readonly listen: string;
  /** The first port. */
  readonly port: number;
  readonly users: readonly string[];
  /** A new secret of an mtproto user. */
  readonly makeSecret: () => Promise<string>;
}

/** A configuration, and what its users have to be told. */
export interface Made {
  /** JSONC. */
  readonly text: string;
  readonly accounts: readonly Account[];
}

export interface Account {
  readonly user: string;
  readonly pass: string;
}

export function isPreset(name: string): name is Preset {
  return Object.hasOwn(presets, name);
}

/** Where a preset listens unless told: users of an mtproto proxy are elsewhere, the others' are here. */
export function defaultListen(preset: Preset): string {
  return preset === 'mtproto' ? '0.0.0.0' : '127.0.0.1';
}

export function defaultPort(preset: Preset): number {
  return { mtproto: 8443, socks: 1080, http: 8080, local: 1080 }[preset];
}

function isLoopback(listen: string): boolean {
  return listen === '::1' || (isIP(listen) === 4 && listen.startsWith('127.'));
}

/**
 * Writes the configuration.
 * @param schema what its `$schema` says
 * @throws SluiceError E_CONFIG_INVALID for a proxy that everybody could use from anywhere
 */
export async function makeConfig(wanted: Wanted, schema: string): Promise<Made> {
  const { preset, listen, users } = wanted;
  if (preset === 'mtproto') return { text: withInbounds(schema, [await mtproto(wanted)], TELEGRAM), accounts: [] };
  if (users.length === 0 && !isLoopback(listen)) {
    throw new SluiceError('E_CONFIG_INVALID', `whoever reaches ${listen} could use the proxy: name users with --users`);
  }
  const accounts = users.map((user) => ({ user, pass: randomBytes(18).toString('base64url') }));
  const inbounds =
    preset === 'local'
      ? [socks(wanted, wanted.port, accounts), http(wanted, wanted.port + 1, accounts)]
      : [{ socks, http }[preset](wanted, wanted.port, accounts)];
  return { text: withInbounds(schema, inbounds, isLoopback(listen) ? DIRECT : DIRECT_FOR_OTHERS), accounts };
}

const TELEGRAM = `
  // To Telegram's data centres.
  "outbounds": [{ "tag": "tg-out", "protocol": "mtproto", "settings": {} }],

  "routing": {
    "rules": [{ "type": "field", "inboundTag": ["tg-in"], "outboundTag": "tg-out" }]
  }
`;

const DIRECT = `
  // The first one takes what no rule names.
  "outbounds": [{ "tag": "direct", "protocol": "freedom", "settings": {} }]
`;

const DIRECT_FOR_OTHERS = `
  // The first one takes what no rule names.
  "outbounds": [
    { "tag": "direct", "protocol": "freedom", "settings": {} },
    { "tag": "blocked", "protocol": "blackhole", "settings": {} }
  ],

  "routing": {
    // Names are resolved where no rule is for them, so that none leads past the rule.
    "domainStrategy": "IPIfNonMatch",
    "rules": [
      // What only this machine and its network should reach.
      {
        "type": "field",
        "ip": [
          "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
          "192.168.0.0/16", "::/127", "fc00::/7", "fe80::/10"
        ],
        "outboundTag": "blocked"
      }
    ]
  }
`;

function withInbounds(schema: string, inbounds: readonly string[], rest: string): string {
  return `// Made by \`sluice init\`. It holds secrets: only its owner can read it.
{
  // What may stand here: completion and checks in editors come from it.
  "$schema": ${json(schema)},

  // Up from "debug", "info", "warning", "error" to "none".
  "log": { "loglevel": "warning" },

  "inbounds": [${inbounds.join(',')}
  ],
${rest}}
`;
}

async function mtproto({ listen, port, users, makeSecret }: Wanted): Promise<string> {
  const entries: string[] = [];
  for (const email of users.length === 0 ? ['me'] : users) {
    entries.push(`{ "email": ${json(email)}, "level": 0, "secret": ${json(await makeSecret())} }`);
  }
  return `
    // For Telegram clients. The links for users: sluice mtproto link -c FILE --server HOST
    {
      "tag": "tg-in",
      "listen": ${json(listen)},
      "port": ${port},
      "protocol": "mtproto",
      "settings": {
        // Secrets for more of them: sluice mtproto secret
        "users": [
          ${entries.join(',\n          ')}
        ]
      }
    }`;
}

function socks({ listen }: Wanted, port: number, accounts: readonly Account[]): string {
  const auth = `"auth": ${accounts.length === 0 ? '"noauth"' : '"password"'}`;
  // Packets come to an address that the client is told: one that stands for all of them is none.
  const udp = isLoopback(listen) ? `"udp": true, "ip": ${json(listen)}` : '"udp": false';
  return inbound('SOCKS 4, 4a and 5.', 'socks', listen, port, [auth, udp, ...accountList(accounts)]);
}

function http({ listen }: Wanted, port: number, accounts: readonly Account[]): string {
  return inbound('HTTP: tunnels and plain requests.', 'http', listen, port, accountList(accounts));
}

function inbound(comment: string, protocol: string, listen: string, port: number, settings: readonly string[]): string {
  return `
    // ${comment}
    {
      "tag": "${protocol}-in",
      "listen": ${json(listen)},
      "port": ${port},
      "protocol": "${protocol}",
      "settings": { ${settings.join(', ')} }
    }`;
}

function accountList(accounts: readonly Account[]): readonly string[] {
  if (accounts.length === 0) return [];
  const entries = accounts.map(({ user, pass }) => `{ "user": ${json(user)}, "pass": ${json(pass)} }`);
  return [
    `"accounts": [
          ${entries.join(',\n          ')}
        ]`,
  ];
}

function json(value: string): string {
  return JSON.stringify(value);
}
