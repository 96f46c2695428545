import { Load } from '../load.mjs';

/**
 * A piece of the mtproto plugin by itself: nothing of V2Ray's to compare it with.
 * @param {Pick<import('./work.mjs').Work, 'name' | 'title' | 'unit' | 'better'> & {operation: string}} what
 * @returns {import('./work.mjs').Work}
 */
function piece({ operation, ...what }) {
  return {
    ...what,
    target: {},
    only: 'sluice',
    rounds: { quick: 1, full: 3 },
    open: async () => ({
      async measure() {
        const load = new Load('pieces');
        try {
          return await load.ask(operation);
        } finally {
          await load.stop();
        }
      },
      close: async () => {},
    }),
  };
}

export const PIECES = [
  piece({
    name: 'header-search',
    title: 'mtproto, header of a stranger tried with 10,000 secrets',
    unit: 'µs',
    better: 'less',
    operation: 'headerSearch',
  }),
  piece({
    name: 'hello-search',
    title: 'mtproto, TLS hello of a stranger tried with 10,000 secrets',
    unit: 'µs',
    better: 'less',
    operation: 'helloSearch',
  }),
  piece({
    name: 'replay',
    title: 'mtproto, hellos remembered by the replay filter',
    unit: '1/s',
    better: 'more',
    operation: 'replay',
  }),
  piece({
    name: 'record-encoder',
    title: 'mtproto, bytes copied and put into TLS records',
    unit: 'GB/s',
    better: 'more',
    operation: 'encoder',
  }),
  piece({
    name: 'record-decoder',
    title: 'mtproto, bytes copied and taken out of TLS records of 2878',
    unit: 'GB/s',
    better: 'more',
    operation: 'decoder',
  }),
];
