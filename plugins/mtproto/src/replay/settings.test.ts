import { describe, expect, it } from 'vitest';
import { checkReplay, replayLimits, type ReplaySettings } from './settings.js';

function problems(settings: ReplaySettings, timeWindow: number, usageFile?: string): string[] {
  const found: string[] = [];
  checkReplay(
    settings,
    timeWindow,
    {
      error: (path, message) => found.push(`${path.join('.')}: ${message}`),
      warning: () => found.push('warning'),
    },
    { usageFile },
  );
  return found;
}

describe('checkReplay', () => {
  it('wants a hello remembered for as long as it is good', () => {
    const tooShort =
      'replay.seconds: must be more than 240, twice the "tls.timeWindow": a TLS hello would be forgotten while it is still good';
    expect(problems({ seconds: 240 }, 120)).toEqual([tooShort]);
    expect(problems({ seconds: 241 }, 120)).toEqual([]);
    expect(problems({}, 604_800)).toEqual([]);
  });

  it('wants a file of its own', () => {
    expect(problems({ stateFile: 'a' }, 120, 'a')).toEqual([
      'replay.stateFile: the same file as "usageFile": each needs one of its own',
    ]);
    expect(problems({ stateFile: 'a' }, 120, './b/../a')).toHaveLength(1);
    expect(problems({ stateFile: 'a' }, 120, 'b')).toEqual([]);
    expect(problems({}, 120)).toEqual([]);
  });
});

describe('replayLimits', () => {
  it('defaults to a day, or longer where the time window needs it', () => {
    expect(replayLimits({}, 120)).toEqual({ entries: 100_000, seconds: 86_400 });
    expect(replayLimits({}, 604_800)).toEqual({ entries: 100_000, seconds: 1_209_601 });
    expect(replayLimits({ entries: 5000, seconds: 300 }, 120)).toEqual({ entries: 5000, seconds: 300 });
  });
});
