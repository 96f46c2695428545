import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Slots } from './slots.js';

it('holds the whole and its part to their counts, whatever the order', () => {
  const command = fc.constantFrom('take', 'take part', 'give', 'give part');
  fc.assert(
    fc.property(fc.nat(6), fc.nat(6), fc.array(command, { maxLength: 60 }), (count, part, commands) => {
      const whole = new Slots(count);
      const some = new Slots(part, whole);
      let wholes = 0;
      let parts = 0;
      for (const each of commands) {
        if (each === 'take') {
          expect(whole.take()).toBe(wholes + parts < count);
          if (wholes + parts < count) wholes += 1;
        } else if (each === 'take part') {
          const isFree = parts < part && wholes + parts < count;
          expect(some.take()).toBe(isFree);
          if (isFree) parts += 1;
        } else if (each === 'give' && wholes > 0) {
          whole.sessionEnded();
          wholes -= 1;
        } else if (each === 'give part' && parts > 0) {
          some.sessionEnded();
          parts -= 1;
        }
      }
    }),
  );
});
