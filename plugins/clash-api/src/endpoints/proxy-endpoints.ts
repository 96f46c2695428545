import type { Control } from '@sluice/plugin-api';
import { delayQuestion, type DelayTester } from '../delay/delay-tester.js';
import { readJsonObject } from '../http/body.js';
import { BODY_INVALID, HttpRefusal, NOT_FOUND, sendJson, sendNothing } from '../http/reply.js';
import type { Exchange, Routes } from '../http/routes.js';
import type { Proxies } from '../views/proxies.js';
import type { ProxyEntry, ProxyTable } from '../views/proxy-table.js';

/** /proxies and /group: to look at outbounds and balancers, to choose, to test. */
export function addProxyEndpoints(routes: Routes, control: Control, proxies: Proxies, tester: DelayTester): void {
  const find = (name: string): { table: ProxyTable; entry: ProxyEntry } => {
    const table = proxies.table();
    const entry = table.get(name);
    if (entry === undefined) throw new HttpRefusal(404, NOT_FOUND);
    return { table, entry };
  };
  const findGroup = (name: string): { table: ProxyTable; entry: ProxyEntry } => {
    const found = find(name);
    if (found.entry.kind === 'outbound') throw new HttpRefusal(404, NOT_FOUND);
    return found;
  };

  const select = async ({ request, response, name }: Exchange): Promise<void> => {
    const { name: member } = await readJsonObject(request);
    if (typeof member !== 'string') throw new HttpRefusal(400, BODY_INVALID);
    const { table, entry } = find(name);
    if (entry.kind !== 'choice') throw new HttpRefusal(400, 'Must be a Selector');
    const { balancer } = entry;
    const tag = member === entry.automatic ? undefined : table.outboundTag(member);
    if (member !== entry.automatic && (tag === undefined || !balancer.members.includes(tag))) {
      throw new HttpRefusal(400, 'Selector update error: proxy not exist');
    }
    control.overrideBalancer(balancer.tag, tag);
    sendNothing(response);
  };

  const setFree = ({ response, name }: Exchange): void => {
    const { entry } = find(name);
    if (entry.kind !== 'choice' && entry.kind !== 'automatic') throw new HttpRefusal(400, 'Must be a Selector');
    control.overrideBalancer(entry.balancer.tag, undefined);
    sendNothing(response);
  };

  const testOne = async ({ response, name, query }: Exchange): Promise<void> => {
    const { table, entry } = find(name);
    const tag = proxies.testedTag(table, entry);
    if (tag === undefined) throw new HttpRefusal(404, NOT_FOUND);
    sendJson(response, { delay: await tester.test(tag, delayQuestion(query)) });
  };

  const testGroup = async ({ response, name, query }: Exchange): Promise<void> => {
    const { table, entry } = findGroup(name);
    const tags = proxies
      .members(table, entry)
      .map((member) => table.outboundTag(member))
      .filter((tag) => tag !== undefined);
    const delays = await tester.testAll(tags, delayQuestion(query));
    if (Object.keys(delays).length === 0) throw new HttpRefusal(504, 'get delay: all proxies timeout');
    sendJson(
      response,
      Object.fromEntries(Object.entries(delays).map(([tag, delay]) => [table.outboundName(tag), delay])),
    );
  };

  routes
    .add('GET', '/proxies', ({ response }) => sendJson(response, { proxies: proxies.all() }))
    .add('GET', '/proxies/:name', ({ response, name }) => {
      const { table, entry } = find(name);
      sendJson(response, proxies.view(table, entry));
    })
    .add('PUT', '/proxies/:name', select)
    .add('DELETE', '/proxies/:name', setFree)
    .add('GET', '/proxies/:name/delay', testOne)
    .add('GET', '/group', ({ response }) => {
      sendJson(response, { proxies: Object.values(proxies.all()).filter(({ all }) => all !== undefined) });
    })
    .add('GET', '/group/:name', ({ response, name }) => {
      const { table, entry } = findGroup(name);
      sendJson(response, proxies.view(table, entry));
    })
    .add('GET', '/group/:name/delay', testGroup);
}
