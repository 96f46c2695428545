import { describe, expect, it } from 'vitest';
import { checkMiddleProxy, hasAdTag, type TaggedSettings } from './check.js';

const adTag = 'a0'.repeat(16);

function problems(settings: TaggedSettings): string[] {
  const found: string[] = [];
  const note =
    (kind: string) =>
    (path: readonly (string | number)[], message: string): void =>
      void found.push(`${kind} ${path.join('.')}: ${message}`);
  checkMiddleProxy(settings, { error: note('error'), warning: note('warning') });
  return found;
}

describe('settings of middle proxies', () => {
  it.each([
    {},
    { adTag },
    { adTag, middleProxy: {} },
    { users: [{}, { adTag }], middleProxy: { natAddress: '2001:db8::1', secretUrl: 'https://mirror.example/secret' } },
  ])('are fine: %j', (settings) => {
    expect(problems(settings)).toEqual([]);
  });

  it.each([
    [{ natAddress: 'example.org' }, 'error middleProxy.natAddress'],
    [{ secretUrl: 'core.telegram.org' }, 'error middleProxy.secretUrl'],
    [{ configUrl: 'ftp://core.telegram.org/x' }, 'error middleProxy.configUrl'],
    [{ configUrlV6: 'https://user@core.telegram.org/x' }, 'error middleProxy.configUrlV6'],
    [{ configUrl: 'http://mirror.example/x' }, 'warning middleProxy.configUrl'],
  ])('are not: %j', (middleProxy, expected) => {
    expect(problems({ adTag, middleProxy }).map((line) => line.split(':')[0])).toEqual([expected]);
  });

  it('have no effect without a tag, which is said', () => {
    expect(problems({ users: [{}], middleProxy: {} })).toEqual([expect.stringContaining('has no effect')]);
    expect([hasAdTag({ users: [{}] }), hasAdTag({ adTag }), hasAdTag({ users: [{ adTag }] })]).toEqual([
      false,
      true,
      true,
    ]);
  });
});
