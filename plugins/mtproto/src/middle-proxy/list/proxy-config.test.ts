import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Directory } from './directory.js';
import { MAX_CONFIG_LENGTH, parseProxyConfig } from './proxy-config.js';

const text = `# force_probability 10 10
default 2;
proxy_for 1 149.154.175.50:8888;
proxy_for -1 149.154.175.51:8888;
proxy_for 2 149.154.162.39:80;  proxy_for 2
   149.154.162.33:80 ; # proxy_for 2 192.0.2.1:80;
timeout 500;
proxy_for +4 [2001:67c:4e8:f004::d]:443;
proxy_for 203 91.105.192.110:443;`;

const secret = Buffer.alloc(128);

describe('a list of middle proxies', () => {
  it('gives the addresses of each data centre, whatever its spaces and comments', () => {
    const { addresses, fallback, skipped } = parseProxyConfig(text);
    const hosts = [...addresses].map(([id, list]) => [id, list.map(({ host, port }) => `${host} ${port}`)]);
    expect(hosts).toEqual([
      [1, ['149.154.175.50 8888']],
      [-1, ['149.154.175.51 8888']],
      [2, ['149.154.162.39 80', '149.154.162.33 80']],
      [4, ['2001:67c:4e8:f004::d 443']],
      [203, ['91.105.192.110 443']],
    ]);
    expect([fallback, skipped]).toEqual([2, 0]);
  });

  it('is taken without what makes no sense in it', () => {
    const odd =
      'proxy_for 1 a.example:443; proxy_for x 1.2.3.4:1; proxy_for 1 /etc/passwd; proxy_for 1 @x; proxy_for 1 1.2.3.4:0;' +
      'proxy_for 1 1.2.3.4; proxy_for 1; proxy_for 1 1.2.3.4:99999; proxy_for 1 1.2.3.4:5 6; default many;';
    const { addresses, fallback, skipped } = parseProxyConfig(odd);
    expect([...addresses.values()].flat().map(({ host }) => host)).toEqual(['a.example']);
    expect([fallback, skipped]).toEqual([undefined, 8]);
  });

  it.each(['<p>proxy_for 1 1.2.3.4:5;</p>', 'proxy_for 1 1.2.3.4:5; }', '{"a": 1}'])(
    'is none if it is something else: %j',
    (other) => {
      expect(() => parseProxyConfig(other)).toThrow(/not a list/);
    },
  );

  it.each(['', '<!doctype html><title>Blocked</title>', 'default 2;', '# proxy_for 1 1.2.3.4:5;'])(
    'is none if it names no address: %j',
    (nothing) => {
      expect(() => parseProxyConfig(nothing)).toThrow(expect.objectContaining({ code: 'E_PROTOCOL' }));
    },
  );

  it('is bounded', () => {
    const line = 'proxy_for 1 1.2.3.4:5;\n';
    expect(() => parseProxyConfig(line.repeat(MAX_CONFIG_LENGTH))).toThrow(/too long/);
    const many = parseProxyConfig(line.repeat(5000));
    expect([many.addresses.get(1)?.length, many.skipped]).toEqual([4096, 904]);
  });

  it('ends in E_PROTOCOL or in addresses, whatever it says', () => {
    const word = fc.constantFrom(
      'proxy_for',
      'default',
      '2',
      '-2',
      '1.2.3.4:5',
      '[::1]:6',
      ';',
      '#',
      '\n',
      ' ',
      ':',
      '[',
      '99999999',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string({ maxLength: 5 }))), (words) => {
        try {
          const { addresses } = parseProxyConfig(words.join(' '));
          for (const list of addresses.values()) for (const { type } of list) expect(type).not.toBe('unix');
        } catch (error) {
          expect(error).toMatchObject({ code: 'E_PROTOCOL' });
        }
      }),
    );
  });
});

describe('the directory', () => {
  const v6 = 'proxy_for 1 [2001:db8::1]:1; proxy_for 1 [2001:db8::2]:1; default 1;';
  const directory = new Directory(secret, [parseProxyConfig(text), parseProxyConfig(v6)]);
  const hosts = (dc: number): string[] => directory.addresses(dc).map(({ host }) => host);

  it('has the preferred family first, each in any order', () => {
    const orders = new Set<string>();
    for (let i = 0; i < 200; i += 1) {
      const [first, ...others] = hosts(1);
      expect(first).toBe('149.154.175.50');
      orders.add(others.join(' '));
    }
    expect([...orders].sort()).toEqual(['2001:db8::1 2001:db8::2', '2001:db8::2 2001:db8::1']);
  });

  it('falls back from a media id to its data centre, and from there to the default', () => {
    expect(hosts(-1)[0]).toBe('149.154.175.51');
    expect(hosts(-203)[0]).toBe('91.105.192.110');
    expect(hosts(77).slice(0, 2).sort()).toEqual(['149.154.162.33', '149.154.162.39']);
  });

  it('leads no client of a test data centre to a real one', () => {
    expect(hosts(10_002)).toEqual([]);
    expect(hosts(-10_002)).toEqual([]);
  });

  it('has nothing for what is neither listed nor has a default', () => {
    expect(new Directory(secret, [parseProxyConfig('proxy_for 1 1.2.3.4:5;')]).addresses(3)).toEqual([]);
  });
});
