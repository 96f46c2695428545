import { Buffer } from 'node:buffer';
import { destination, SluiceError } from '@sluice/plugin-api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startClashApi, type FakeInstance } from '../instance.fixture.js';

let instance: FakeInstance;
beforeEach(async () => {
  instance = await startClashApi();
});
afterEach(() => instance.close());

async function ask(path: string, method = 'GET', body?: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(instance.url + path, { method, ...(body === undefined ? {} : { body }) });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

describe('the small ones', () => {
  test('say who answers', async () => {
    expect((await ask('/')).body).toEqual({ hello: 'clash' });
    expect((await ask('/version')).body).toEqual({ meta: true, version: 'sluice 1.2.3' });
    expect((await ask('/providers/proxies')).body).toEqual({ providers: {} });
    expect((await ask('/providers/rules')).body).toEqual({ providers: {} });
  });

  test('know what they do not do', async () => {
    expect(await ask('/restart', 'POST')).toMatchObject({
      status: 501,
      body: { message: expect.stringContaining('reload') as string },
    });
    expect(await ask('/upgrade', 'POST')).toEqual({ status: 404, body: { message: 'Resource not found' } });
    expect(await ask('/version', 'POST')).toEqual({ status: 405, body: { message: 'Method not allowed' } });
    expect((await ask('/proxies/a/b/c')).status).toBe(404);
    expect((await ask('/cache/dns')).status).toBe(404);
  });
});

describe('/configs', () => {
  test('shows ports and mode', async () => {
    const at = (address: string, port: number) => [{ network: 'tcp' as const, endpoint: { address, port } }];
    const inbound = (tag: string, protocol: string, port: number, address = '127.0.0.1') => ({
      tag,
      protocol,
      listening: at(address, port),
      users: undefined,
    });
    instance.control.inboundList = [inbound('s', 'socks', 1080), inbound('h', 'http', 8080)];
    expect((await ask('/configs')).body).toMatchObject({
      port: 8080,
      'socks-port': 1080,
      'mixed-port': 0,
      'allow-lan': false,
      mode: 'rule',
      'mode-list': ['rule'],
      tun: { enable: false },
    });
    instance.control.inboundList.push(inbound('m', 'mtproto', 443, '0.0.0.0'));
    expect((await ask('/configs')).body).toMatchObject({ 'allow-lan': true });
  });

  test('are not changed by PATCH, which says so', async () => {
    expect((await ask('/configs', 'PATCH', '{"mode":"Rule"}')).status).toBe(204);
    for (const body of [
      '{"mode":"global"}',
      '{"allow-lan":true}',
      '{"mode":"rule","port":1}',
      '{"mode":1}',
      '{}',
      'x',
    ]) {
      expect([body, (await ask('/configs', 'PATCH', body)).status]).toEqual([body, 400]);
    }
  });

  test.each([
    ['PUT', '/configs?force=true', '{"path":"","payload":""}'],
    ['PUT', '/configs?reload=true', '{"path":"","payload":""}'],
    ['PUT', '/configs', undefined],
  ])('are read anew by %s %s', async (method, path, body) => {
    expect((await ask(path, method, body)).status).toBe(204);
    expect(instance.control.reloads).toBe(1);
  });

  test('are not taken from whoever asks', async () => {
    for (const body of ['{"path":"/etc/passwd"}', '{"payload":"mode: direct"}', '{"path":1}']) {
      expect((await ask('/configs?force=true', 'PUT', body)).status).toBe(400);
    }
    expect(instance.control.reloads).toBe(0);
  });

  test('that change this very service are answered before it ends', async () => {
    const { control, service } = instance;
    control.reload = async () => {
      await service.close();
      return { added: [], removed: [], replaced: ['service clashApi'], kept: 0, ended: 0 };
    };
    // Otherwise the connection would be cut off with the service.
    expect((await ask('/configs', 'PUT')).status).toBe(204);
    await expect.poll(() => instance.logger.lines.join()).toContain('the configuration was reloaded');
  });

  test('that are bad are refused with their reason', async () => {
    instance.control.reloadError = new SluiceError('E_CONFIG_INVALID', 'config.json:3:7 unknown protocol');
    expect(await ask('/configs?force=true', 'PUT')).toEqual({
      status: 400,
      body: { message: 'config.json:3:7 unknown protocol' },
    });
    instance.control.reloadError = new SluiceError('E_UNSUPPORTED', 'not made from files');
    expect((await ask('/configs?force=true', 'PUT')).status).toBe(501);
  });
});

describe('/rules', () => {
  test('are shown in the words of Clash, the default last', async () => {
    const rule = (fields: object, outboundTag?: string, balancerTag?: string) => ({
      type: 'field',
      outboundTag,
      balancerTag,
      fields,
    });
    const many = Array.from({ length: 5000 }, (_, i) => `d${i}.example`);
    instance.control.ruleList = [
      rule({ domain: ['geosite:cn', 'full:a.example'] }, 'direct'),
      rule({ type: 'field', ip: 'geoip:private', outboundTag: 'blocked' }, 'blocked'),
      rule({ port: '53,443', network: 'udp', inboundTag: ['in'] }, undefined, 'fast'),
      rule({ domain: many }, 'direct'),
      { type: 'weekday', outboundTag: 'direct', balancerTag: undefined, fields: {} },
      rule({ moon: { phase: 'full' } }, 'direct'),
    ];
    const { rules } = (await ask('/rules')).body as { rules: { payload: string }[] };
    expect(rules).toMatchObject([
      { index: 0, type: 'Domain', payload: 'geosite:cn,full:a.example', proxy: 'direct', size: -1 },
      { index: 1, type: 'IPCIDR', payload: 'geoip:private', proxy: 'blocked' },
      { index: 2, type: 'AND', payload: '((DstPort,53,443) && (Network,udp) && (InName,in))', proxy: 'fast' },
      { index: 3, type: 'Domain', proxy: 'direct' },
      { index: 4, type: 'weekday', payload: '' },
      { index: 5, type: 'moon', payload: '{"phase":"full"}' },
      { index: 6, type: 'Match', payload: '', proxy: 'direct' },
    ]);
    expect(rules[3]?.payload).toMatch(/^d0\.example,.*,d19\.example,… \(5000\)$/);
  });
});

describe('/connections', () => {
  test('are described as Clash does', async () => {
    const { control } = instance;
    control.ruleList = [
      { type: 'field', outboundTag: undefined, balancerTag: 'fast', fields: { domain: ['example.org'] } },
    ];
    control.uplink.add(100);
    control.downlink.add(2000);
    control.connect(7, {
      ruleIndex: 0,
      balancerTag: 'fast',
      user: { email: 'love@example.org', level: 0 },
      sniffed: { protocol: 'tls', domain: 'sni.example' },
    });
    control.connect(8, { network: 'udp', target: destination('udp', '2001:db8::1', 53), inboundProtocol: 'strange' });
    // Still in its handshake.
    control.connect(9, { target: undefined, outboundTag: undefined });
    expect((await ask('/connections')).body).toEqual({
      uploadTotal: 100,
      downloadTotal: 2000,
      memory: expect.any(Number) as number,
      connections: [
        {
          id: '7',
          metadata: {
            network: 'tcp',
            type: 'Socks5',
            sourceIP: '127.0.0.1',
            sourcePort: '50007',
            destinationIP: '',
            destinationPort: '443',
            host: 'example.org',
            dnsMode: 'normal',
            inboundIP: '127.0.0.1',
            inboundPort: '1080',
            inboundName: 'socks-in',
            inboundUser: 'love@example.org',
            sniffHost: 'sni.example',
            process: '',
            processPath: '',
            uid: 0,
            remoteDestination: '',
            specialProxy: '',
            specialRules: '',
          },
          upload: 10,
          download: 20,
          start: '2026-01-02T03:04:05.678Z',
          chains: ['direct', 'fast'],
          rule: 'Domain',
          rulePayload: 'example.org',
        },
        expect.objectContaining({
          id: '8',
          metadata: expect.objectContaining({
            network: 'udp',
            type: 'strange',
            host: '',
            destinationIP: '2001:db8::1',
          }) as object,
          chains: ['direct'],
          rule: 'Match',
          rulePayload: '',
        }),
      ],
    });
  });

  test('are closed one by one', async () => {
    const { control } = instance;
    for (const id of [1, 2, 3]) control.connect(id);
    expect((await ask('/connections/2', 'DELETE')).status).toBe(204);
    for (const none of ['2', '99', 'x', '1e3', '9'.repeat(400)]) {
      expect((await ask(`/connections/${none}`, 'DELETE')).status).toBe(204);
    }
    expect(control.ended).toMatchObject([{ id: 2, error: { code: 'E_CLASH_API_CLOSED' } }]);
    const { connections } = (await ask('/connections')).body as { connections: { id: string }[] };
    expect(connections.map(({ id }) => id)).toEqual(['1', '3']);
  });

  test('are closed all at once', async () => {
    const { control } = instance;
    for (const id of [1, 2, 3]) control.connect(id);
    control.connect(4, { target: undefined });
    expect((await ask('/connections', 'DELETE')).status).toBe(204);
    expect(control.open.size).toBe(0);
  });
});

describe('/dns/query', () => {
  test('asks and tells', async () => {
    instance.dns.answer = (query) => {
      const answer = Buffer.concat([query, Buffer.from('c00c000100010000003c0004c0000201', 'hex')]);
      answer.writeUInt16BE(0x8180, 2);
      answer.writeUInt16BE(1, 6);
      return Promise.resolve(answer);
    };
    expect((await ask('/dns/query?name=example.org&type=A')).body).toEqual({
      Status: 0,
      Question: [{ Name: 'example.org.', Qtype: 1, Qclass: 1 }],
      Server: 'internal',
      TC: false,
      RD: true,
      RA: true,
      AD: false,
      CD: false,
      Answer: [{ name: 'example.org.', type: 1, TTL: 60, data: '192.0.2.1' }],
    });
    expect((await ask('/dns/query?name=example.org')).status).toBe(200);
    expect((await ask('/dns/query?name=example.org&type=aaaa')).body).toMatchObject({ Question: [{ Qtype: 28 }] });
  });

  test('refuses what is no question', async () => {
    const label = 'x'.repeat(64);
    for (const query of [
      'name=a..b',
      `name=${label}`,
      `name=${'abc.'.repeat(70)}`,
      'name=x&type=NONE',
      'name=x&type=toString',
    ]) {
      expect([query, (await ask(`/dns/query?${query}`)).status]).toEqual([query, 400]);
    }
    expect(instance.dns.asked).toEqual([]);
  });

  test('tells why there is no answer', async () => {
    instance.dns.answer = () => Promise.reject(new SluiceError('E_DNS_FAILED', 'no server answered'));
    expect(await ask('/dns/query?name=example.org')).toEqual({ status: 503, body: { message: 'no server answered' } });
    instance.dns.answer = () => Promise.resolve(Buffer.from('nonsense'));
    expect((await ask('/dns/query?name=example.org')).status).toBe(503);
  });
});

test('/cache makes the DNS forget', async () => {
  expect((await ask('/cache/dns/flush', 'POST')).status).toBe(204);
  expect((await ask('/cache/fakeip/flush', 'POST')).status).toBe(204);
  expect((await ask('/cache/dns/flush')).status).toBe(405);
  expect(instance.dns.flushed).toEqual(['answers', 'fakes']);
});
