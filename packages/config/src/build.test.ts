import { describe, expect, it } from 'vitest';
import { inbound, load, loadValue, outbound } from './load.fixture.js';

describe('a configuration without errors', () => {
  it('is complete when the file is empty', () => {
    const { config, diagnostics } = load('{}');
    expect(diagnostics).toEqual([]);
    expect(config).toEqual({
      log: { access: 'none', error: '', loglevel: 'warning' },
      inbounds: [],
      outbounds: [],
      routing: { domainStrategy: 'AsIs', rules: [], balancers: [] },
      policy: {
        levels: {},
        system: {
          statsInboundUplink: false,
          statsInboundDownlink: false,
          statsOutboundUplink: false,
          statsOutboundDownlink: false,
        },
      },
      stats: false,
      services: {},
      assetFolders: expect.any(Array) as string[],
    });
  });

  it('is frozen to the last value', () => {
    const { config } = loadValue({
      inbounds: [inbound({ settings: { users: [{ name: 'a', secret: 'b' }], tags: ['x'] } })],
      outbounds: [outbound()],
      routing: { rules: [{ type: 'field', domain: ['x'], outboundTag: 'out' }] },
      policy: { levels: { 0: {} } },
    });
    const walk = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      expect(Object.isFrozen(value)).toBe(true);
      Object.values(value).forEach(walk);
    };
    expect(config).toBeDefined();
    walk(config);
  });

  it('carries what the file says of inbounds', () => {
    const { config } = loadValue({
      inbounds: [
        inbound({ port: '1000-1002', listen: '[::1]' }),
        inbound({ tag: '', listen: 'localhost' }),
        inbound({ tag: 'u', listen: '/run/sluice.sock' }),
        inbound({ tag: 'v', listen: '@sluice', port: null }),
        {
          tag: 'w',
          protocol: 'echo',
          streamSettings: { network: 'domainsocket', dsSettings: { path: 'sluice2', abstract: true } },
        },
        { tag: 'x', protocol: 'echo', port: 7 },
      ],
    });
    expect(config?.inbounds.map(({ tag, tagged, listen, ports }) => ({ tag, tagged, listen, ports }))).toEqual([
      { tag: 'in', tagged: true, listen: '::1', ports: [{ from: 1000, to: 1002 }] },
      { tag: 'echo:1080', tagged: false, listen: '127.0.0.1', ports: [{ from: 1080, to: 1080 }] },
      { tag: 'u', tagged: true, listen: '/run/sluice.sock', ports: [] },
      { tag: 'v', tagged: true, listen: '@sluice', ports: [] },
      { tag: 'w', tagged: true, listen: '@sluice2', ports: [] },
      { tag: 'x', tagged: true, listen: '0.0.0.0', ports: [{ from: 7, to: 7 }] },
    ]);
  });

  it('carries what the file says of outbounds', () => {
    const { config } = loadValue({
      outbounds: [
        outbound({ sendThrough: '::1', proxySettings: { tag: 'far' } }),
        outbound({ tag: 'far', streamSettings: { network: 'ds', dsSettings: { path: '/run/x' } } }),
        outbound({ tag: 'flat', streamSettings: {}, settings: { strategy: 'x' } }),
      ],
    });
    expect(config?.outbounds).toEqual([
      { tag: 'out', tagged: true, protocol: 'exit', settings: {}, sendThrough: '::1', via: 'far' },
      {
        tag: 'far',
        tagged: true,
        protocol: 'exit',
        settings: {},
        stream: { path: '/run/x' },
      },
      {
        tag: 'flat',
        tagged: true,
        protocol: 'exit',
        settings: { strategy: 'x' },
      },
    ]);
  });

  it('names what has no tag, each by another name', () => {
    const plain = { protocol: 'exit' };
    const { config } = loadValue({ outbounds: [plain, outbound({ tag: 'exit#2' }), plain, plain] });
    expect(config?.outbounds.map(({ tag, tagged }) => [tag, tagged])).toEqual([
      ['exit', false],
      ['exit#2', true],
      ['exit#3', false],
      ['exit#4', false],
    ]);
  });

  it('reads a port from the environment', () => {
    const { config } = loadValue({ inbounds: [inbound({ port: 'env:PORTS' })] }, { env: { PORTS: '2000-2001' } });
    expect(config?.inbounds[0]?.ports).toEqual([{ from: 2000, to: 2001 }]);
  });

  it('splits rules into where they lead and what their type reads', () => {
    const { config } = loadValue({
      outbounds: [outbound()],
      routing: {
        domainStrategy: 'ipifnonmatch',
        rules: [{ TYPE: 'Field', Port: 80, outboundTag: 'out', balancerTag: '' }],
      },
    });
    expect(config?.routing).toEqual({
      domainStrategy: 'IPIfNonMatch',
      rules: [{ type: 'field', outboundTag: 'out', balancerTag: undefined, fields: { port: 80 } }],
      balancers: [],
    });
  });

  it('reads log, policy and stats', () => {
    const { config } = loadValue({
      log: { access: '/var/log/access', loglevel: 'INFO' },
      policy: {
        levels: { 0: { handshake: 4, statsUserUplink: true }, '007': {} },
        system: { statsInboundUplink: true },
      },
      stats: {},
    });
    expect(config).toMatchObject({
      log: { access: '/var/log/access', error: '', loglevel: 'info' },
      policy: {
        levels: {
          0: { handshake: 4, statsUserUplink: true, statsUserDownlink: false },
          7: { statsUserUplink: false, statsUserDownlink: false },
        },
        system: { statsInboundUplink: true, statsInboundDownlink: false },
      },
      stats: true,
    });
    expect(config?.policy.levels['7']).not.toHaveProperty('connIdle');
  });

  it('writes no log at all at the level "none"', () => {
    expect(loadValue({ log: { loglevel: 'none', access: '/x' } }).config?.log).toEqual({
      access: 'none',
      error: 'none',
      loglevel: 'none',
    });
  });

  it("brings enum values of settings into their schema's spelling", () => {
    const mode = (written: string): unknown =>
      loadValue({ inbounds: [inbound({ settings: { mode: written } })] }).config?.inbounds[0]?.settings;
    expect(mode('FANCY')).toMatchObject({ mode: 'Fancy' });
    expect(mode('Curly')).toMatchObject({ mode: 'Fancy' });
  });

  it('reads the keys of services, in any case, and knows their tags in rules', () => {
    const { config, diagnostics } = loadValue({
      outbounds: [outbound()],
      Beacon: { OUT: 'lamp', in: 'light' },
      routing: {
        rules: [
          { type: 'field', inboundTag: ['light'], outboundTag: 'lamp' },
          { type: 'field', inboundTag: 'lamp', outboundTag: 'light' },
        ],
      },
    });
    expect(diagnostics.map(({ code, pointer }) => [code, pointer])).toEqual([
      ['C_UNKNOWN_INBOUND', '/routing/rules/1/inboundTag'],
      ['C_UNKNOWN_OUTBOUND', '/routing/rules/1/outboundTag'],
    ]);
    expect(config).toBeUndefined();
    expect(loadValue({ outbounds: [outbound()], beacon: { out: 'lamp' } }).config?.services).toEqual({
      beacon: { out: 'lamp' },
    });
  });

  it('refuses what a service finds wrong, and a tag that two would take connections by', () => {
    const refused = loadValue({ beacon: { out: 'nowhere' } }).diagnostics;
    expect(refused).toMatchObject([{ code: 'C_CHECK', pointer: '/beacon/out', message: 'it must lead somewhere' }]);
    const taken = loadValue({ outbounds: [outbound({ tag: 'lamp' })], beacon: { out: 'lamp' } }).diagnostics;
    expect(taken).toMatchObject([{ code: 'C_DUPLICATE_TAG', pointer: '/beacon', found: '"lamp"' }]);
  });
});

