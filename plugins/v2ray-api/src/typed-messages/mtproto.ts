import { Buffer } from 'node:buffer';
import { SluiceError } from '@sluice/plugin-api';
import { MtprotoAccount, MtprotoClient, MtprotoServer } from '../protos/settings.js';
import type { AccountUser, ProtocolTranslation } from './protocol.js';
import { translation, translationOf } from './translation.js';
import { said } from './values.js';

const account = translation(MtprotoAccount, ({ secret }, { level, email }: AccountUser) => ({
  ...said({ email, level }),
  secret: Buffer.from(secret).toString('hex'),
}));

export const mtproto = {
  protocol: 'mtproto',
  inbound: translation(MtprotoServer, ({ user }) => ({
    users: user.map((one) => {
      if (one.account === undefined) throw new SluiceError('E_CONFIG_INVALID', 'a user has no account');
      return translationOf([account], one.account).toJson(one.account.value, one);
    }),
  })),
  outbound: translation(MtprotoClient, () => ({})),
  account,
} satisfies ProtocolTranslation;
