import { TimerEntry, TimerWheel, type DataPlane, type Destination, type Sniffed } from '@sluice/plugin-api';
import type { Sniffing } from './sniffing.js';

/** How long the rest of a hello that spans several packets is waited for, in ms. */
const REST_MS = 200;

/** The packets for a destination that wait for their way to be opened. */
export interface Hearing {
  readonly waiting: readonly Buffer[];
  /** Called when one more has come. */
  onHeard?: (() => void) | undefined;
}

/** Looks at a flow's first packets, which go on waiting. Never fails. */
export async function sniffPackets(
  sniffing: Sniffing,
  heard: Hearing,
  to: Destination,
  plane: DataPlane,
): Promise<Sniffed | undefined> {
  const known = sniffing.byMetadata(to);
  if (known !== undefined || sniffing.metadataOnly) return known;
  let verdict = sniffing.look(heard.waiting, 'udp');
  if (verdict === 'more') {
    await new Promise<void>((resolve) => {
      const timer = new (class extends TimerEntry {
        onTimer(): void {
          resolve();
        }
      })();
      plane.timers.schedule(timer, TimerWheel.ticks(REST_MS));
      heard.onHeard = (): void => {
        verdict = sniffing.look(heard.waiting, 'udp');
        if (verdict === 'more') return;
        plane.timers.cancel(timer);
        resolve();
      };
    });
    heard.onHeard = undefined;
  }
  return typeof verdict === 'object' ? verdict : undefined;
}
