// Loads every category of a geosite file and 10,000 blocks into rules, and asks them. A process of its own, so that its
// memory is that of the loading. Prints one JSON object.
import { readFileSync } from 'node:fs';
import { loadTexts } from '@sluice/config';
import { corePlugin } from '@sluice/core';
import { destination, ipToBytes } from '@sluice/plugin-api';
import freedom from '@sluice/plugin-freedom';

const DECISIONS = 200_000;
const folder = process.argv[2] ?? '';

const categories = namesOf(readFileSync(`${folder}/geosite.dat`));
const blocks = Array.from({ length: 10_000 }, (_, i) => `${11 + (i >> 12)}.${(i >> 4) & 255}.${(i & 15) * 16}.0/22`);
const rule = { type: 'field', outboundTag: 'out' };
const text = JSON.stringify({
  outbounds: [{ tag: 'out', protocol: 'freedom' }],
  routing: {
    rules: [
      { ...rule, domain: categories.map((name) => `geosite:${name}`) },
      { ...rule, ip: blocks },
    ],
  },
});

const before = process.memoryUsage.rss();
const started = performance.now();
const { config, diagnostics } = loadTexts([{ file: 'bench.json', text }], {
  plugins: [corePlugin, freedom],
  env: { V2RAY_LOCATION_ASSET: folder },
});
const loadMs = performance.now() - started;
const loadKb = (process.memoryUsage.rss() - before) / 1000;
const field = corePlugin.ruleTypes?.['field'];
if (config === undefined || field === undefined) throw new Error(JSON.stringify(diagnostics));
const noFiles = {
  read() {
    throw new Error('a rule that was checked reads no files');
  },
};
const rules = config.routing.rules.map(({ fields }) => field.compile(fields, noFiles));

// Names that nobody asked for before, and that no rule but the last expression's could know.
const queries = Array.from({ length: 50_000 }, (_, i) => query(i % 2 === 0 ? name(i) : `203.0.${i & 255}.${i % 251}`));
let found = 0;
for (let i = 0; i < 5_000; i += 1) found += ask(query(name(i + 1_000_000)));
const asked = performance.now();
for (let i = 0; i < DECISIONS; i += 1) found += ask(/** @type {any} */ (queries[i % queries.length]));
const decisionMicroseconds = ((performance.now() - asked) * 1000) / DECISIONS;
console.log(JSON.stringify({ loadMs, loadKb, decisionMicroseconds, found }));

/** @param {import('@sluice/plugin-api').RouteQuery} one */
function ask(one) {
  return rules.some((each) => each.matches(one)) ? 1 : 0;
}

/** @param {number} i */
function name(i) {
  const word = Math.imul(i + 1, 2654435761) >>> 0;
  return `www.${word.toString(36)}.${['com', 'net', 'org', 'example'][i & 3]}`;
}

/**
 * @param {string} host
 * @returns {import('@sluice/plugin-api').RouteQuery}
 */
function query(host) {
  const target = destination('tcp', host, 443);
  const ips = target.type === 'domain' ? [] : [ipToBytes(host)];
  const source = { address: '127.0.0.1', port: 1 };
  return { inboundTag: 'in', network: 'tcp', source, target, user: undefined, attributes: undefined, ips };
}

/**
 * The categories' names: each entry begins with its own.
 * @param {Buffer} list
 */
function namesOf(list) {
  const names = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = /** @type {number} */ (list[at++]);
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < list.length) {
    at += 1;
    const length = varint();
    const end = at + length;
    at += 1;
    const size = varint();
    names.push(list.toString('utf8', at, at + size));
    at = end;
  }
  return names;
}
