import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadTexts } from '@sluice/config';
import { corePlugin, routerOf, type RouteSubject } from '@sluice/core';
import { destination, SluiceError, type Resolver } from '@sluice/plugin-api';
import freedom from '@sluice/plugin-freedom';
import { expect, it } from 'vitest';
import { describeGeoData } from '../peers/geo-data.js';

const plugins = [corePlugin, freedom];

describeGeoData('all of the published geo files in rules of their own', (folder) => {
  it('leads names from the file where the rules lead that are asked one after the other', async () => {
    const entries = [...fields(await readFile(join(folder, 'geosite.dat')))].map(({ bytes }) => [...fields(bytes)]);
    const categories = entries.map(([name]) => name?.bytes.toString() ?? '');
    const values = entries.flatMap(([, ...domains]) => domains.map(({ bytes }) => valueOf(bytes)));
    const rules = categories.map((category) => ({
      type: 'field',
      outboundTag: 'out',
      domain: [`geosite:${category}`],
    }));
    const text = JSON.stringify({ outbounds: [{ tag: 'out', protocol: 'freedom' }], routing: { rules } });
    const { config, diagnostics } = loadTexts([{ file: 'geo.json', text }], {
      plugins,
      env: { V2RAY_LOCATION_ASSET: folder },
    });
    // Some categories are parts of others, which is no fault.
    expect(diagnostics.filter(({ severity }) => severity !== 'info')).toEqual([]);
    expect(rules.length).toBeGreaterThan(1000);
    expect(values.length).toBeGreaterThan(50_000);
    if (config === undefined) return;

    const router = routerOf(config, { plugins, resolver });
    const inTurn = config.routing.rules.map(({ fields }) => corePlugin.ruleTypes?.['field']?.compile(fields, noFiles));
    // Of expressions no name is made.
    const names = values
      .filter((value, i) => i % 800 === 0 && /^[a-z0-9.-]+$/.test(value))
      .flatMap((value) => [value, `www.${value}`, `x${value}`]);
    const found = new Set<number | undefined>();
    for (const name of names) {
      const subject = subjectTo(name);
      const expected = inTurn.findIndex((rule) => rule?.matches({ ...subject, ips: [] }));
      expect(router.pick(subject), name).toMatchObject({ ruleIndex: expected < 0 ? undefined : expected });
      found.add(expected);
    }
    expect(found.size).toBeGreaterThan(50);
  });
});

/** The fields of a protocol buffer message that have a length. */
function* fields(message: Buffer): Iterable<{ field: number; bytes: Buffer }> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message[at++]!;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const key = varint();
    const length = varint();
    // Without a length it is a number, and that was it.
    if (key % 8 !== 2) continue;
    yield { field: key >> 3, bytes: message.subarray(at, at + length) };
    at += length;
  }
}

function valueOf(domain: Buffer): string {
  for (const { field, bytes } of fields(domain)) if (field === 2) return bytes.toString();
  return '';
}

const resolver: Resolver = {
  resolve: () => Promise.reject(new SluiceError('E_DNS_FAILED', 'nothing is resolved here')),
};

const noFiles = {
  read(): never {
    throw new SluiceError('E_INTERNAL', 'a rule that was checked reads no files');
  },
};

function subjectTo(host: string): RouteSubject {
  return {
    inboundTag: 'in',
    network: 'tcp',
    source: { address: '127.0.0.1', port: 1 },
    target: destination('tcp', host, 443),
    user: undefined,
    attributes: undefined,
    protocol: undefined,
  };
}
