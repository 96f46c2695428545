import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const LOAD = fileURLToPath(new URL('../loads/routing.mjs', import.meta.url));

/** As many as the published file has. */
const CATEGORIES = 1_500;
const DOMAINS_EACH = 72;

/**
 * Rules with every category of a geosite file and 10,000 CIDR blocks. The file is the published one in the folder that
 * SLUICE_GEO_DATA names, or else one of the same size that is made up.
 * @param {'one' | 'each' | 'thousand'} form see loads/routing.mjs
 * @param {'loadMs' | 'loadKb' | 'decisionMicroseconds'} figure
 * @param {Pick<import('./work.mjs').Work, 'name' | 'title' | 'unit' | 'target'>} what
 * @returns {import('./work.mjs').Work}
 */
function routing(form, figure, what) {
  return {
    ...what,
    better: 'less',
    only: 'sluice',
    rounds: { quick: 1, full: 3 },
    async open({ folder }) {
      const named = process.env['SLUICE_GEO_DATA'];
      if (!named) writeFileSync(`${folder}/geosite.dat`, madeUp());
      return {
        async measure() {
          const { stdout } = await promisify(execFile)(process.execPath, [LOAD, named || folder, form]);
          return { value: JSON.parse(stdout)[figure] };
        },
        close: async () => {},
      };
    },
  };
}

export const ROUTING = [
  routing('one', 'decisionMicroseconds', {
    name: 'route',
    title: 'routing decision, all of geosite and 10,000 CIDR blocks',
    unit: 'µs',
    target: { limit: 5 },
  }),
  routing('each', 'decisionMicroseconds', {
    name: 'route-each',
    title: 'the same with a rule for each category',
    unit: 'µs',
    target: { limit: 5 },
  }),
  routing('thousand', 'decisionMicroseconds', {
    name: 'route-thousand',
    title: 'routing decision, a thousand rules by inbound, user, port, domain and block',
    unit: 'µs',
    target: { limit: 5 },
  }),
  routing('one', 'loadMs', {
    name: 'route-load',
    title: 'loading all of geosite and 10,000 CIDR blocks',
    unit: 'ms',
    target: { limit: 1000 },
  }),
  routing('each', 'loadMs', {
    name: 'route-load-each',
    title: 'the same with a rule for each category',
    unit: 'ms',
    target: { limit: 1000 },
  }),
  routing('one', 'loadKb', {
    name: 'route-memory',
    title: 'resident memory taken by that loading',
    unit: 'KB',
    target: { limit: 100_000 },
  }),
  routing('each', 'loadKb', {
    name: 'route-memory-each',
    title: 'the same with a rule for each category',
    unit: 'KB',
    target: { limit: 100_000 },
  }),
];

/** A GeoSiteList with names only, of short categories. */
function madeUp() {
  return Buffer.concat(
    Array.from({ length: CATEGORIES }, (_, c) => {
      const domains = Array.from({ length: DOMAINS_EACH }, (__, d) => domain(`name-${c}-${d}.example`));
      return field(1, Buffer.concat([field(1, Buffer.from(`C${c}`)), ...domains]));
    }),
  );
}

/** @param {string} name */
function domain(name) {
  return field(2, Buffer.concat([Buffer.from([0x08, 2]), field(2, Buffer.from(name))]));
}

/**
 * @param {number} number
 * @param {Buffer} bytes
 */
function field(number, bytes) {
  const length = bytes.length < 128 ? [bytes.length] : [(bytes.length % 128) | 128, bytes.length >> 7];
  return Buffer.concat([Buffer.from([number * 8 + 2, ...length]), bytes]);
}
