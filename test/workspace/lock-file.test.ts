import { describe, expect, it } from 'vitest';
import { missingEntries } from '../../scripts/complete-lock.mjs';

describe('completing the lock file', () => {
  const optionalDependencies = { '@a/binding-linux-arm64-musl': '1.2.3', '@a/binding-win32-x64-msvc': '1.2.3' };

  it('adds what npm left out, for its platform', () => {
    const packages = {
      '': {},
      'node_modules/a': { version: '1.2.3', dev: true, license: 'MIT', optionalDependencies },
    };
    expect(missingEntries({ packages })).toEqual({
      'node_modules/@a/binding-linux-arm64-musl': {
        version: '1.2.3',
        cpu: ['arm64'],
        dev: true,
        libc: ['musl'],
        license: 'MIT',
        optional: true,
        os: ['linux'],
      },
      'node_modules/@a/binding-win32-x64-msvc': {
        version: '1.2.3',
        cpu: ['x64'],
        dev: true,
        license: 'MIT',
        optional: true,
        os: ['win32'],
      },
    });
  });

  it('finds what is there beside the owner, within it, or at the top', () => {
    const packages = {
      'node_modules/b/node_modules/a': { version: '1.2.3', optionalDependencies },
      'node_modules/b/node_modules/@a/binding-linux-arm64-musl': { version: '1.2.3' },
      'node_modules/@a/binding-win32-x64-msvc': { version: '1.2.3' },
    };
    expect(missingEntries({ packages })).toEqual({});
  });
});
