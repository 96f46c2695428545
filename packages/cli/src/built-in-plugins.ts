import type { Plugin } from '@sluice/plugin-api';
import blackhole from '@sluice/plugin-blackhole';
import dokodemoDoor from '@sluice/plugin-dokodemo-door';
import freedom from '@sluice/plugin-freedom';
import http from '@sluice/plugin-http';
import mtproto from '@sluice/plugin-mtproto';
import observatory from '@sluice/plugin-observatory';
import reverse from '@sluice/plugin-reverse';
import socks from '@sluice/plugin-socks';

/** What ships with Sluice, sorted by name: the one list of built-in plugins. */
export const builtInPlugins: readonly Plugin[] = [
  blackhole,
  dokodemoDoor,
  freedom,
  http,
  mtproto,
  observatory,
  reverse,
  socks,
];
