import { expect, it } from 'vitest';
import { someText } from '../expected.fixture.js';
import { examinationOf, key, secretFor } from '../examination.fixture.js';
import { secretFindings } from './secrets.js';

const other = 'ffeeddccbbaa99887766554433221100';

it('secrets are one for each user', () => {
  const examination = examinationOf({ users: [{ secret: key }, { secret: other, email: 'bob' }] });
  expect(secretFindings(examination)).toEqual([{ subject: 'secrets', status: 'ok', seen: '2 users have one each' }]);
});

it('a secret in two inbounds is told, whatever its form, and not repeated', () => {
  const first = examinationOf({ users: [{ secret: other }, { secret: key, email: 'ann' }] });
  const second = examinationOf({ users: [{ secret: secretFor('a.test') }] }, { where: { tag: 'tg-2' } });
  const found = secretFindings({ ...first, inbounds: [...first.inbounds, ...second.inbounds] });
  expect(found).toMatchObject([
    {
      status: 'warning',
      about: 'users[0] of tg-2',
      seen: 'has the secret of ann of tg-in',
      advice: someText,
    },
  ]);
  expect(JSON.stringify(found)).not.toContain(key.slice(2, 10));
});
