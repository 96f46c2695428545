import type { Dns } from '@sluice/plugin-api';
import { describeAnswer } from '../dns/answer.js';
import { encodeQuery } from '../dns/query.js';
import { RECORD_TYPES } from '../dns/types.js';
import { HttpRefusal, sendJson, sendNothing } from '../http/reply.js';
import type { Routes } from '../http/routes.js';

/** The instance's DNS: asked by hand, and made to forget. */
export function addDnsEndpoints(routes: Routes, dns: Dns): void {
  routes.add('GET', '/dns/query', async ({ response, query }) => {
    const typeName = (query.get('type') ?? 'A').toUpperCase();
    const type = Object.hasOwn(RECORD_TYPES, typeName) ? RECORD_TYPES[typeName] : undefined;
    if (type === undefined) throw new HttpRefusal(400, 'invalid query type');
    const question = encodeQuery(query.get('name') ?? '', type);
    if (question === undefined) throw new HttpRefusal(400, 'invalid name');
    sendJson(response, describeAnswer(await dns.answer(question)));
  });
  for (const [path, what] of [
    ['/cache/dns/flush', 'answers'],
    ['/cache/fakeip/flush', 'fakes'],
  ] as const) {
    routes.add('POST', path, ({ response }) => {
      dns.flush?.(what);
      sendNothing(response);
    });
  }
}
