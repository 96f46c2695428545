import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mtprotoInbound, runCommand, type CommandOptions } from './command.fixture.js';
import { readPng } from './qr-reader.fixture.js';

const secret = 'b0cbcef5a486d9636472ac27f8e11a9d';
const other = '00112233445566778899aabbccddeeff';
const hexOf = (name: string): string => Buffer.from(name).toString('hex');
const site = hexOf('www.example.org');

async function link(
  options: CommandOptions,
  ...inbounds: ReturnType<typeof mtprotoInbound>[]
): Promise<readonly string[]> {
  const { code, lines } = await runCommand('link', { config: ['a.json'], ...options }, { inbounds });
  expect(code).toBe(0);
  return lines;
}

/** The secrets in the tg:// links, and no others. */
async function secretsIn(settings: object, options: CommandOptions = {}): Promise<(string | undefined)[]> {
  const lines = await link({ server: 'p.test', ...options }, mtprotoInbound(settings));
  return lines.filter((line) => line.includes('tg://')).map((line) => /secret=(.*)$/.exec(line)?.[1]);
}

describe('sluice mtproto link', () => {
  it('prints both links for every user of every mtproto inbound', async () => {
    const socks = { tag: 'socks-in', protocol: 'socks', listen: '127.0.0.1', port: 1080, settings: {} };
    const users = [{ secret, email: 'ann' }, { secret: `ee${other}${site}` }];
    expect(await link({ server: 'Proxy.test' }, socks, mtprotoInbound({ users }, { listen: '0.0.0.0' }))).toEqual([
      'tg-in, ann (padded):',
      `  tg://proxy?server=proxy.test&port=443&secret=dd${secret}`,
      `  https://t.me/proxy?server=proxy.test&port=443&secret=dd${secret}`,
      'tg-in, users[1] (fake TLS as www.example.org):',
      `  tg://proxy?server=proxy.test&port=443&secret=ee${other}${site}`,
      `  https://t.me/proxy?server=proxy.test&port=443&secret=ee${other}${site}`,
    ]);
  });

  it('gives the strongest form that the inbound accepts, and the others when asked for all', async () => {
    const users = [{ secret }];
    const tls = { serverNames: ['www.example.org', 'B.example', 'WWW.example.org'] };
    const all = { all: true };
    const names = [`ee${secret}${site}`, `ee${secret}${hexOf('b.example')}`];
    expect(await secretsIn({ users })).toEqual([`dd${secret}`]);
    expect(await secretsIn({ users }, all)).toEqual([`dd${secret}`, secret]);
    expect(await secretsIn({ users, modes: ['plain'] })).toEqual([secret]);
    expect(await secretsIn({ users, tls })).toEqual([names[0]]);
    expect(await secretsIn({ users, tls }, all)).toEqual([...names, `dd${secret}`, secret]);
    expect(await secretsIn({ users, tls, modes: ['tls'] }, all)).toEqual(names);
    expect(await secretsIn({ users, tls, modes: ['padded', 'plain'] })).toEqual([`dd${secret}`]);
  });

  it('gives a narrow secret as it is', async () => {
    const tls = { serverNames: ['b.example'] };
    const users = [{ secret: `dd${secret}` }, { secret: Buffer.from(`ee${other}${site}`, 'hex').toString('base64') }];
    expect(await secretsIn({ users, tls }, { all: true })).toEqual([`dd${secret}`, `ee${other}${site}`]);
  });

  it('names the address that is listened on, or this machine for "all" with a word about it', async () => {
    const at = (listen: string) => link({}, mtprotoInbound({ users: [{ secret }] }, { listen }));
    for (const listen of ['0.0.0.0', '::']) {
      const lines = await at(listen);
      expect(lines[1]).toContain('server=127.0.0.1&');
      expect(lines.at(-1)).toMatch(/--server/);
    }
    expect((await at('::1'))[1]).toContain('server=%3A%3A1&');
    expect(await at('::1')).toHaveLength(3);
  });

  it('takes the server and the port that clients use', async () => {
    const users = [{ secret }];
    const lines = await link({ server: '[2001:db8::1]', port: '8443' }, mtprotoInbound({ users }));
    expect(lines[1]).toContain('server=2001%3Adb8%3A%3A1&port=8443&');
    const unix = mtprotoInbound({ users }, { listen: '/run/mt.sock', port: 0 });
    expect((await link({ server: 'p.test', port: '443' }, unix))[1]).toContain('server=p.test&port=443&');
    for (const options of [{}, { server: 'p.test' }, { port: '443' }])
      await expect(link(options, unix)).rejects.toMatchObject({ code: 'E_MTPROTO_COMMAND' });
    for (const port of ['0', '65536', 'x', '1e3'])
      await expect(link({ port }, unix)).rejects.toMatchObject({ code: 'E_MTPROTO_COMMAND' });
    await expect(link({ server: 'a b' }, unix)).rejects.toMatchObject({ code: 'E_ADDRESS_INVALID' });
  });

  it('gives the links of one inbound or user', async () => {
    const users = [
      { secret, email: 'ann' },
      { secret: other, email: 'bob' },
    ];
    const inbounds = [mtprotoInbound({ users }), mtprotoInbound({ users }, { tag: 'tg-2' })] as const;
    const heads = async (options: CommandOptions) =>
      (await link(options, ...inbounds)).filter((line) => !line.startsWith(' '));
    expect(await heads({ user: 'bob' })).toEqual(['tg-in, bob (padded):', 'tg-2, bob (padded):']);
    expect(await heads({ user: 'bob', inbound: 'tg-2' })).toEqual(['tg-2, bob (padded):']);
    for (const options of [{ user: 'eve' }, { inbound: 'tg-3' }])
      await expect(heads(options)).rejects.toMatchObject({ code: 'E_MTPROTO_COMMAND' });
  });

  it('prints JSON', async () => {
    const lines = await link({ json: true, qr: true }, mtprotoInbound({ users: [{ secret: `ee${other}${site}` }] }));
    expect(JSON.parse(lines.join('\n'))).toEqual([
      {
        inbound: 'tg-in',
        user: 'users[0]',
        mode: 'tls',
        domain: 'www.example.org',
        tg: `tg://proxy?server=127.0.0.1&port=443&secret=ee${other}${site}`,
        web: `https://t.me/proxy?server=127.0.0.1&port=443&secret=ee${other}${site}`,
      },
    ]);
  });

  it('shows and writes the tg:// link as a QR code', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'link-'));
    try {
      const qrFile = join(folder, 'code.png');
      const lines = await link({ qr: true, qrFile }, mtprotoInbound({ users: [{ secret: `ee${other}${site}` }] }));
      expect(lines.slice(3).join('')).toMatch(/^[█▀▄ ]{500,}$/);
      expect(readPng(await readFile(qrFile))).toBe(lines[1]?.trim());
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('writes no QR file for several links, nor under another name, and prints nothing then', async () => {
    const inbound = mtprotoInbound({ users: [{ secret }, { secret: other }] });
    await expect(link({ qrFile: '/nonexistent/a.png' }, inbound)).rejects.toThrow(/there are 2/);
    await expect(link({ qrFile: '/nonexistent/a.gif' }, inbound)).rejects.toThrow(/\.png or \.svg/);
  });

  it('says when there is no mtproto inbound, or none of its users can come', async () => {
    await expect(link({})).rejects.toMatchObject({ code: 'E_CONFIG_INVALID' });
    const settings = { users: [{ secret: `dd${secret}` }], modes: ['plain'] };
    await expect(link({}, mtprotoInbound(settings))).rejects.toThrow(/modes/);
  });
});
