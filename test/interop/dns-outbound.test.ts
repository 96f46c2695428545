import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { describePeers } from '../peers/describe-peers.js';
import { dig } from '../peers/dig.js';
import { startUnbound, type Unbound } from '../peers/unbound.js';
import { at, records, startAsked } from './dns.fixture.js';
import { Started } from './program.fixture.js';

describePeers('dig through the dns outbound', ['unbound', 'dig'], () => {
  const started = new Started();
  let unbound: Unbound;
  /** Knows other addresses, so that it is seen who has answered. */
  let other: Unbound;

  beforeAll(async () => {
    unbound = await startUnbound({ records });
    other = await startUnbound({ records: ['a.example. 300 IN A 203.0.113.1', 'a.example. 300 IN TXT "other"'] });
  });
  afterEach(() => started.close());
  afterAll(async () => {
    await unbound.close();
    await other.close();
  });

  it('answers for addresses come from the DNS, others from the server that was asked', async () => {
    const { port } = await startAsked(started, other.port, { dns: { servers: [at(unbound.port)] } });
    for (const how of ['+notcp', '+tcp']) {
      const asked = other.asked().length;
      expect((await dig(port, how, 'a.example')).data).toEqual(['192.0.2.1', '192.0.2.2']);
      expect((await dig(port, how, 'a.example', 'AAAA')).data).toEqual(['2001:db8::1']);
      expect((await dig(port, how, 'a.example', 'TXT')).data).toEqual(['"other"']);
      expect((await dig(port, how, 'a.example', 'MX')).status).toBe('NOERROR');
      expect(await dig(port, how, 'nothing.example', 'MX')).toMatchObject({ status: 'NXDOMAIN' });
      expect(await dig(port, how, 'elsewhere.sluice', 'MX')).toMatchObject({ status: 'REFUSED' });
      expect(other.asked().slice(asked)).toEqual([
        ...['a.example TXT', 'a.example MX', 'nothing.example MX', 'elsewhere.sluice MX'],
      ]);
    }
  });

  it('several questions by one connection', async () => {
    const { port } = await startAsked(started, unbound.port, { dns: { servers: [at(unbound.port)] } });
    const { output } = await dig(port, '+tcp', '+keepopen', 'a.example', 'text.example', 'TXT', 'mail.example', 'MX');
    expect(output.match(/192\.0\.2\.1|some words|10 a\.example/g)).toEqual(['192.0.2.1', 'some words', '10 a.example']);
  });

  it('answers that are too long for a packet are cut short, and whole over TCP', async () => {
    const { port } = await startAsked(started, unbound.port, { dns: { servers: [at(unbound.port)] } });
    for (const [name, type, count] of [
      ['many.example', 'A', 60],
      ['long.example', 'TXT', 40],
    ] as const) {
      const short = await dig(port, '+ignore', '+noedns', name, type);
      expect(short.flags).toContain('tc');
      const whole = await dig(port, '+noedns', name, type);
      expect([whole.isByTcp, whole.records.length, whole.flags.includes('tc')]).toEqual([true, count, false]);
    }
    const inOne = await dig(port, '+ignore', '+bufsize=4096', 'many.example');
    expect([inOne.isByTcp, inOne.records.length]).toEqual([false, 60]);
  });

  it('other questions go to the configured server, by the configured network', async () => {
    const settings = { address: '127.0.0.1', port: other.port, network: 'tcp' };
    const { port } = await startAsked(started, 1, { dns: { servers: [at(unbound.port)] }, settings });
    expect((await dig(port, 'a.example', 'TXT')).data).toEqual(['"other"']);
    expect((await dig(port, '+tcp', 'a.example', 'TXT')).data).toEqual(['"other"']);
    expect((await dig(port, 'a.example')).data).toEqual(['192.0.2.1', '192.0.2.2']);
  });

  it('other questions get no answer, if so configured', async () => {
    const settings = { nonIPQuery: 'drop' };
    const { port } = await startAsked(started, unbound.port, { dns: { servers: [at(unbound.port)] }, settings });
    for (const how of ['+notcp', '+tcp']) {
      expect((await dig(port, how, '+time=1', 'a.example', 'TXT')).status).toBe('');
      expect((await dig(port, how, 'a.example')).status).toBe('NOERROR');
    }
  });

  it('questions for a server that is not there are told so', async () => {
    const { port } = await startAsked(started, 1, { dns: { servers: [at(unbound.port)] } });
    expect((await dig(port, '+tcp', 'a.example', 'TXT')).status).toBe('SERVFAIL');
  });

  it("a rule that leads everything to the outbound leads the DNS's own questions to its server", async () => {
    const dns = { servers: [at(unbound.port), `tcp://127.0.0.1:${unbound.port}`], tag: 'own', disableCache: true };
    const rules = [{ network: 'tcp,udp', outboundTag: 'dns-out' }];
    for (const servers of [dns.servers, [...dns.servers].reverse()]) {
      const { port, program } = await startAsked(started, other.port, { dns: { ...dns, servers }, rules });
      expect((await dig(port, 'a.example')).data).toEqual(['192.0.2.1', '192.0.2.2']);
      expect((await dig(port, 'four.example')).data).toEqual(['192.0.2.4']);
      await program.close();
    }
  });
});
