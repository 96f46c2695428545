import { formatHostPort, type ServiceContext } from '@sluice/plugin-api';
import { Access } from './access/access.js';
import { parseControllerAddress } from './access/controller-address.js';
import { DelayHistory } from './delay/delay-history.js';
import { DelayTester } from './delay/delay-tester.js';
import { addConfigEndpoints } from './endpoints/config-endpoints.js';
import { addConnectionEndpoints } from './endpoints/connection-endpoints.js';
import { addDnsEndpoints } from './endpoints/dns-endpoints.js';
import { connectionsFeed, logFeed, logLevel, memoryFeed, snapshotInterval, trafficFeed } from './endpoints/feeds.js';
import { addProxyEndpoints } from './endpoints/proxy-endpoints.js';
import { Routes } from './http/routes.js';
import type { ClashApiSettings } from './schema.js';
import { ApiServer } from './server.js';
import { StaticFiles } from './ui/static-files.js';
import { Connections } from './views/connections.js';
import { Proxies } from './views/proxies.js';

export interface RunningApi {
  readonly server: ApiServer;
  /** Without a slash at its end. */
  readonly url: string;
}

/** Puts the parts together and listens. @throws SluiceError E_LISTEN_* */
export async function startApi(context: ServiceContext<ClashApiSettings>, version: string): Promise<RunningApi> {
  const { settings, control, logger, health, dispatcher, logs, dns } = context;
  const address = parseControllerAddress(settings['external-controller']);
  const ui = settings['external-ui'];
  const files = ui === undefined ? undefined : new StaticFiles(ui);
  if (files !== undefined && !(await files.isThere())) {
    logger.warn(`"external-ui": there is no index.html in ${files.folder}`);
  }

  const closing = new AbortController();
  const history = new DelayHistory();
  const connections = new Connections(control);
  const routes = new Routes();
  addConfigEndpoints(routes, control, logger, version);
  addProxyEndpoints(
    routes,
    control,
    new Proxies(control, health, history),
    new DelayTester(dispatcher, history, logger, closing.signal),
  );
  addConnectionEndpoints(routes, control, connections);
  addDnsEndpoints(routes, dns);

  const server = new ApiServer({
    access: new Access({
      secret: settings.secret,
      allowOrigins: settings['allow-origins'],
      isLoopback: address.isLoopback,
    }),
    routes,
    feeds: new Map([
      ['/traffic', { feed: trafficFeed(control) }],
      ['/memory', { feed: memoryFeed }],
      ['/logs', { feed: logFeed(logs, control), check: logLevel }],
      ['/connections', { feed: connectionsFeed(connections), check: snapshotInterval }],
    ]),
    oneShot: new Set(['/connections']),
    files,
    logger,
    closing,
  });
  const port = await server.listen(address);
  const url = `http://${formatHostPort(address.host ?? '0.0.0.0', port)}`;
  logger.info(`listening at ${url}`);
  return { server, url };
}
