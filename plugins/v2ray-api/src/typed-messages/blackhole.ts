import { Blackhole, BlackholeHttp, BlackholeNone } from '../protos/settings.js';
import type { ProtocolTranslation } from './protocol.js';
import { translation, translationOf } from './translation.js';

const responses = [
  translation(BlackholeNone, () => ({ type: 'none' })),
  translation(BlackholeHttp, () => ({ type: 'http' })),
];

export const blackhole = {
  protocol: 'blackhole',
  outbound: translation(Blackhole, ({ response }) =>
    response === undefined ? {} : { response: translationOf(responses, response).toJson(response.value) },
  ),
} satisfies ProtocolTranslation;
