// TDLib: pingProxy sends req_pq_multi through the proxy and takes any plausible resPQ; it needs no login.
import { getTdjson } from 'prebuilt-tdlib';
import * as tdl from 'tdl';
import { finish, target, workingFolder } from './result.mjs';

tdl.configure({ tdjson: getTdjson(), verbosityLevel: 0 });
const client = tdl.createBareClient();

const { host, port, secret } = target;
// With its parameters TDLib would dial Telegram by itself. Asked first, and so done first, this keeps it from all but
// the ping; the answer comes only after the parameters.
const offline = client.invoke({ _: 'setNetworkType', type: { _: 'networkTypeNone' } });
await client.invoke({
  _: 'setTdlibParameters',
  database_directory: workingFolder,
  api_id: 1,
  api_hash: '0'.repeat(32),
  system_language_code: 'en',
  device_model: 'test',
  application_version: '1',
});
try {
  await offline;
  const proxy = { _: 'proxy', server: host, port, type: { _: 'proxyTypeMtproto', secret } };
  const { seconds } = await client.invoke({ _: 'pingProxy', proxy });
  finish(true, `pong after ${seconds} s`);
} catch (error) {
  finish(false, `pingProxy: ${error.message}`);
}
