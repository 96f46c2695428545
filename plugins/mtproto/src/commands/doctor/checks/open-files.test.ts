import { describe, expect, it } from 'vitest';
import { like } from '../expected.fixture.js';
import { examinationOf, key } from '../examination.fixture.js';
import type { Finding } from '../finding.js';
import { openFileFindings } from './open-files.js';

function told(limit: number | undefined, ...maxConnections: (number | undefined)[]): Finding | undefined {
  const users = maxConnections.map((each, i) => ({
    secret: `${key.slice(2)}${String(i).padStart(2, '0')}`,
    ...(each === undefined ? {} : { maxConnections: each }),
  }));
  return openFileFindings(examinationOf({ users }), limit)[0];
}

describe('the limit of open files', () => {
  it.each([
    [1024, [488], 'ok'],
    [1024, [489], 'warning'],
    [1024, [244, 245], 'warning'],
    [1024, [undefined], 'ok'],
    [79, [undefined], 'warning'],
    [80, [undefined], 'ok'],
    [10, [1], 'warning'],
  ])('%i with maxConnections of %j is %s', (limit, maxConnections, status) => {
    expect(told(limit, ...maxConnections)).toMatchObject({ status });
  });

  it('says how many are needed, and how to get them', () => {
    expect(told(1024, 1000)).toMatchObject({
      seen: '1024 may be open at a time, enough for 488 connections, and "maxConnections" allows 1000',
      advice: like(/to 2048 or more: .*ulimit -n.*LimitNOFILE/),
    });
    expect(told(64, 1, undefined)?.seen).toMatch(/2 users can open 17 and more/);
  });

  it('is the one of this process', () => {
    expect(openFileFindings(examinationOf({ users: [{ secret: key }] }))[0]?.seen).toMatch(/^\d+ may be open|no limit/);
  });
});
