import { describe, expect, test } from 'vitest';
import { Hosts } from './hosts.js';

type Entries = Readonly<Record<string, string | readonly string[]>>;

function read(entries: Entries): { hosts: Hosts; errors: string[] } {
  const errors: string[] = [];
  const problems = { error: (path: readonly unknown[]) => void errors.push(path.join('.')), warning: () => undefined };
  const assets = {
    read: (): never => {
      throw new Error('no file is needed');
    },
  };
  return { hosts: new Hosts(entries, problems, assets), errors };
}

const find = (entries: Entries, name: string): unknown => read(entries).hosts.find(name);

describe('hosts', () => {
  const entries: Entries = {
    'Router.Example.': '192.168.1.1',
    'two.example': ['192.0.2.1', '2001:db8::1'],
    'full:Whole.example': '10.0.0.1',
    'domain:ads.example': '127.0.0.1',
    'keyword:track': '127.0.0.2',
    'regexp:^r[0-9]+\\.example$': '127.0.0.3',
    'dotless:local': '127.0.0.4',
    'x.ads.example': '127.0.0.5',
  };

  test.each([
    ['router.example', '192.168.1.1'],
    ['whole.example', '10.0.0.1'],
    ['ads.example', '127.0.0.1'],
    ['a.b.ads.example', '127.0.0.1'],
    ['my-tracker.example', '127.0.0.2'],
    ['r12.example', '127.0.0.3'],
    ['mylocal', '127.0.0.4'],
    // An exact name comes before every pattern.
    ['x.ads.example', '127.0.0.5'],
  ])('%s is %s', (name, address) => {
    expect(find(entries, name)).toEqual({ addresses: [address] });
  });

  test.each(['x.router.example', 'x.whole.example', 'badads.example', 'r.example', 'my.local', ''])(
    'nothing is said of "%s"',
    (name) => {
      expect(find(entries, name)).toBeUndefined();
    },
  );

  test('a name may have several addresses', () => {
    expect(find(entries, 'two.example')).toEqual({ addresses: ['192.0.2.1', '2001:db8::1'] });
  });

  test('addresses are as the system writes them', () => {
    const odd = { a: ['2001:DB8:0:0::1', '::ffff:192.0.2.1'] };
    expect(find(odd, 'a')).toEqual({ addresses: ['2001:db8::1', '192.0.2.1'] });
  });

  test('a name may stand for another, which may stand for a third', () => {
    const chain = { a: 'b', b: 'C.', c: '192.0.2.9', d: 'elsewhere.example' };
    expect(find(chain, 'a')).toEqual({ addresses: ['192.0.2.9'] });
    expect(find(chain, 'd')).toEqual({ alias: 'elsewhere.example' });
  });

  test('five names are followed, and circles end', () => {
    const chain = (length: number): Entries => ({
      ...Object.fromEntries(Array.from({ length }, (_, i) => [`n${i}`, `n${i + 1}`])),
      [`n${length}`]: '192.0.2.9',
    });
    expect(find(chain(5), 'n0')).toEqual({ addresses: ['192.0.2.9'] });
    expect(find(chain(6), 'n0')).toEqual({ alias: 'n6' });
    expect(find({ a: 'b', b: 'a' }, 'a')).toMatchObject({ alias: expect.stringMatching(/^[ab]$/) as string });
    expect(find({ a: 'a' }, 'a')).toEqual({ alias: 'a' });
  });

  test('names in other scripts are found by the form in which they are asked', () => {
    expect(find({ 'bücher.example': '192.0.2.1' }, 'xn--bcher-kva.example')).toEqual({ addresses: ['192.0.2.1'] });
    expect(find({ 'a.example': 'bücher.example' }, 'a.example')).toEqual({ alias: 'xn--bcher-kva.example' });
  });

  test.each<[string, string | readonly string[]]>([
    ['none', []],
    ['a name among addresses', ['192.0.2.1', 'b.example']],
    ['two names', ['a.example', 'b.example']],
    ['an empty name', ''],
    ['a URL', 'https://a.example/'],
    ['a name that is too long', 'x'.repeat(64)],
  ])('%s is an error at its place', (_what, value) => {
    expect(read({ 'a.example': value }).errors).toEqual(['hosts.a.example']);
  });

  test('a pattern that cannot be read is an error at its place', () => {
    expect(read({ 'regexp:(': '192.0.2.1' }).errors).toEqual(['hosts.regexp:(']);
  });
});
