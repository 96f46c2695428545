import { describe, expect, it } from 'vitest';
import { inbound, load, loadValue, outbound, summary } from '../load.fixture.js';

const entry = '"listen": "127.0.0.1", "port": 1080, "protocol": "echo"';

describe("V2Ray's leniencies", () => {
  it.each([
    ['a line comment', `{ // comment "\n "inbounds": [{${entry}}] }`],
    ['a hash comment', `# comment {\n{ "inbounds": [{${entry}}] } # end`],
    ['a block comment', `{ /* a\n b */ "inbounds": [{${entry}}] }`],
    ['a byte order mark', `\uFEFF{ "inbounds": [{${entry}}] }`],
    ['trailing commas', `{ "inbounds": [{${entry},},], }`],
    ['keys in any case', '{ "INBOUNDS": [{"Listen": "127.0.0.1", "pOrt": 1080, "Protocol": "echo"}] }'],
    ['a protocol in any case', `{ "inbounds": [{${entry.replace('echo', 'ECHO')}}] }`],
    ['null as unset', `{ "log": null, "inbounds": [{${entry}, "tag": null, "settings": null, "sniffing": null}] }`],
    ['a port as a string', `{ "inbounds": [{${entry.replace('1080', '"1080"')}}] }`],
    ['enums of settings in any case, and their aliases', `{ "inbounds": [{${entry}, "settings": {"mode": "PLAIN"}}] }`],
  ])('accepts %s without a word', (_, text) => {
    const { config, diagnostics } = load(text);
    expect(diagnostics).toEqual([]);
    expect(config?.inbounds).toEqual([
      {
        tag: 'echo:1080',
        tagged: false,
        protocol: 'echo',
        listen: '127.0.0.1',
        ports: [{ from: 1080, to: 1080 }],
        settings: { mode: 'plain', network: 'tcp', nested: { flag: true } },
      },
    ]);
  });

  it('accepts what follows the object, with a warning', () => {
    const text = '{"log": {}} // fine\n{"again": 1';
    const result = load(text);
    expect(result.config).toBeDefined();
    expect(summary(result)).toEqual(['warning C_TRAILING ']);
    expect(result.diagnostics[0]?.range).toMatchObject({ line: 2, column: 1, endLine: 2, endColumn: 12 });
  });

  it('takes the last of two equal keys, with a warning at the first', () => {
    const result = load('{"log": {"loglevel": "info", "loglevel": "debug"}}');
    expect(result.config?.log.loglevel).toBe('debug');
    expect(summary(result)).toEqual(['warning C_DUPLICATE_KEY /log/loglevel']);
    expect(result.diagnostics[0]?.range).toMatchObject({ column: 10, endColumn: 20 });
  });

  it('takes the last of two keys that differ in case only', () => {
    const result = load('{"log": {"logLevel": "info", "loglevel": "debug"}}');
    expect(result.config?.log.loglevel).toBe('debug');
    expect(summary(result)).toEqual(['warning C_DUPLICATE_KEY /log/logLevel']);
  });

  it('takes an unset key after a set one as unset', () => {
    expect(load('{"log": {"loglevel": "info", "LogLevel": null}}').config?.log.loglevel).toBe('warning');
  });

  it('takes unknown log levels and strategies for the default, with a warning', () => {
    const result = loadValue({ log: { loglevel: 'verbose' }, routing: { domainStrategy: 'IpOnDemnd' } });
    expect(result.config).toMatchObject({ log: { loglevel: 'warning' }, routing: { domainStrategy: 'AsIs' } });
    expect(summary(result)).toEqual(['warning C_VALUE /log/loglevel', 'warning C_VALUE /routing/domainStrategy']);
    expect(result.diagnostics[1]?.suggestion).toBe('"IPOnDemand"');
  });

  it('reads numbers in strings where the schema allows digits, and nowhere else', () => {
    const good = loadValue({ inbounds: [inbound({ settings: { port: '443' } })] });
    expect(good.config?.inbounds[0]?.settings).toMatchObject({ port: 443 });
    const bad = loadValue({ policy: { levels: { 0: { handshake: '5' } } } });
    expect(summary(bad)).toEqual(['error C_TYPE /policy/levels/0/handshake']);
    expect(bad.diagnostics[0]?.suggestion).toBe('5');
  });

  it('leaves the keys and case of maps alone', () => {
    const settings = { headers: { Host: 'A', host: 'b', __proto__x: 'c' } };
    const result = loadValue({ inbounds: [inbound({ settings })] });
    expect(result.diagnostics).toEqual([]);
    expect(result.config?.inbounds[0]?.settings).toMatchObject(settings);
  });

  it('keeps "__proto__" from being anything but a key', () => {
    const result = load('{"inbounds": [{"port": 1, "protocol": "echo", "settings": {"headers": {"__proto__": "x"}}}]}');
    const { headers } = result.config?.inbounds[0]?.settings as { headers: object };
    expect(Object.getPrototypeOf(headers)).toBe(Object.prototype);
    expect(Object.keys(headers)).toEqual(['__proto__']);
  });

  it('warns of unknown keys, and in strict mode refuses them', () => {
    const value = { inbounds: [inbound({ settigns: {}, settings: { mde: 'plain' } })], whatever: 1 };
    const lenient = loadValue(value);
    expect(lenient.config).toBeDefined();
    expect(summary(lenient)).toEqual([
      'warning C_UNKNOWN_KEY /inbounds/0/settigns',
      'warning C_UNKNOWN_KEY /inbounds/0/settings/mde',
      'warning C_UNKNOWN_KEY /whatever',
    ]);
    expect(lenient.diagnostics.map(({ suggestion }) => suggestion)).toEqual(['"settings"', '"mode"', undefined]);
    const strict = loadValue(value, { strict: true });
    expect(strict.config).toBeUndefined();
    expect(strict.diagnostics.map(({ severity }) => severity)).toEqual(['error', 'error', 'error']);
  });

  it('knows "$schema"', () => {
    expect(load('{"$schema": "./sluice.schema.json"}').diagnostics).toEqual([]);
  });

  it("suggests a rule's own keys beside those of its type", () => {
    const rule = { type: 'field', port: 1, outboundTag: 'out', outbondTag: 'x', inboundTags: ['in'] };
    const result = loadValue({ outbounds: [outbound()], routing: { rules: [rule] } });
    expect(result.diagnostics.map(({ suggestion }) => suggestion)).toEqual(['"outboundTag"', '"inboundTag"']);
  });
});
