import { defineStreamLayer, secretString, Type, type Link, type Static } from '@sluice/plugin-api';
import { Mask } from './codec.js';
import { Password } from './request.js';

const murmurSettings = Type.Object({
  password: secretString({
    minLength: 8,
    description: 'The password that both ends share, 8 characters or more.',
  }),
});

export const murmur = defineStreamLayer<Static<typeof murmurSettings>>({
  description: 'Masks the bytes of whatever protocol goes through it.',
  schema: murmurSettings,
  create({ settings }) {
    const { key } = new Password(settings.password);
    const masked = (link: Link): Promise<Link> => {
      link.push({ decode: new Mask(key), encode: new Mask(key) });
      return Promise.resolve(link);
    };
    // Neither end has to say anything first.
    return { connect: masked, accept: masked };
  },
});
