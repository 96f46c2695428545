import { destination, SluiceError, type Destination, type Link } from '@sluice/plugin-api';
import { StubSession } from '@sluice/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ClientLayer } from '../obfuscation/client-layer.js';
import { TelegramRequest } from '../telegram-request.js';
import { AddressHealth } from './address-health.js';
import type { Addresses } from './addresses.js';
import { connectToDataCenter } from './connect.js';

const addresses = [1, 2, 3].map((port) => destination('tcp', '192.0.2.1', port)) as unknown as Addresses;
const upstream = {} as Link;

/** A client's connect by an outbound that answers as the test says. */
function connecting(answer: (to: Destination, client: { destroyed: boolean; sawEnd: boolean }) => Link): {
  asked: number[];
  request: TelegramRequest;
  link: Promise<Link>;
} {
  const asked: number[] = [];
  const health = new AddressHealth(new Set(addresses));
  const request = new TelegramRequest({} as ClientLayer, addresses, health, false);
  const client = { destroyed: false, sawEnd: false };
  const dispatcher = {
    connect: (_: unknown, to: Destination) => {
      asked.push(to.port);
      return Promise.resolve().then(() => answer(to, client));
    },
  };
  const link = { conn: client, reader: client } as unknown as Link;
  return { asked, request, link: connectToDataCenter(dispatcher, new StubSession(), link, request) };
}

describe('an outbound that knows nothing of Telegram', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('is asked for one address only, where that answers', async () => {
    const { asked, link, request } = connecting(() => upstream);
    expect(await link).toBe(upstream);
    expect(asked).toEqual([1]);
    expect(request.health.resting).toBe(0);
  });

  it.each([
    ['E_DIAL_REFUSED', 3],
    ['E_DNS_NOT_FOUND', 3],
    // A proxy server's way to say that it could not reach the target.
    ['E_UPSTREAM_REJECTED', 3],
    ['E_BLOCKED', 1],
    ['E_CLOSING', 1],
  ] as const)('that says %s is asked for %i addresses of three', async (code, count) => {
    const { asked, link } = connecting(({ port }) => {
      throw new SluiceError(code, `${port}`);
    });
    await expect(link).rejects.toMatchObject({ code, message: '1' });
    expect(asked).toEqual([1, 2, 3].slice(0, count));
  });

  it('leaves known which address answered and which did not', async () => {
    const { link, request } = connecting(({ port }) => {
      if (port === 2) return upstream;
      throw new SluiceError('E_DIAL_TIMEOUT', 'late');
    });
    expect(await link).toBe(upstream);
    expect(request.health.order(addresses).map(({ port }) => port)).toEqual([2, 3, 1]);
  });

  it.each(['destroyed', 'sawEnd'] as const)('is asked no more when the client is gone (%s)', async (how) => {
    const { asked, link } = connecting((_, client) => {
      client[how] = true;
      throw new SluiceError('E_DIAL_REFUSED', 'refused');
    });
    await expect(link).rejects.toMatchObject({ code: 'E_DIAL_REFUSED' });
    expect(asked).toEqual([1]);
  });

  it('is asked no more when the client has waited for eight seconds', async () => {
    let now = 1000;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const { asked, link } = connecting(() => {
      now += 4000;
      throw new SluiceError('E_DIAL_TIMEOUT', 'late');
    });
    await expect(link).rejects.toMatchObject({ code: 'E_DIAL_TIMEOUT' });
    expect(asked).toEqual([1, 2]);
  });
});

describe('an outbound that tries all addresses itself', () => {
  it('is asked once', async () => {
    const { asked, link, request } = connecting(() => {
      request.claim();
      request.unclaim();
      throw new SluiceError('E_DIAL_REFUSED', 'refused');
    });
    await expect(link).rejects.toMatchObject({ code: 'E_DIAL_REFUSED' });
    expect(asked).toEqual([1]);
  });

  it('is itself who says which address answered', async () => {
    const { link, request } = connecting(() => {
      request.claim();
      request.health.failed(addresses[0], new SluiceError('E_DIAL_TIMEOUT', 'slow'));
      return upstream;
    });
    await link;
    expect(request.health.resting).toBe(1);
  });
});
