import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { createClientHello } from '@sluice/testing';
import { describe, expect, it } from 'vitest';
import { parseClientHello, type ClientHello } from './client-hello.js';
import { HelloSearch, type HelloSearchRun } from './hello-search.js';
import { recordedHellos, recordedKey } from './recorded-hellos.fixture.js';

function hello(key: Buffer, serverName = 'a.example'): ClientHello {
  return parsed(createClientHello({ key, serverName }).record);
}

function parsed(record: Buffer): ClientHello {
  const hello = parseClientHello(record);
  if (hello === 'foreign') throw new TypeError(hello);
  return hello;
}

/** What it finds, after how many steps. */
function finish(run: HelloSearchRun): [found: number | undefined, steps: number] {
  let steps = 1;
  while (!run.step()) steps += 1;
  return [run.found, steps];
}

const keys = Array.from({ length: 300 }, () => randomBytes(16));

describe('HelloSearch', () => {
  const search = new HelloSearch(keys.map((key) => ({ key })));

  it('finds each of many', () => {
    for (const [index, key] of keys.entries()) expect(finish(search.start(hello(key)))[0]).toBe(index);
  });

  it('finds nobody for a stranger', () => {
    expect(finish(search.start(hello(randomBytes(16))))[0]).toBeUndefined();
    expect(finish(new HelloSearch([]).start(hello(randomBytes(16))))[0]).toBeUndefined();
  });

  it.each(['tdlib', 'mtcute'] as const)('finds the secret of %s', (client) => {
    const all = new HelloSearch([...keys, recordedKey].map((key) => ({ key })));
    expect(finish(all.start(parsed(recordedHellos[client])))[0]).toBe(keys.length);
    expect(finish(all.start(parsed(recordedHellos.chromium)))[0]).toBeUndefined();
  });

  it('is not over with a false digest, whichever byte is false', () => {
    const right = hello(keys[7]!);
    for (let at = 0; at < 28; at += 1) {
      const record = Buffer.from(right.record);
      record[11 + at]! ^= 0x10;
      expect(finish(search.start(parsed(record)))[0]).toBeUndefined();
    }
  });

  it('looks only among the secrets that go with the server name', () => {
    const [a, b, both, any] = keys as [Buffer, Buffer, Buffer, Buffer];
    const named = new HelloSearch([
      { key: a, serverNames: ['a.example'] },
      { key: b, serverNames: ['B.example'] },
      { key: both, serverNames: ['a.example', 'b.EXAMPLE', 'A.example'] },
      { key: any },
    ]);
    const found = (key: Buffer, name: string, likely?: number) => finish(named.start(hello(key, name), likely))[0];
    expect([found(a, 'a.example'), found(a, 'b.example'), found(a, ''), found(a, 'c.example')]).toEqual([
      0,
      undefined,
      undefined,
      undefined,
    ]);
    expect([found(b, 'b.example'), found(b, 'b.EXAMPLE')]).toEqual([1, 1]);
    expect([found(both, 'A.EXAMPLE'), found(both, 'b.example')]).toEqual([2, 2]);
    expect([found(any, 'a.example'), found(any, 'c.example'), found(any, '')]).toEqual([3, 3, 3]);
    // What is likely is tried first, but never under another name.
    expect([found(a, 'a.example', 0), found(a, 'b.example', 0), found(b, 'b.example', 0), found(any, '', 3)]).toEqual([
      0,
      undefined,
      1,
      3,
    ]);
  });

  it('goes on in steps, beside another search for a hello of another length', () => {
    const many = new HelloSearch(
      Array.from({ length: 20_000 }, (_, i) => ({ key: keys[i] ?? randomBytes(16) })).reverse(),
    );
    const short = many.start(parsed(recordedHellos.openssl));
    const mine = many.start(hello(keys[2]!));
    let steps = 0;
    let isOver = [false, false];
    while (isOver.includes(false)) {
      isOver = [isOver[0] || short.step(), isOver[1] || mine.step()];
      steps += 1;
    }
    expect(steps).toBeGreaterThan(1);
    expect([short.found, mine.found]).toEqual([undefined, 19_997]);
    expect([short.step(), mine.step()]).toEqual([true, true]);
    expect(mine.found).toBe(19_997);
  });

  it('finds a likely one at once', () => {
    const many = new HelloSearch(
      Array.from({ length: 20_000 }, (_, i) => ({ key: keys[i] ?? randomBytes(16) })).reverse(),
    );
    expect(finish(many.start(hello(keys[2]!), 19_997))).toEqual([19_997, 1]);
  });

  it('finds what was put in later, and not what was taken out', () => {
    const changing = new HelloSearch();
    const found = (index: number, name: string): number | undefined =>
      finish(changing.start(hello(keys[index]!, name)))[0];
    for (let i = 0; i < 40; i += 1)
      changing.set(i, { key: keys[i]!, serverNames: [i < 20 ? 'A.example' : 'b.example'] });
    changing.set(40, { key: keys[40]! });
    expect([found(0, 'a.example'), found(39, 'b.example'), found(39, 'a.example')]).toEqual([0, 39, undefined]);
    changing.clear(0, ['a.EXAMPLE']);
    changing.clear(39, ['b.example']);
    changing.clear(40, undefined);
    expect([found(0, 'a.example'), found(39, 'b.example'), found(40, 'a.example')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect([found(1, 'a.example'), found(38, 'b.example')]).toEqual([1, 38]);
    // An empty place is not that of a secret of zeros.
    expect(finish(changing.start(hello(Buffer.alloc(16), 'a.example')))[0]).toBeUndefined();
    changing.set(0, { key: keys[41]!, serverNames: ['b.example'] });
    expect([found(41, 'b.example'), found(41, 'a.example')]).toEqual([0, undefined]);
  });
});
