import { createHash } from 'node:crypto';
import type { FakeDcMode } from '../fake-dc/connection.js';
import { patternBytes } from '../fake-dc/pattern.js';
import { answerPqRequest, decodePqRequest } from '../fake-dc/res-pq.js';
import type { ProxiedClient } from './proxied-client.js';
import type { ProxyRequest } from './proxy-request.js';

export interface DataCenterRole {
  readonly mode: FakeDcMode;
  /** The key that resPQ names. */
  readonly fingerprint: bigint;
  /** `source`: how much in all, and how much in each answer. */
  readonly sourceBytes: number;
  readonly answerBytes: number;
}

/** The token of the quick acknowledgement for a request with this data. Its upper bit is set, as clients expect. */
export function quickAckToken(data: Uint8Array): number {
  return (createHash('sha256').update(data).digest().readUInt32LE() | 0x8000_0000) >>> 0;
}

/** Does for one request what the data centre behind the middle proxy would. False: the carrier should read no more now. */
export function respond(role: DataCenterRole, client: ProxiedClient, request: ProxyRequest): boolean {
  if (request.quickAck) client.acknowledge(quickAckToken(request.data));
  switch (role.mode) {
    case 'echo':
      return client.answer(request.data);
    case 'source':
      if (client.payloadBytes === request.data.length) void pour(role, client);
      return true;
    case 'mtproto':
      answerPq(role, client, request);
      return true;
    default:
      return true;
  }
}

function answerPq(role: DataCenterRole, client: ProxiedClient, request: ProxyRequest): void {
  const asked = decodePqRequest(request.data);
  if (asked === undefined) client.close();
  else client.answer(answerPqRequest(asked, role.fingerprint));
}

async function pour(role: DataCenterRole, client: ProxiedClient): Promise<void> {
  for (let offset = 0; offset < role.sourceBytes;) {
    if (client.closedBy !== undefined) return;
    const bytes = patternBytes(Math.min(role.answerBytes, role.sourceBytes - offset), offset);
    offset += bytes.length;
    if (!client.answer(bytes)) await client.drained();
  }
  client.close();
}
