import { toSluiceError, type Control, type Logger } from '@sluice/plugin-api';
import { readJsonObject } from '../http/body.js';
import { BODY_INVALID, HttpRefusal, sendJson, sendNothing } from '../http/reply.js';
import type { Routes } from '../http/routes.js';
import { describeConfig, MODE } from '../views/config.js';
import { listRules } from '../views/rules.js';
import { ProxyTable } from '../views/proxy-table.js';

const OWN_FILES = 'the configuration is read from the files that the program was started with';

/** /version, /configs, /rules, the providers that there are none of, and /restart. */
export function addConfigEndpoints(routes: Routes, control: Control, logger: Logger, version: string): void {
  routes
    .add('GET', '/', ({ response }) => sendJson(response, { hello: 'clash' }))
    .add('GET', '/version', ({ response }) => sendJson(response, { meta: true, version: `sluice ${version}` }))
    .add('GET', '/configs', ({ response }) => sendJson(response, describeConfig(control, MODE)))
    .add('PATCH', '/configs', async ({ request, response }) => {
      const { mode, ...others } = await readJsonObject(request);
      const [other] = Object.keys(others);
      if (other !== undefined) {
        throw new HttpRefusal(
          400,
          `"${other.slice(0, 64)}" cannot be changed here: edit the configuration and reload it`,
        );
      }
      if (typeof mode !== 'string') throw new HttpRefusal(400, BODY_INVALID);
      if (mode.toLowerCase() !== MODE) throw new HttpRefusal(400, 'there is no other mode than "rule"');
      sendNothing(response);
    })
    .add('PUT', '/configs', async ({ request, response, closing }) => {
      const { path = '', payload = '' } = await readJsonObject(request);
      if (path !== '' || payload !== '') throw new HttpRefusal(400, OWN_FILES);
      const reloaded = control.reload().then(({ added, removed, replaced, kept }) => {
        const counts = { added: added.length, removed: removed.length, replaced: replaced.length, kept };
        logger.info('the configuration was reloaded', counts);
      });
      // A configuration with other settings for this service is a good one, but the service ends before it is in force.
      await Promise.race([reloaded, aborted(closing)]);
      reloaded.catch((error: unknown) => logger.warn(`the reload failed: ${toSluiceError(error).message}`));
      sendNothing(response);
    })
    .add('GET', '/rules', ({ response }) => {
      sendJson(response, { rules: listRules(control, new ProxyTable(control)) });
    })
    .add('GET', '/providers/proxies', ({ response }) => sendJson(response, { providers: {} }))
    .add('GET', '/providers/rules', ({ response }) => sendJson(response, { providers: {} }))
    .add('POST', '/restart', () => {
      throw new HttpRefusal(
        501,
        'the program does not restart itself: reload the configuration, or ask the service manager',
      );
    });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