describe('two inbounds in one place', () => {
  const conflicts = (a: Record<string, unknown>, b: Record<string, unknown>): boolean =>
    loadValue({ inbounds: [inbound({ tag: 'a', ...a }), inbound({ tag: 'b', ...b })] }).diagnostics.some(
      ({ code }) => code === 'C_LISTEN_CONFLICT',
    );

  it.each([
    [{ listen: '0.0.0.0' }, { listen: '127.0.0.1' }, true],
    [{ listen: '127.0.0.1' }, { listen: null }, true],
    [{ listen: '::' }, { listen: '127.0.0.1' }, true],
    [{ listen: '::1' }, { listen: '0:0:0:0:0:0:0:1' }, true],
    [{ listen: '::1' }, { listen: '0.0.0.0' }, true],
    [{ listen: '::1' }, { listen: '127.0.0.1' }, false],
    [{ port: '1000-1010' }, { port: 1010 }, true],
    [{ port: '1000-1010' }, { port: '1011-1020' }, false],
    [{ listen: '/run/a' }, { listen: '/run/a', port: 1 }, true],
    [{ listen: '/run/a' }, { listen: '/run/b' }, false],
    [{ settings: { network: 'tcp,udp' } }, { settings: { network: 'udp' } }, true],
  ])('%j and %j: %j', (a, b, expected) => {
    expect(conflicts(a, b)).toBe(expected);
    expect(conflicts(b, a)).toBe(expected);
  });
});
