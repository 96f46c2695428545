import type { CommandConfig } from '@sluice/plugin-api';
import { describe, expect, it } from 'vitest';
import plugin from './index.js';

const secret = 'b0cbcef5a486d9636472ac27f8e11a9d';

async function run(
  name: string,
  options: Record<string, string | boolean | string[]>,
  inbounds: CommandConfig['inbounds'] = [],
): Promise<string[]> {
  const lines: string[] = [];
  const command = plugin.commands?.find((found) => found.name === name);
  const code = await command?.run({
    args: [],
    options,
    print: (line) => void lines.push(line),
    loadConfig: () => Promise.resolve({ inbounds }),
  });
  expect(code).toBe(0);
  return lines;
}

describe('sluice mtproto secret', () => {
  it('prints a secret', async () => {
    expect(await run('secret', {})).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
    expect(await run('secret', { padded: true })).toEqual([expect.stringMatching(/^dd[0-9a-f]{32}$/)]);
  });
});

describe('sluice mtproto link', () => {
  const inbound = (listen: string, users: object[]): CommandConfig['inbounds'][number] => ({
    tag: 'tg-in',
    protocol: 'mtproto',
    listen,
    port: 443,
    settings: { users },
  });

  it('prints both links for every user of every mtproto inbound', async () => {
    const other = { tag: 'socks-in', protocol: 'socks', listen: '127.0.0.1', port: 1080, settings: {} };
    expect(
      await run('link', { config: ['a.json'], server: 'proxy.test' }, [
        other,
        inbound('0.0.0.0', [{ secret, email: 'ann' }, { secret: `dd${secret}` }]),
      ]),
    ).toEqual([
      'tg-in, ann:',
      `  tg://proxy?server=proxy.test&port=443&secret=${secret}`,
      `  https://t.me/proxy?server=proxy.test&port=443&secret=${secret}`,
      'tg-in, users[1]:',
      `  tg://proxy?server=proxy.test&port=443&secret=dd${secret}`,
      `  https://t.me/proxy?server=proxy.test&port=443&secret=dd${secret}`,
    ]);
  });

  it('names the address that is listened on, or this machine for "all"', async () => {
    expect((await run('link', { config: 'a.json' }, [inbound('0.0.0.0', [{ secret }])]))[1]).toContain(
      'server=127.0.0.1&',
    );
    expect((await run('link', { config: 'a.json' }, [inbound('::1', [{ secret }])]))[1]).toContain('server=%3A%3A1&');
  });

  it('says when there is no mtproto inbound', async () => {
    await expect(run('link', { config: 'a.json' })).rejects.toMatchObject({ code: 'E_CONFIG_INVALID' });
  });
});
