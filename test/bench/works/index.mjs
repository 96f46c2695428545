import { CONFIG } from './config.mjs';
import { dokodemoDown, dokodemoUp } from './dokodemo.mjs';
import { FEATURES } from './features.mjs';
import { handshakes, handshakesInTls } from './handshakes.mjs';
import { idle } from './idle.mjs';
import { memory, memoryInTls } from './memory.mjs';
import { PIECES } from './pieces.mjs';
import { ROUTING } from './routing.mjs';
import { start } from './start.mjs';
import { STREAMS } from './streams.mjs';
import { MANY_USERS } from './users.mjs';

/** @type {import('./work.mjs').Work[]} */
export const WORKS = [
  dokodemoDown,
  dokodemoUp,
  ...STREAMS,
  handshakes,
  handshakesInTls,
  ...MANY_USERS,
  memory,
  memoryInTls,
  idle,
  start,
  ...FEATURES,
  ...PIECES,
  ...ROUTING,
  ...CONFIG,
];
