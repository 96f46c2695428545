import { readFileSync } from 'node:fs';
import type { Examination } from '../examination.js';
import type { Finding } from '../finding.js';

const subject = 'open files';
/** What a process has open beside its connections: logs, modules, listeners. */
const RESERVED = 48;
/** A client's connection and the one on to the data centre. */
const FILES_PER_CONNECTION = 2;
/** A Telegram client has up to so many connections open. */
const CONNECTIONS_PER_USER = 16;

/** Whether the limit of open files leaves room for the connections that the settings allow. */
export function openFileFindings({ inbounds }: Examination, limit = openFileLimit()): readonly Finding[] {
  if (limit === undefined) return [{ subject, status: 'ok', seen: 'have no limit that could be found' }];
  const room = Math.max(0, Math.floor((limit - RESERVED) / FILES_PER_CONNECTION));
  const seen = `${limit} may be open at a time, enough for ${room} connections`;
  const users = inbounds.flatMap((inbound) => inbound.users);
  const wanted = users.reduce((sum, { limits }) => sum + (limits?.maxConnections ?? CONNECTIONS_PER_USER), 0);
  if (room >= wanted) return [{ subject, status: 'ok', seen }];
  const allLimited = users.every(({ limits }) => limits?.maxConnections !== undefined);
  const need = allLimited ? `"maxConnections" allows ${wanted}` : `${users.length} users can open ${wanted} and more`;
  const files = RESERVED + wanted * FILES_PER_CONNECTION;
  const advice = `raise the limit to ${files} or more: "ulimit -n" in the shell, LimitNOFILE in a systemd unit, --ulimit nofile for a container`;
  return [{ subject, status: 'warning', seen: `${seen}, and ${need}`, advice }];
}

/** Node raises its own limit as far as the system lets it. Undefined where the system does not say, or sets none. */
function openFileLimit(): number | undefined {
  let soft: string | number | undefined;
  try {
    soft = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  } catch {
    const report = process.report.getReport() as { userLimits?: { open_files?: { soft?: string | number } } };
    soft = report.userLimits?.open_files?.soft;
  }
  const limit = Number(soft);
  return Number.isFinite(limit) ? limit : undefined;
}
