import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startChromium, visit, type Chromium } from '../peers/chromium.js';
import { curl } from '../peers/curl.js';
import { describePeers } from '../peers/describe-peers.js';
import { startNginx, type Nginx } from '../peers/nginx.js';
import { freePort, untilListening } from '../peers/process.js';
import { sluice } from '../peers/sluice.js';
import { temporaryFolder, type TemporaryFolder } from '../peers/temporary.js';
import { dial, door, serve, Started, startProgram, type Program, type Server } from './program.fixture.js';

// What a dashboard does, in a few lines; the API's address and secret come by the fragment.
const dashboard = `
  const { api, secret } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  const ask = async (method, path, body) => {
    const response = await fetch(api + path, {
      method,
      headers: { Authorization: 'Bearer ' + secret, 'Content-Type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    return [response.status, response.status === 204 ? null : await response.json()];
  };
  const first = (path) => new Promise((resolve) => {
    const socket = new WebSocket(api.replace('http', 'ws') + path + '?token=' + encodeURIComponent(secret));
    socket.onmessage = ({ data }) => resolve(JSON.parse(data));
    socket.onclose = ({ code }) => resolve('closed ' + code);
  });
  window.board = { ask: (...args) => ask(...args).catch((error) => String(error)), first };
`;

describePeers('the Clash API and a browser', ['chromium', 'curl', 'nginx'], () => {
  const started = new Started();
  const secret = 'a secret & more';
  let folder: TemporaryFolder;
  let echo: Server;
  let elsewhere: Nginx;
  let program: Program;
  let chromium: Chromium;
  let api: string;

  beforeAll(async () => {
    folder = await temporaryFolder('dashboard');
    const ui = join(folder.path, 'ui');
    await mkdir(join(ui, 'assets'), { recursive: true });
    await writeFile(
      join(ui, 'index.html'),
      '<!doctype html><title>board</title><script defer src="./assets/board.js"></script>',
    );
    await writeFile(join(ui, 'assets', 'board.js'), dashboard);
    await writeFile(join(folder.path, 'secret.txt'), 'not for browsers');
    await symlink('../secret.txt', join(ui, 'link.txt'));
    echo = started.add(await serve((socket) => void socket.pipe(socket)));
    elsewhere = started.add(await startNginx({ root: ui }));
    const port = await freePort();
    api = `http://127.0.0.1:${port}`;
    program = started.add(
      await startProgram({
        inbounds: [door('door', echo.port)],
        outbounds: [
          { tag: 'direct', protocol: 'freedom' },
          { tag: 'other', protocol: 'freedom' },
        ],
        routing: {
          balancers: [{ tag: 'any', selector: ['direct', 'other'] }],
          rules: [{ type: 'field', inboundTag: ['door'], balancerTag: 'any' }],
        },
        clashApi: { 'external-controller': `127.0.0.1:${port}`, 'external-ui': ui, secret },
      }),
    );
    await untilListening(port);
    chromium = started.add(await startChromium({ names: ['rebound.example'] }));
  });

  afterAll(async () => {
    await started.close();
    await folder.remove();
  });

  const fragment = (to: string): string => `#${new URLSearchParams({ api: to, secret }).toString()}`;

  async function open(url: string) {
    const page = await chromium.browser.newPage();
    await visit(page, url);
    await page.waitForFunction('window.board !== undefined');
    return {
      page,
      ask: (...args: unknown[]) =>
        page.evaluate<[number, Record<string, unknown>] | string>(`board.ask(...${JSON.stringify(args)})`),
      first: (path: string) => page.evaluate(`board.first(${JSON.stringify(path)})`),
    };
  }

  it('serves a dashboard that looks, chooses and closes', async () => {
    // The way a person opens it: only the address.
    const { page, ask, first } = await open(`${api}/${fragment(api)}`);
    expect(page.url()).toBe(`${api}/ui/${fragment(api)}`);
    expect(await page.title()).toBe('board');
    expect(await ask('GET', '/version')).toEqual([200, expect.objectContaining({ meta: true })]);
    expect(await first('/traffic')).toMatchObject({ up: 0, down: 0 });
    expect(await first('/memory')).toHaveProperty('inuse');

    expect(await ask('PUT', '/proxies/any', { name: 'other' })).toEqual([204, null]);
    const { socket, clientPort, closed } = await dial(program.port('door'));
    socket.resume().on('end', () => socket.end());
    socket.write('hello');
    const mine = { metadata: { sourcePort: String(clientPort) }, chains: ['other', 'any'] };
    await expect.poll(() => first('/connections')).toMatchObject({ connections: [mine] });
    const { connections } = (await first('/connections')) as { connections: { id: string }[] };
    expect(await ask('DELETE', `/connections/${connections[0]?.id}`)).toEqual([204, null]);
    await closed;
    expect(await ask('GET', '/connections')).toMatchObject([200, { connections: [] }]);
    await page.close();
  });

  it('does not tell a page that does not know the secret', async () => {
    const wrong = `#${new URLSearchParams({ api, secret: 'guess' }).toString()}`;
    const { page, ask, first } = await open(`${api}/ui/${wrong}`);
    expect(await ask('GET', '/proxies')).toEqual([401, { message: 'Unauthorized' }]);
    expect(await first('/traffic')).toBe('closed 1006');
    await page.close();
  });

  it('does not answer a page from elsewhere, even if it knows the secret', async () => {
    const { page, ask, first } = await open(`${elsewhere.url}/${fragment(api)}`);
    expect(await ask('GET', '/version')).toMatch(/^TypeError: Failed to fetch/);
    expect(await ask('DELETE', '/connections')).toMatch(/^TypeError: Failed to fetch/);
    expect(await first('/connections')).toBe('closed 1006');
    await page.close();
  });

  it('is not reached by a name that was made to lead here', async () => {
    const page = await chromium.browser.newPage();
    const response = await visit(page, `${api.replace('127.0.0.1', 'rebound.example')}/ui/`);
    expect(response?.status()).toBe(403);
    expect(await page.content()).toContain('Host not allowed');
    await page.close();
  });

  it('is as curl expects it', async () => {
    const bearer = ['-H', `Authorization: Bearer ${secret}`];
    const ask = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await curl(['-w', ' %{http_code} %{content_type}', '--path-as-is', ...args]);
      expect([code, stderr]).toEqual([0, '']);
      return stdout;
    };
    expect(await ask(...bearer, `${api}/`)).toBe('{"hello":"clash"} 200 application/json; charset=utf-8');
    expect(await ask(`${api}/`)).toMatch(/ 401 /);
    expect(await ask('-H', 'Accept: text/html', '-L', `${api}/`)).toMatch(/<title>board<\/title>.* 200 text\/html/);
    expect(await ask(`${api}/ui/assets/board.js`)).toMatch(/ 200 text\/javascript; charset=utf-8$/);
    for (const path of [
      '../secret.txt',
      '%2e%2e/secret.txt',
      '..%2fsecret.txt',
      'link.txt',
      'assets/../../secret.txt',
    ]) {
      const answer = await ask(`${api}/ui/${path}`);
      expect(answer).not.toContain('not for browsers');
      expect(answer).toMatch(/ 40[14] /);
    }
    // A stream of lines, until curl has had enough.
    const stream = await curl([...bearer, '--max-time', '1.5', '--no-buffer', `${api}/traffic`]);
    expect(stream.code).toBe(28);
    expect(
      stream.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object)[0],
    ).toMatchObject({ up: 0, down: 0 });
  });

  it('says no to a configuration that would open it to everybody', async () => {
    const file = join(folder.path, 'open.json');
    const config = { outbounds: [{ protocol: 'freedom' }], clashApi: { 'external-controller': ':9090' } };
    await writeFile(file, JSON.stringify(config));
    const { code, stderr, stdout } = await sluice(['check', file]);
    expect(code).toBe(1);
    expect(stderr + stdout).toContain('set a `secret`, or listen on 127.0.0.1');
  });
});
