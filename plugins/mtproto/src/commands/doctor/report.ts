import type { CommandConfig } from '@sluice/plugin-api';
import { subjects, type Finding } from './finding.js';

export interface Report {
  /** Whether there is no problem. */
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  /** Outbounds by which connections may leave in another way than this examination did. */
  readonly notCheckedThrough: readonly string[];
}

export function makeReport(findings: readonly Finding[], config: CommandConfig): Report {
  const ordered = subjects.flatMap((subject) => findings.filter((finding) => finding.subject === subject));
  const ok = ordered.every(({ status }) => status !== 'problem');
  return { ok, findings: ordered, notCheckedThrough: elsewhere(config) };
}

/** What a person reads: by subject, what is alike in one line. */
export function reportLines({ findings, notCheckedThrough }: Report): readonly string[] {
  const lines: string[] = [];
  for (const subject of subjects) {
    const groups = grouped(findings.filter((finding) => finding.subject === subject));
    if (groups.length > 0) lines.push(subject);
    for (const group of groups) lines.push(...groupLines(group));
  }
  const count = (status: Finding['status']): number => findings.filter((finding) => finding.status === status).length;
  lines.push('', `${plural(count('problem'), 'problem')}, ${plural(count('warning'), 'warning')}.`);
  lines.push('Checked from this machine directly, past all routing.');
  if (notCheckedThrough.length > 0) {
    const by = notCheckedThrough.join(', ');
    lines.push(
      `The configuration can lead connections elsewhere, by ${by}: what is reachable from there was not checked.`,
    );
  }
  return lines;
}

/** Those first that are told first, each with what is the same about others. */
function grouped(findings: readonly Finding[]): readonly (readonly [Finding, ...Finding[]])[] {
  const groups = new Map<string, [Finding, ...Finding[]]>();
  for (const finding of findings) {
    const key = JSON.stringify([finding.status, finding.seen, finding.advice]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [finding]);
    else group.push(finding);
  }
  return [...groups.values()];
}

function groupLines(group: readonly [Finding, ...Finding[]]): readonly string[] {
  const [{ status, seen, advice, address }] = group;
  const abouts = group.flatMap(({ about }) => (about === undefined ? [] : [about]));
  const where = group.length === 1 && address !== undefined ? ` at ${address}` : '';
  const head = abouts.length === 0 ? '' : `${abouts.join(', ')}${where}: `;
  const times = group.flatMap(({ milliseconds }) => (milliseconds === undefined ? [] : [milliseconds]));
  const line = `  ${status.padEnd(7)}  ${head}${seen}${times.length === 0 ? '' : ` (${range(times)} ms)`}`;
  return advice === undefined ? [line] : [line, `           → ${advice}`];
}

function range(numbers: readonly number[]): string {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return least === most ? String(least) : `${least} to ${most}`;
}

function plural(count: number, noun: string): string {
  return `${count === 0 ? 'No' : count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Outbounds that connections can be led to and that do not go straight to their target. */
function elsewhere({ outbounds }: CommandConfig): readonly string[] {
  const straight = new Set(['mtproto', 'freedom', 'blackhole']);
  return outbounds
    .filter(({ isRouted, protocol, via }) => isRouted && (!straight.has(protocol) || via !== undefined))
    .map(({ tag, protocol }) => `${tag} (${protocol})`);
}
