import type { Plugin } from '@sluice/plugin-api';
import blackhole from '@sluice/plugin-blackhole';
import clashApi from '@sluice/plugin-clash-api';
import dns from '@sluice/plugin-dns';
import dokodemoDoor from '@sluice/plugin-dokodemo-door';
import freedom from '@sluice/plugin-freedom';
import http from '@sluice/plugin-http';
import metrics from '@sluice/plugin-metrics';
import mtproto from '@sluice/plugin-mtproto';
import observatory from '@sluice/plugin-observatory';
import reverse from '@sluice/plugin-reverse';
import socks from '@sluice/plugin-socks';
import v2rayApi from '@sluice/plugin-v2ray-api';

/** What ships with Sluice, sorted by name: the one list of built-in plugins. */
export const builtInPlugins: readonly Plugin[] = [
  blackhole,
  clashApi,
  dns,
  dokodemoDoor,
  freedom,
  http,
  metrics,
  mtproto,
  observatory,
  reverse,
  socks,
  v2rayApi,
];
