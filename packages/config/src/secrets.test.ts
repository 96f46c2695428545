import { describe, expect, it } from 'vitest';
import { ConfigError } from './config-error.js';
import { formatDiagnostic } from './diagnostics/format.js';
import { inbound, load } from './load.fixture.js';

const SECRET = 'b0cbcef5a486d963';

function shown(text: string): string {
  const { diagnostics, sources } = load(text);
  expect(diagnostics.length).toBeGreaterThan(0);
  const formatted = diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, sources.get('config.json')));
  return [...formatted, JSON.stringify(diagnostics), ...sources.values(), new ConfigError(diagnostics).message].join(
    '\n',
  );
}

const users = (user: unknown): string => JSON.stringify({ inbounds: [inbound({ settings: { users: [user] } })] });

describe('secrets', () => {
  it.each([
    ['of the wrong form', users({ name: 'a', secret: `${SECRET}-not-hex` })],
    ['in a list', users({ name: 'a', secret: [SECRET] })],
    ['in an object', users({ name: 'a', secret: { value: SECRET } })],
    ['beside another problem of its line', users({ name: 'nobody', secret: SECRET })],
    ['under a misspelled key', users({ name: 'a', secrte: SECRET })],
    ['under a key in capitals', users({ name: 5, SECRET })],
    ['as a duplicate', `{"inbounds": [{"secret": "${SECRET}", "secret": "${SECRET}"}]}`],
    ['in a broken file', `{"inbounds": [{"settings": {"users": [{"secret": "${SECRET}" "x"`],
    [
      'of a protocol that nobody brings',
      `{"outbounds": [{"protocol": "trojan", "settings": {"password": "${SECRET}"}}]}`,
    ],
    ['of a service', JSON.stringify({ log: 5, beacon: { out: 'nowhere', badge: SECRET } })],
    ['in a comment', `{"log": 5 /* "secret": "${SECRET}" */}`],
  ])('%s are never shown', (_, text) => {
    expect(shown(text)).not.toContain(SECRET);
  });

  it('are named by their kind', () => {
    const { diagnostics } = load(users({ name: 'a', secret: `${SECRET}-not-hex` }));
    expect(diagnostics).toMatchObject([
      { code: 'C_VALUE', found: 'a string (secret)', expected: 'hexadecimal digits' },
    ]);
  });
});

describe('ConfigError', () => {
  it('names the first errors and carries all diagnostics', () => {
    const { diagnostics } = load('{"lgo": 1, "log": 5, "stats": 6}');
    const error = new ConfigError(diagnostics);
    expect(error.code).toBe('E_CONFIG_INVALID');
    expect(error.message).toContain('/log: "log" must be an object (C_TYPE); /stats');
    expect(error.message).not.toContain('lgo');
    expect(error.diagnostics).toBe(diagnostics);
  });
});
