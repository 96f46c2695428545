import { message } from '../wire/message.js';
import type { ProtoFile } from '../wire/proto-file.js';
import { service, unary } from '../wire/service.js';

const PACKAGE = 'v2ray.core.app.log.command';

const RestartLoggerRequest = message(`${PACKAGE}.RestartLoggerRequest`, {});
const RestartLoggerResponse = message(`${PACKAGE}.RestartLoggerResponse`, {});

export const LoggerService = service(`${PACKAGE}.LoggerService`, {
  RestartLogger: unary(RestartLoggerRequest, RestartLoggerResponse),
});

export const logFile: ProtoFile = {
  name: 'app/log/command/config.proto',
  package: PACKAGE,
  messages: [RestartLoggerRequest, RestartLoggerResponse],
  services: [LoggerService],
};
