import type { LevelConfig, PolicyConfig } from '@sluice/config';
import type { LevelPolicy, Policy } from '@sluice/plugin-api';

/** V2Ray's defaults, in seconds (its source; its documentation differs). */
const DEFAULTS = { handshake: 60, connIdle: 300, uplinkOnly: 1, downlinkOnly: 1 } as const;

/** The policy levels of a configuration. */
export class PolicyTable implements Policy {
  #levels = new Map<number, LevelPolicy>();
  readonly #default: LevelPolicy = resolve({});

  constructor(config: PolicyConfig) {
    this.load(config);
  }

  /** Goes over to other levels. */
  load(config: PolicyConfig): void {
    this.#levels = new Map(
      Object.entries(config.levels).map(([level, values]) => [Number(level), resolve(values)] as const),
    );
  }

  level(level: number): LevelPolicy {
    return this.#levels.get(level) ?? this.#default;
  }
}

function resolve(values: LevelConfig): LevelPolicy {
  const ms = (seconds: number | undefined, fallback: number): number => (seconds ?? fallback) * 1000;
  return Object.freeze({
    handshake: ms(values.handshake, DEFAULTS.handshake),
    connIdle: ms(values.connIdle, DEFAULTS.connIdle),
    uplinkOnly: ms(values.uplinkOnly, DEFAULTS.uplinkOnly),
    downlinkOnly: ms(values.downlinkOnly, DEFAULTS.downlinkOnly),
    statsUserUplink: values.statsUserUplink ?? false,
    statsUserDownlink: values.statsUserDownlink ?? false,
  });
}
