import type { ServiceContext } from '@sluice/plugin-api';
import type { ApiSettings, ServiceName } from '../schema.js';
import { namesOf } from '../server/routes.js';
import type { ServedService } from '../server/served-service.js';
import { GarbageCollections } from './garbage-collections.js';
import { handlerService } from './handler-service.js';
import { loggerService } from './logger-service.js';
import { observatoryService } from './observatory-service.js';
import { reflectionServices } from './reflection-service.js';
import { routingService } from './routing-service.js';
import { statsService } from './stats-service.js';

/** The services that are asked for, and what ends what they keep running. */
export function makeServices(
  names: readonly ServiceName[],
  { control, health, logger, logs, stats }: ServiceContext<ApiSettings>,
): { readonly services: readonly ServedService[]; close(): void } {
  const collections = new GarbageCollections();
  if (names.includes('StatsService')) collections.start();
  const makers: Readonly<Record<ServiceName, () => readonly ServedService[]>> = {
    HandlerService: () => [handlerService(control, logger)],
    LoggerService: () => [loggerService(logs)],
    ObservatoryService: () => [observatoryService(health)],
    ReflectionService: () => reflectionServices(() => namesOf(services)),
    RoutingService: () => [routingService(control)],
    StatsService: () => [statsService(stats, control, collections)],
  };
  const services = names.flatMap((name) => makers[name]());
  return { services, close: () => collections.close() };
}
