import { Buffer } from 'node:buffer';
import type { SnifferContribution } from '@sluice/plugin-api';

const BEGINNING = Buffer.from('WHISPER ');

/** Whisper within another protocol: rules know it by `"protocol": ["whisper"]`. */
export const whisperSniffer: SnifferContribution = {
  description: 'Connections of whisper clients.',
  networks: ['tcp'],
  sniff([heard = BEGINNING]) {
    const known = Math.min(heard.length, BEGINNING.length);
    if (!heard.subarray(0, known).equals(BEGINNING.subarray(0, known))) return 'no';
    return known < BEGINNING.length ? 'more' : { protocol: 'whisper' };
  },
};
