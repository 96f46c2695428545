import { bool, inner, int64, many, text, uint32, uint64 } from '../wire/field.js';
import { message } from '../wire/message.js';
import type { ProtoFile } from '../wire/proto-file.js';
import { service, unary } from '../wire/service.js';

const PACKAGE = 'v2ray.core.app.stats.command';

const GetStatsRequest = message(`${PACKAGE}.GetStatsRequest`, { name: text(1), reset: bool(2) });
const Stat = message(`${PACKAGE}.Stat`, { name: text(1), value: int64(2) });
const GetStatsResponse = message(`${PACKAGE}.GetStatsResponse`, { stat: inner(1, Stat) });
const QueryStatsRequest = message(`${PACKAGE}.QueryStatsRequest`, {
  // Deprecated in V2Ray 5 in favour of `patterns`, and what all of V2Ray 4 sends.
  pattern: text(1),
  reset: bool(2),
  patterns: many(text(3)),
  regexp: bool(4),
});
const QueryStatsResponse = message(`${PACKAGE}.QueryStatsResponse`, { stat: many(inner(1, Stat)) });
const SysStatsRequest = message(`${PACKAGE}.SysStatsRequest`, {});
const SysStatsResponse = message(`${PACKAGE}.SysStatsResponse`, {
  NumGoroutine: uint32(1),
  NumGC: uint32(2),
  Alloc: uint64(3),
  TotalAlloc: uint64(4),
  Sys: uint64(5),
  Mallocs: uint64(6),
  Frees: uint64(7),
  LiveObjects: uint64(8),
  PauseTotalNs: uint64(9),
  Uptime: uint32(10),
});

export const StatsService = service(`${PACKAGE}.StatsService`, {
  GetStats: unary(GetStatsRequest, GetStatsResponse),
  QueryStats: unary(QueryStatsRequest, QueryStatsResponse),
  GetSysStats: unary(SysStatsRequest, SysStatsResponse),
});

export const statsFile: ProtoFile = {
  name: 'app/stats/command/command.proto',
  package: PACKAGE,
  messages: [
    GetStatsRequest,
    Stat,
    GetStatsResponse,
    QueryStatsRequest,
    QueryStatsResponse,
    SysStatsRequest,
    SysStatsResponse,
  ],
  services: [StatsService],
};
