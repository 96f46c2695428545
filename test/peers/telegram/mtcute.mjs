// mtcute: a whole client, which stops after resPQ as it does not know the server's key, and says so in its log.
import { MemoryStorage, MtProxyTcpTransport, TelegramClient } from '@mtcute/node';
import { finish, target } from './result.mjs';

const { host, port, secret, dc } = target;
const endpoint = { id: dc, ipAddress: '127.0.0.1', port: 443 };

try {
  const client = new TelegramClient({
    apiId: 1,
    apiHash: '0'.repeat(32),
    storage: new MemoryStorage(),
    transport: new MtProxyTcpTransport({ host, port, secret }),
    defaultDcs: { main: endpoint, media: { ...endpoint, mediaOnly: true } },
    disableUpdates: true,
  });
  const seen = [];
  client.log.mgr.level = 5;
  client.log.mgr.handler = (_color, _level, _tag, format, args) => {
    const text = [format, ...args.map((arg) => (arg instanceof Error ? arg.message : String(arg)))].join(' ');
    const key = /with any of these fingerprints: ([0-9a-f]+)/.exec(text)?.[1];
    if (key !== undefined) finish(true, `resPQ with key ${key}`);
    if (_level <= 2) seen.push(text);
  };
  process.on('SIGTERM', () => finish(false, seen.join('; ') || 'no answer'));
  await client.call({ _: 'help.getNearestDc' });
  finish(false, 'the key exchange went past resPQ');
} catch (error) {
  finish(false, String(error.message));
}
