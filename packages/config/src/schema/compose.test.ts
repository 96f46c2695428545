import { definePlugin, defineStreamLayer, Type, type StreamLayerContribution } from '@sluice/plugin-api';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { inbound, loadValue, outbound } from '../load.fixture.js';
import { plugins } from '../plugins.fixture.js';
import { composeSchema } from './compose.js';
import { vocabulary, type JsonSchema } from './json-schema.js';

const schema = composeSchema({ plugins });

function accepts(value: unknown): boolean {
  const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false });
  ajv.addVocabulary([...vocabulary]);
  return ajv.compile(schema)(value);
}

describe('composeSchema', () => {
  it('is plain draft-07 JSON', () => {
    expect(schema['$schema']).toBe('http://json-schema.org/draft-07/schema#');
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
    const ajv = new Ajv();
    expect(ajv.validateSchema(schema)).toBe(true);
  });

  it('names the protocols and rule types of the plugins', () => {
    const {
      inbound: inboundEntry,
      outbound: outboundEntry,
      rule,
    } = schema['definitions'] as Record<string, JsonSchema>;
    expect(inboundEntry?.properties?.['protocol']).toMatchObject({ enum: ['echo'], enumDescriptions: ['Echoes.'] });
    expect(outboundEntry?.properties?.['protocol']).toMatchObject({ enum: ['Camel', 'exit'] });
    expect(rule?.properties?.['type']).toMatchObject({ enum: ['field'] });
  });

  it.each([
    ['nothing', {}],
    [
      'handlers with settings',
      {
        inbounds: [inbound({ settings: { mode: 'plain', users: [{ name: 'a', secret: 'b' }] } })],
        outbounds: [outbound()],
      },
    ],
    [
      'aliases',
      {
        inbounds: [inbound({ settings: { mode: 'curly' } })],
        outbounds: [outbound({ streamSettings: { network: 'domainsocket', dsSettings: { path: '/x' } } })],
      },
    ],
    ['rules', { outbounds: [outbound()], routing: { rules: [{ type: 'field', port: '80', outboundTag: 'out' }] } }],
    ['older forms', { inbound: inbound(), outboundDetour: [outbound()] }],
  ])('agrees with the loader that this is right: %s', (_, value) => {
    expect(accepts(value)).toBe(true);
    expect(loadValue(value).config).toBeDefined();
  });

  it.each([
    ['a protocol of nobody', { inbounds: [inbound({ protocol: 'exit' })] }],
    ['wrong settings', { inbounds: [inbound({ settings: { users: [{ name: 'a' }] } })] }],
    ['settings that are missing', { outbounds: [outbound({ protocol: 'Camel' })] }],
    [
      'a wrong rule',
      { outbounds: [outbound()], routing: { rules: [{ type: 'field', port: true, outboundTag: 'out' }] } },
    ],
    ['a wrong type', { log: { access: 5 } }],
    ['wrong settings in an older form', { inbound: inbound({ settings: { mode: 5 } }) }],
  ])('agrees with the loader that this is wrong: %s', (_, value) => {
    expect(accepts(value)).toBe(false);
    expect(loadValue(value).config).toBeUndefined();
  });

  it('finds unknown keys of the core', () => {
    expect(accepts({ lgo: {} })).toBe(false);
    expect(accepts({ inbounds: [inbound({ lsten: '' })] })).toBe(false);
  });
});

describe('composeSchema with layers of streams', () => {
  const layer = (schema: object): StreamLayerContribution =>
    defineStreamLayer({ description: 'A layer.', schema: Type.Unsafe(schema), create: () => ({}) as never });
  const layers = definePlugin({
    name: 'layers',
    version: '0.0.0',
    description: 'For tests.',
    transports: { mask: layer({ type: 'object', properties: { key: { type: 'string' } }, required: ['key'] }) },
    // What is not available by itself, a plugin may bring.
    securities: { tls: layer({ type: 'object', properties: { serverName: { type: 'string' } } }) },
  });
  const validator = new Ajv({ strict: false });
  const takes = (isOpen: boolean): ((stream: object) => boolean) => {
    const check = validator.compile(composeSchema({ plugins: [...plugins, layers], isOpen }));
    return (streamSettings) => check({ inbounds: [inbound({ streamSettings })] });
  };

  it('knows their names and settings', () => {
    const accepts = takes(false);
    expect(accepts({ network: 'mask', maskSettings: { key: 'a' } })).toBe(true);
    expect(accepts({ security: 'tls', tlsSettings: { serverName: 'a' } })).toBe(true);
    expect(accepts({ network: 'mask', maskSettings: { key: 1 } })).toBe(false);
    expect(accepts({ security: 'tls', tlsSettings: { srverName: 'a' } })).toBe(false);
    expect(accepts({ network: 'other' })).toBe(false);
    const definitions = composeSchema({ plugins: [layers] }).definitions as Record<string, JsonSchema>;
    const { enum: names = [], enumDescriptions = [] } = definitions.stream?.properties?.security ?? {};
    expect(enumDescriptions[names.indexOf('tls')]).toBe('A layer.');
  });

  it('lets names pass that may be those of a plugin of which nothing is known', () => {
    const accepts = takes(true);
    expect(accepts({ network: 'other', otherSettings: {} })).toBe(true);
    expect(accepts({ network: 'mask', maskSettings: { key: 1 } })).toBe(false);
  });
});
