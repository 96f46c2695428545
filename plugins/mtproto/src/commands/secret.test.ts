import { describe, expect, it } from 'vitest';
import { parseSecret } from '../secret.js';
import { runCommand, type CommandOptions } from './command.fixture.js';

async function secret(options: CommandOptions): Promise<string> {
  const { code, lines } = await runCommand('secret', options);
  expect([code, lines.length]).toEqual([0, 1]);
  return lines[0] ?? '';
}

describe('sluice mtproto secret', () => {
  it('prints a secret of the wanted kind, another one each time', async () => {
    expect(await secret({})).toMatch(/^[0-9a-f]{32}$/);
    expect(await secret({})).not.toBe(await secret({}));
    expect(await secret({ padded: true })).toMatch(/^dd[0-9a-f]{32}$/);
    expect(await secret({ tls: 'a.b' })).toMatch(/^ee[0-9a-f]{32}612e62$/);
  });

  it('prints it in base64url', async () => {
    const made = await secret({ tls: 'www.example.org', base64: true });
    expect(made).toMatch(/^7[A-Za-z0-9_-]+$/);
    expect(parseSecret(made)).toMatchObject({ mode: 'tls', domain: 'www.example.org' });
    expect(parseSecret(await secret({ base64: true }))).toMatchObject({ mode: 'plain' });
  });

  it('writes a domain as the wire has it', async () => {
    expect(parseSecret(await secret({ tls: 'Bücher.Example' }))).toMatchObject({ domain: 'xn--bcher-kva.example' });
  });

  it.each([{ tls: '192.0.2.1' }, { tls: 'no name' }, { tls: '' }])(
    'refuses a domain that is none: %j',
    async (options) => {
      await expect(runCommand('secret', options)).rejects.toMatchObject({ code: 'E_ADDRESS_INVALID' });
    },
  );

  it('refuses two kinds at once', async () => {
    await expect(runCommand('secret', { tls: 'a.b', padded: true })).rejects.toMatchObject({
      code: 'E_MTPROTO_COMMAND',
    });
  });
});
