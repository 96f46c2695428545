import { SenderConfig } from '../protos/settings.js';
import { streamSettings } from './stream.js';
import { translation } from './translation.js';
import { hostOf, said } from './values.js';

/** How an outbound dials. */
export const sender = translation(SenderConfig, ({ via, proxySettings, multiplexSettings: mux, ...config }) =>
  said({
    sendThrough: hostOf(via),
    proxySettings: proxySettings === undefined || proxySettings.tag === '' ? undefined : { tag: proxySettings.tag },
    mux: mux && { enabled: mux.enabled, ...said({ concurrency: mux.concurrency }) },
    streamSettings: streamSettings(config.streamSettings),
  }),
);
