import { dokodemoDown, dokodemoUp } from './dokodemo.mjs';
import { handshakes, handshakesInTls } from './handshakes.mjs';
import { idle } from './idle.mjs';
import { memory, memoryInTls } from './memory.mjs';
import { start } from './start.mjs';
import { STREAMS } from './streams.mjs';

/** @type {import('./work.mjs').Work[]} */
export const WORKS = [
  dokodemoDown,
  dokodemoUp,
  ...STREAMS,
  handshakes,
  handshakesInTls,
  memory,
  memoryInTls,
  idle,
  start,
];
