import { SluiceError, type Resolver } from '@sluice/plugin-api';
import { describe, expect, it } from 'vitest';
import { containing, like } from '../expected.fixture.js';
import { examinationOf, key, run, secretFor, TableResolver, type ExaminationOptions } from '../examination.fixture.js';
import type { Finding } from '../finding.js';
import { nameChecks } from './names.js';

const table = new TableResolver({
  'here.test': ['203.0.113.9', '127.0.0.1'],
  'away.test': ['203.0.113.9', '2001:db8::9'],
  'many.test': ['203.0.113.1', '203.0.113.2', '203.0.113.3', '203.0.113.4', '203.0.113.5', '203.0.113.6'],
});

async function told(settings: object, options: ExaminationOptions = {}, limit?: number): Promise<readonly Finding[]> {
  const examination = examinationOf(settings, { resolver: table, ...options });
  return run(nameChecks(examination), examination, limit);
}

const namesOf = (...serverNames: string[]): object => ({ users: [{ secret: key }], tls: { serverNames } });
const publicAddress = { interfaces: ['127.0.0.1', '198.51.100.1'] };

describe('the names that clients ask for', () => {
  it('are best if they lead here', async () => {
    expect(await told({ users: [{ secret: secretFor('here.test') }] }, publicAddress)).toEqual([
      { subject: 'names', about: 'here.test', status: 'ok', seen: 'leads to 203.0.113.9, 127.0.0.1: this machine' },
    ]);
  });

  it('give the proxy away if they lead elsewhere', async () => {
    expect(await told(namesOf('away.test', 'AWAY.test'), publicAddress)).toEqual([
      {
        subject: 'names',
        about: 'away.test',
        status: 'warning',
        seen: 'leads to 203.0.113.9, [2001:db8::9], not to this machine',
        advice: containing('a name of your own'),
      },
    ]);
  });

  it('cannot be judged from private addresses only', async () => {
    expect(await told(namesOf('many.test'), { interfaces: ['10.0.0.1'] })).toMatchObject([
      {
        status: 'ok',
        seen: like(/^leads to .*203\.0\.113\.4 and 2 more; .*cannot be told.*--server/),
      },
    ]);
  });

  it('should exist', async () => {
    expect(await told(namesOf('nowhere.test'))).toMatchObject([
      { status: 'warning', seen: like(/not known/), advice: like(/no such site/) },
    ]);
  });

  it('are none without fake TLS', async () => {
    expect(await told({ ...namesOf('away.test'), modes: ['padded'] })).toEqual([]);
  });
});

describe('the names of fronted hosts', () => {
  it('must lead somewhere', async () => {
    const fronting = { host: 'away.test:443', byServerName: { 'a.test': 'nowhere.test:443', 'b.test': '127.0.0.1:1' } };
    expect(await told({ users: [{ secret: key }], fronting })).toMatchObject([
      { about: 'away.test', status: 'ok', seen: 'leads to 203.0.113.9, [2001:db8::9]' },
      { about: 'nowhere.test', status: 'problem', advice: containing('fronting') },
    ]);
  });

  it('are told once if clients ask for them', async () => {
    expect(await told({ ...namesOf('here.test'), fronting: { host: 'here.test:8443' } })).toHaveLength(1);
  });
});

describe('without name servers', () => {
  it('says so', async () => {
    const dead: Resolver = { resolve: () => Promise.reject(new SluiceError('E_DNS_FAILED', 'EAI_AGAIN')) };
    const settings = { ...namesOf('away.test'), fronting: { host: 'front.test:443' } };
    expect(await told(settings, { resolver: dead })).toMatchObject([
      { about: 'away.test', status: 'warning', seen: like(/name servers .* do not answer/) },
      { about: 'front.test', status: 'problem', seen: like(/name servers .* do not answer/) },
    ]);
  });

  it('does not wait for those that keep silent', async () => {
    const silent: Resolver = { resolve: () => new Promise(() => undefined) };
    expect(await told(namesOf('away.test'), { resolver: silent }, 20)).toMatchObject([
      { status: 'warning', seen: 'does not answer in time' },
    ]);
  });
});
