// Loads rules and has connections routed by them. A process of its own, so that its memory is that of the loading.
// Prints one JSON object.
//   one       every category of a geosite file in one rule, and 10,000 blocks in another
//   each      every category in a rule of its own, and 10,000 blocks in twenty rules
//   thousand  a thousand rules by inbound, user, port, domain and block
import { readFileSync } from 'node:fs';
import { loadTexts } from '@sluice/config';
import { corePlugin, routerOf } from '@sluice/core';
import { destination } from '@sluice/plugin-api';
import freedom from '@sluice/plugin-freedom';
import { manyRules } from '../rules.mjs';

const DECISIONS = 200_000;
const folder = process.argv[2] ?? '';
const form = process.argv[3] ?? 'one';

const rule = { type: 'field', outboundTag: 'out' };
const text = JSON.stringify({
  inbounds: [],
  outbounds: [{ tag: 'out', protocol: 'freedom' }],
  routing: { rules: rulesOf(form) },
});

const before = process.memoryUsage.rss();
const started = performance.now();
const plugins = [corePlugin, freedom];
const { config, diagnostics } = loadTexts([{ file: 'bench.json', text }], {
  plugins,
  env: { V2RAY_LOCATION_ASSET: folder },
});
if (config === undefined) throw new Error(JSON.stringify(diagnostics));
const resolver = { resolve: () => Promise.reject(new Error('nothing is resolved here')) };
const router = routerOf(config, { plugins, resolver });
const loadMs = performance.now() - started;
const loadKb = (process.memoryUsage.rss() - before) / 1000;

// Names that nobody asked for before, and that no rule but the last expression's could know.
const subjects = Array.from({ length: 50_000 }, (_, i) =>
  subject(i % 2 === 0 ? name(i) : `203.0.${i & 255}.${i % 251}`, i),
);
let found = 0;
for (let i = 0; i < 5_000; i += 1) found += ask(subject(name(i + 1_000_000), i));
const asked = performance.now();
for (let i = 0; i < DECISIONS; i += 1) found += ask(/** @type {any} */ (subjects[i % subjects.length]));
const decisionMicroseconds = ((performance.now() - asked) * 1000) / DECISIONS;
console.log(JSON.stringify({ rules: config.routing.rules.length, loadMs, loadKb, decisionMicroseconds, found }));

/** @param {import('@sluice/core').RouteSubject} one */
function ask(one) {
  const decision = router.pick(one);
  return 'ruleIndex' in decision && decision.ruleIndex !== undefined ? 1 : 0;
}

/** @param {string} wanted */
function rulesOf(wanted) {
  if (wanted === 'thousand') return manyRules(1_000, 'out');
  const categories = namesOf(readFileSync(`${folder}/geosite.dat`)).map((category) => `geosite:${category}`);
  const blocks = Array.from({ length: 10_000 }, (_, i) => `${11 + (i >> 12)}.${(i >> 4) & 255}.${(i & 15) * 16}.0/22`);
  if (wanted === 'one')
    return [
      { ...rule, domain: categories },
      { ...rule, ip: blocks },
    ];
  const parts = Array.from({ length: 20 }, (_, i) => blocks.slice(i * 500, i * 500 + 500));
  return [...categories.map((domain) => ({ ...rule, domain: [domain] })), ...parts.map((ip) => ({ ...rule, ip }))];
}

/** @param {number} i */
function name(i) {
  const word = Math.imul(i + 1, 2654435761) >>> 0;
  return `www.${word.toString(36)}.${['com', 'net', 'org', 'example'][i & 3]}`;
}

/**
 * @param {string} host
 * @param {number} i
 * @returns {import('@sluice/core').RouteSubject}
 */
function subject(host, i) {
  return {
    inboundTag: 'in',
    network: 'tcp',
    source: { address: '127.0.0.1', port: 1 },
    target: destination('tcp', host, 443),
    user: { email: i % 3 === 0 ? 'somebody@example.org' : `user-${i}@example.com`, level: 0 },
    attributes: undefined,
    protocol: undefined,
  };
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
