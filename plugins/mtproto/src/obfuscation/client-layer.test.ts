import { Buffer } from 'node:buffer';
import { createHeader } from '@sluice/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSecret, type Secret } from '../secret.js';
import { openHeader } from './client-layer.js';
import { keystreamOf } from './ctr.js';

const secretText = 'b0cbcef5a486d9636472ac27f8e11a9d';

function secretOf(text: string): Secret {
  const secret = parseSecret(text);
  if (typeof secret === 'string') throw new TypeError(secret);
  return secret;
}

describe('a client header', () => {
  // Made with OpenSSL's aes-256-ctr and SHA-256: noise byte i is 7i+3, tag dd, data centre -2.
  const wire = Buffer.from(
    '030a11181f262d343b424950575e656c737a81888f969da4abb2b9c0c7ced5dc' +
      'e3eaf1f8ff060d141b222930373e454c535a61686f767d8443ae8dabe2e7bdc3',
    'hex',
  );

  it('gives framing, data centre and the keys of both directions', () => {
    const client = openHeader(wire, secretOf(secretText));
    expect(client?.framing).toBe('padded');
    expect(client?.dc).toBe(-2);
    expect(client?.up.update(Buffer.from('c7f34b3c69', 'hex')).toString()).toBe('hello');
    expect(client?.downMaterial.toString('hex')).toBe(
      '47d5f94b2c42c890763051d71d5a0e2cdb622c82f8b0238e8dc893660c6593d2a49d968f88817a736c655e575049423b',
    );
    const down = keystreamOf(client?.downMaterial ?? Buffer.alloc(48));
    expect(down.update(Buffer.from('hello')).toString('hex')).toBe('1e2c15f7ca');
  });

  it('opens under no other secret', () => {
    expect(openHeader(wire, secretOf('00000000000000000000000000000000'))).toBeUndefined();
  });

  it('is understood for every framing and id, and its streams go on behind it', () => {
    const header = fc.record({
      tag: fc.constantFrom('abridged' as const, 'intermediate' as const, 'padded' as const),
      dc: fc.integer({ min: -32768, max: 32767 }),
      noise: fc.uint8Array({ minLength: 64, maxLength: 64 }),
      secret: fc.uint8Array({ minLength: 16, maxLength: 16 }),
      up: fc.uint8Array({ maxLength: 300 }),
      down: fc.uint8Array({ maxLength: 300 }),
    });
    fc.assert(
      fc.property(header, ({ tag, dc, noise, secret, up, down }) => {
        const theirs = createHeader({ tag, dc, noise, secret });
        const client = openHeader(theirs.header, { mode: 'plain', key: Buffer.from(secret) });
        if (client === undefined) throw new TypeError('not opened');
        expect(client.framing).toBe(tag);
        expect(client.dc).toBe(dc);
        expect(client.up.update(theirs.encrypt(up))).toEqual(Buffer.from(up));
        expect(theirs.decrypt(keystreamOf(client.downMaterial).update(Buffer.from(down)))).toEqual(Buffer.from(down));
      }),
    );
  });
});
