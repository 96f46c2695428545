import { dokodemoDown, dokodemoUp } from './dokodemo.mjs';
import { handshakes } from './handshakes.mjs';
import { idle } from './idle.mjs';
import { memory } from './memory.mjs';
import { start } from './start.mjs';
import { mtprotoDown, mtprotoUp, socksDown, socksUp } from './streams.mjs';

/** @type {import('./work.mjs').Work[]} */
export const WORKS = [
  dokodemoDown,
  dokodemoUp,
  socksDown,
  socksUp,
  mtprotoDown,
  mtprotoUp,
  handshakes,
  memory,
  idle,
  start,
];
