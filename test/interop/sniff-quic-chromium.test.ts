import { afterAll, beforeAll, expect, it } from 'vitest';
import { startChromium, type Chromium } from '../peers/chromium.js';
import { describePeers } from '../peers/describe-peers.js';
import { coreSniffer, SilentPort } from './first-words.fixture.js';

const name = 'quic.sluice.example';
const quicSniffer = coreSniffer('quic');
const named = { protocol: 'quic', domain: name };

describePeers("Chromium's first packets of QUIC", ['chromium'], () => {
  let port: SilentPort;
  let chromium: Chromium;
  let heard: readonly Buffer[];

  beforeAll(async () => {
    port = await SilentPort.open();
    chromium = await startChromium({ names: [name], quicOrigin: `${name}:${port.port}` });
    const flow = port.flow(quicSniffer);
    const page = await chromium.browser.newPage();
    // Nobody answers.
    void page.goto(`https://${name}:${port.port}/`).catch(() => undefined);
    ({ heard } = await flow);
  });
  afterAll(async () => {
    await chromium.close();
    port.close();
  });

  it('tell the name that it wants with the second datagram, as its hello has post-quantum keys', () => {
    expect(heard).toHaveLength(2);
    expect(quicSniffer.sniff(heard.slice(0, 1), 'udp')).toBe('more');
    expect(quicSniffer.sniff(heard, 'udp')).toEqual(named);
  });

  it('tell it in the other order and repeated, too', () => {
    const [first, second] = heard as [Buffer, Buffer];
    expect(quicSniffer.sniff([second, first], 'udp')).toEqual(named);
    expect(quicSniffer.sniff([first, first, second], 'udp')).toEqual(named);
  });

  it('tell nothing once a byte is changed', () => {
    const [first] = heard as [Buffer];
    for (let at = 0; at < first.length; at += 1) {
      const changed = Buffer.from(first);
      changed[at]! ^= 0x81;
      expect([at, quicSniffer.sniff([changed], 'udp')]).toEqual([at, 'no']);
    }
  });
});
