import {
  defineService,
  durationMs,
  durationSchema,
  Type,
  type Service,
  type ServiceContext,
  type Static,
  type TimerEntry,
} from '@sluice/plugin-api';

const settings = Type.Object({
  every: Type.Optional(
    durationSchema({ description: 'How often a line is written. Default "1m".', default: '1m', examples: ['10s'] }),
  ),
});

export type Settings = Static<typeof settings>;

/** Says in the log from time to time how much has been carried. */
export class __Name__Service implements Service {
  readonly #context: Pick<ServiceContext<Settings>, 'settings' | 'logger' | 'stats' | 'plane'>;
  #timer: TimerEntry | undefined;

  constructor(context: Pick<ServiceContext<Settings>, 'settings' | 'logger' | 'stats' | 'plane'>) {
    this.#context = context;
  }

  start(): void {
    const { plane, settings } = this.#context;
    this.#timer = plane.timers.after(durationMs(settings.every ?? '1m'), () => this.#beat());
  }

  /** May come twice, and after a start that failed. */
  close(): void {
    if (this.#timer !== undefined) this.#context.plane.timers.cancel(this.#timer);
    this.#timer = undefined;
  }

  #beat(): void {
    const { logger, stats } = this.#context;
    const bytes = [...stats.query('>>>traffic>>>').values()].reduce((sum, value) => sum + value, 0);
    logger.info('still here', { bytes });
    this.start();
  }
}

export const service = defineService<Settings>({
  description: 'Says in the log from time to time how much has been carried.',
  schema: settings,
  create: (context) => new __Name__Service(context),
});
