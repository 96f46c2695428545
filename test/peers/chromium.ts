import { chromium, type Browser, type Page, type Response } from 'playwright-core';
import { findBinary } from './debian.js';

// Chromium's own services, which it would otherwise ask the proxy under test for. Past the proxy their names lead nowhere.
const ownServices = '.google.com,.googleapis.com,.gstatic.com';

export interface ChromiumOptions {
  /** `http://host:port` or `socks5://host:port`. Loopback pages go through it too. */
  readonly proxy?: string;
  /** Names that lead to 127.0.0.1. All others lead nowhere. */
  readonly names?: readonly string[];
  /** `host:port` that is asked by QUIC, and by nothing else. */
  readonly quicOrigin?: string;
  /** Public keys (SHA-256, base64) whose certificates need no known authority. */
  readonly trusted?: readonly string[];
}

export interface Chromium {
  readonly browser: Browser;
  readonly pid: number;
  close(): Promise<void>;
}

/** A real Chromium, headless, with a new profile, that asks for nothing but what the test opens. */
export async function startChromium(options: ChromiumOptions = {}): Promise<Chromium> {
  const executablePath = findBinary('chromium');
  if (executablePath === undefined) throw new Error('chromium is not installed');
  const names = (options.names ?? []).map((name) => `MAP ${name} 127.0.0.1`);
  const server = await chromium.launchServer({
    executablePath,
    headless: true,
    host: '127.0.0.1',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      options.quicOrigin === undefined ? '--disable-quic' : `--origin-to-force-quic-on=${options.quicOrigin}`,
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Looks up no name; through a proxy names are the proxy's to look up.
      `--host-resolver-rules=${[...names, 'MAP * ~NOTFOUND', 'EXCLUDE localhost', 'EXCLUDE 127.0.0.1'].join(', ')}`,
      ...(options.trusted === undefined ? [] : [`--ignore-certificate-errors-spki-list=${options.trusted.join(',')}`]),
    ],
    ...(options.proxy === undefined ? {} : { proxy: { server: options.proxy, bypass: ownServices } }),
  });
  try {
    const browser = await chromium.connect(server.wsEndpoint());
    return {
      browser,
      pid: server.process().pid ?? -1,
      async close() {
        await browser.close();
        await server.close();
      },
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}

/**
 * Opens a page; again where something else on this machine has changed its network interfaces meanwhile, at which
 * Chromium drops all that it has under way.
 */
export async function visit(page: Page, url: string): Promise<Response | null> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await page.goto(url);
    } catch (error) {
      if (attempt === 5 || !String(error).includes('ERR_NETWORK_CHANGED')) throw error;
    }
  }
}
