import { bool, inner, int64, many, text } from '../wire/field.js';
import { message } from '../wire/message.js';
import type { ProtoFile } from '../wire/proto-file.js';
import { service, unary } from '../wire/service.js';

const PACKAGE = 'v2ray.core.app.observatory';
const COMMAND = `${PACKAGE}.command`;

/** Times of round trips, as burst observatories keep them. */
const HealthPingMeasurementResult = message(`${PACKAGE}.HealthPingMeasurementResult`, {
  all: int64(1),
  fail: int64(2),
  deviation: int64(3),
  average: int64(4),
  max: int64(5),
  min: int64(6),
});
const OutboundStatus = message(`${PACKAGE}.OutboundStatus`, {
  alive: bool(1),
  /** In ms. */
  delay: int64(2),
  last_error_reason: text(3),
  outbound_tag: text(4),
  /** These two in seconds since 1970. */
  last_seen_time: int64(5),
  last_try_time: int64(6),
  health_ping: inner(7, HealthPingMeasurementResult),
});
const ObservationResult = message(`${PACKAGE}.ObservationResult`, { status: many(inner(1, OutboundStatus)) });
const GetOutboundStatusRequest = message(`${COMMAND}.GetOutboundStatusRequest`, {});
const GetOutboundStatusResponse = message(`${COMMAND}.GetOutboundStatusResponse`, {
  status: inner(1, ObservationResult),
});

export const ObservatoryService = service(`${COMMAND}.ObservatoryService`, {
  GetOutboundStatus: unary(GetOutboundStatusRequest, GetOutboundStatusResponse),
});

export const observatoryFiles: readonly ProtoFile[] = [
  {
    name: 'app/observatory/config.proto',
    package: PACKAGE,
    messages: [HealthPingMeasurementResult, OutboundStatus, ObservationResult],
  },
  {
    name: 'app/observatory/command/command.proto',
    package: COMMAND,
    messages: [GetOutboundStatusRequest, GetOutboundStatusResponse],
    services: [ObservatoryService],
  },
];
