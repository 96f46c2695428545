import { SluiceError } from '@sluice/plugin-api';
import {
  DomainSocketTransport,
  HttpTransport,
  TcpTransport,
  TlsSecurity,
  WebSocketTransport,
  type StreamConfig,
} from '../protos/transport.js';
import type { Decoded } from '../wire/message.js';
import { translation, translationOf, type Json } from './translation.js';
import { linesOf, said } from './values.js';

/** By V2Ray's number; a name beside it counts more. */
const networks = ['tcp', 'udp', 'mkcp', 'websocket', 'http', 'domainsocket'];
const usages = ['encipherment', 'verify', 'issue'];
const fastOpen = [undefined, true, false];
const tproxy = ['off', 'tproxy', 'redirect'];
const NO_HEADER = 'v2ray.core.transport.internet.headers.noop.ConnectionConfig';

const transports = [
  {
    key: 'tcpSettings',
    ...translation(TcpTransport, ({ headerSettings, acceptProxyProtocol }) => {
      if (headerSettings !== undefined && headerSettings.type !== NO_HEADER) {
        throw new SluiceError('E_UNSUPPORTED', `the header "${headerSettings.type.slice(0, 256)}" is not known here`);
      }
      return said({ acceptProxyProtocol });
    }),
  },
  {
    key: 'wsSettings',
    ...translation(WebSocketTransport, ({ path, header, acceptProxyProtocol }) =>
      said({
        path,
        headers: header.length === 0 ? undefined : Object.fromEntries(header.map(({ key, value }) => [key, value])),
        acceptProxyProtocol,
      }),
    ),
  },
  { key: 'httpSettings', ...translation(HttpTransport, ({ host, path }) => said({ host, path })) },
  {
    key: 'dsSettings',
    ...translation(DomainSocketTransport, ({ path, abstract, padding }) => said({ path, abstract, padding })),
  },
];

const tls = translation(TlsSecurity, (config) =>
  said({
    allowInsecure: config.allowInsecure,
    serverName: config.serverName,
    alpn: config.nextProtocol,
    enableSessionResumption: config.enableSessionResumption,
    disableSystemRoot: config.disableSystemRoot,
    certificates: config.certificate.map(({ Certificate, Key, usage }) =>
      said({ usage: usages[usage] ?? String(usage), certificate: linesOf(Certificate), key: linesOf(Key) }),
    ),
  }),
);

/** `streamSettings` of V2Ray's message. @throws SluiceError E_UNSUPPORTED for what cannot be said in JSON */
export function streamSettings(config: Decoded<typeof StreamConfig> | undefined): Json | undefined {
  if (config === undefined) return undefined;
  const socket = config.socketSettings;
  if (socket !== undefined && (socket.bindAddress.length > 0 || socket.bindPort > 0)) {
    throw new SluiceError('E_UNSUPPORTED', 'an address to bind to is set by "via" of the sender settings');
  }
  return said({
    network: config.protocolName === '' ? networks[config.protocol] : config.protocolName,
    ...Object.fromEntries(
      config.transportSettings.flatMap(({ settings }) => {
        if (settings === undefined) return [];
        const transport = translationOf(transports, settings);
        return [[transport.key, transport.toJson(settings.value)]];
      }),
    ),
    ...security(config),
    sockopt:
      socket &&
      said({
        mark: socket.mark,
        tcpFastOpen: fastOpen[socket.tfo],
        tproxy: socket.tproxy === 0 ? undefined : tproxy[socket.tproxy],
        acceptProxyProtocol: socket.acceptProxyProtocol,
      }),
  });
}

/** V2Ray names a security by the type of its settings. */
function security({ securityType, securitySettings }: Decoded<typeof StreamConfig>): Json {
  if (securityType === '') return {};
  translationOf([tls], { type: securityType, value: new Uint8Array() });
  const settings = securitySettings.find(({ type }) => type === securityType);
  return { security: 'tls', tlsSettings: settings === undefined ? {} : tls.toJson(settings.value) };
}
