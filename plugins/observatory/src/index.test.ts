import { describe, expect, it } from 'vitest';
import { burstService, multiService, observatoryService } from './index.js';
import { burstOptions, observatoryOptions } from './settings.js';

interface Checkable {
  check?(settings: unknown, problems: object, assets: never): void;
}

function said(service: object, settings: object): string[] {
  const lines: string[] = [];
  const to = (severity: string) => (path: readonly (string | number)[]) => lines.push(`${severity} ${path.join('.')}`);
  (service as Checkable).check?.(settings, { error: to('error'), warning: to('warning') }, undefined as never);
  return lines;
}

describe('settings', () => {
  it.each([
    ['plain ones', observatoryService, { probeURL: 'http://a.example/', probeInterval: '10s' }, []],
    ['a URL of another kind', observatoryService, { probeURL: 'a.example' }, ['error probeURL']],
    ['too short an interval', observatoryService, { probeInterval: '50ms' }, ['warning probeInterval']],
    ['a burst', burstService, { pingConfig: { destination: 'https://a.example/', connectivity: '' } }, []],
    [
      'URLs of a burst',
      burstService,
      { pingConfig: { destination: '', connectivity: 'x', interval: '1ms' } },
      ['error pingConfig.destination', 'error pingConfig.connectivity', 'warning pingConfig.interval'],
    ],
    [
      'one of several',
      multiService,
      {
        observers: [{ settings: { probeURL: 'x' } }, { type: 'burst', settings: { pingConfig: { destination: 'x' } } }],
      },
      ['error observers.0.settings.probeURL', 'error observers.1.settings.pingConfig.destination'],
    ],
  ])('are looked at: %s', (_name, service, settings, expected) => {
    expect(said(service, settings)).toEqual(expected);
  });

  it("have V2Ray's meaning for nothing", () => {
    const url = 'http://a.example/';
    expect(observatoryOptions({ probeURL: url, probeInterval: '0' })).toMatchObject({ intervalMs: 10_000, samples: 1 });
    expect(observatoryOptions({ probeURL: url, probeInterval: '1ms' })).toMatchObject({ intervalMs: 100 });
    expect(burstOptions({ pingConfig: { destination: url, interval: '0', sampling: 0, timeout: '0' } })).toMatchObject({
      intervalMs: 60_000,
      samples: 10,
      validMs: 1_200_000,
      timeoutMs: 5000,
      method: 'HEAD',
      connectivity: undefined,
    });
  });
});
