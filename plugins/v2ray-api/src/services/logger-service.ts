import type { LogFeed } from '@sluice/plugin-api';
import { LoggerService } from '../protos/log.js';
import { served, type ServedService } from '../server/served-service.js';

export function loggerService(logs: LogFeed): ServedService {
  return served(LoggerService, {
    RestartLogger: async () => {
      await logs.reopen();
      return {};
    },
  });
}
