import type { DataPlane, DataPlaneState } from '@sluice/plugin-api';
import { until } from './within.js';

interface Watched {
  readonly name: string;
  readonly plane: DataPlane;
  /** What is open while there are no connections. */
  readonly rest: DataPlaneState;
}

/** Sees what is open, running or borrowed on the data planes of a path. */
export class PlaneWatch {
  readonly #watched: Watched[] = [];

  /** To be called while there are no connections: what is there now may stay until the end. */
  add(name: string, plane: DataPlane): void {
    this.#watched.push({ name, plane, rest: plane.state() });
  }

  /** What there is beyond that, in words. */
  beyondRest(): readonly string[] {
    return this.#watched.flatMap(({ name, plane, rest }) => beyond(name, plane.state(), rest));
  }

  /** Waits until nothing at all is left. @throws AssertionError that names what stays */
  async empty(): Promise<void> {
    const left = (): readonly string[] =>
      this.#watched.flatMap(({ name, plane }) => beyond(name, plane.state(), NOTHING));
    await until(
      () => left().length === 0,
      () => `the end, after everything was closed, of ${left().join(', ')}`,
    );
  }
}

const NOTHING: DataPlaneState = { conns: 0, timers: 0, buffers: { borrowed: 0, idle: 0, discarded: 0 } };

function beyond(name: string, now: DataPlaneState, rest: DataPlaneState): readonly string[] {
  const kinds = [
    ['connections', now.conns - rest.conns],
    ['timers', now.timers - rest.timers],
    ['borrowed buffers', now.buffers.borrowed - rest.buffers.borrowed],
  ] as const;
  return kinds.flatMap(([kind, count]) => (count > 0 ? [`${count} ${kind} of ${name}`] : []));
}
