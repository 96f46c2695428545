import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startClashApi, type FakeInstance } from '../instance.fixture.js';

let folder: string;
let instance: FakeInstance;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-ui-'));
  const ui = join(folder, 'ui');
  mkdirSync(join(ui, 'assets'), { recursive: true });
  mkdirSync(join(ui, 'empty'));
  mkdirSync(join(ui, '.git'));
  mkdirSync(join(folder, 'ui-other'));
  writeFileSync(join(ui, 'index.html'), '<title>board</title>');
  writeFileSync(join(ui, 'assets', 'app.js'), 'go()');
  writeFileSync(join(ui, 'assets', 'a b.css'), 'body{}');
  writeFileSync(join(ui, 'assets', 'index.html'), 'inner');
  writeFileSync(join(ui, 'zero.txt'), '');
  writeFileSync(join(ui, '.git', 'config'), 'SECRET');
  writeFileSync(join(folder, 'secret.txt'), 'SECRET');
  writeFileSync(join(folder, 'ui-other', 'secret.txt'), 'SECRET');
  symlinkSync(join(folder, 'secret.txt'), join(ui, 'link.txt'));
  symlinkSync(folder, join(ui, 'up'));
  symlinkSync('../ui-other', join(ui, 'side'));
  symlinkSync('assets/app.js', join(ui, 'inside.js'));
  instance = await startClashApi({ 'external-ui': ui, secret: 's' });
});

afterAll(async () => {
  await instance.close();
  rmSync(folder, { recursive: true });
});

/** fetch tidies paths up before it sends them. */
function get(
  path: string,
  headers: http.OutgoingHttpHeaders = {},
  method = 'GET',
): Promise<{ status: number | undefined; headers: http.IncomingHttpHeaders; body: string }> {
  return new Promise((resolve, reject) => {
    const request = http.request({ port: instance.port, host: '127.0.0.1', path, method, headers, agent: false });
    request.on('error', reject).on('response', (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
    });
    request.end();
  });
}

describe('a dashboard', () => {
  test.each([
    ['/ui/', '<title>board</title>', 'text/html; charset=utf-8'],
    ['/ui/index.html?x=1', '<title>board</title>', 'text/html; charset=utf-8'],
    ['/ui/assets/app.js', 'go()', 'text/javascript; charset=utf-8'],
    ['/ui/assets/a%20b.css', 'body{}', 'text/css; charset=utf-8'],
    ['/ui/assets/', 'inner', 'text/html; charset=utf-8'],
    ['/ui/zero.txt', '', 'text/plain; charset=utf-8'],
    ['/ui/inside.js', 'go()', 'text/javascript; charset=utf-8'],
    // Places that its own scripts find.
    ['/ui/proxies', '<title>board</title>', 'text/html; charset=utf-8'],
    ['/ui/setup/deep', '<title>board</title>', 'text/html; charset=utf-8'],
    ['/ui/empty', '<title>board</title>', 'text/html; charset=utf-8'],
  ])('has %s', async (path, body, type) => {
    const answer = await get(path);
    expect(answer).toMatchObject({ status: 200, body });
    expect(answer.headers).toMatchObject({ 'content-type': type, 'x-content-type-options': 'nosniff' });
  });

  test('is where a browser is led to', async () => {
    expect(await get('/', { accept: 'text/html,*/*' })).toMatchObject({ status: 307, headers: { location: '/ui/' } });
    expect(await get('/ui')).toMatchObject({ status: 301, headers: { location: '/ui/' } });
    expect((await get('/', { authorization: 'Bearer s' })).body).toBe('{"hello":"clash"}');
  });

  test('is fetched anew only if it has changed', async () => {
    const { headers } = await get('/ui/assets/app.js');
    expect(await get('/ui/assets/app.js', { 'if-none-match': headers.etag })).toMatchObject({ status: 304, body: '' });
    expect((await get('/ui/assets/app.js', { 'if-none-match': '"x"' })).status).toBe(200);
  });

  test('can be looked at, not written to', async () => {
    expect(await get('/ui/assets/app.js', {}, 'HEAD')).toMatchObject({
      status: 200,
      body: '',
      headers: { 'content-length': '4' },
    });
    expect((await get('/ui/assets/app.js', {}, 'PUT')).status).toBe(405);
  });
});

describe('nothing else', () => {
  test.each([
    '/ui/missing.js',
    '/ui/../secret.txt',
    '/ui/..%2fsecret.txt',
    '/ui/%2e%2e/secret.txt',
    '/ui/%2e%2e%2fsecret.txt',
    '/ui/assets/../../secret.txt',
    '/ui/..%5csecret.txt',
    '/ui/....//secret.txt',
    '/ui/..%00/secret.txt',
    '/ui/index.html%00.js',
    '/ui//etc/passwd.txt',
    '/ui/%2fetc%2fpasswd.txt',
    '/ui/link.txt',
    '/ui/up/secret.txt',
    '/ui/side/secret.txt',
    '/ui/.git/config',
    '/ui/%2egit/config',
    '/ui/%zz',
  ])('%s', async (path) => {
    const { status, body } = await get(path);
    expect(body).not.toContain('SECRET');
    expect([400, 401, 404]).toContain(status);
  });

  test('is reached by any path', async () => {
    const piece = fc.constantFrom(
      '..',
      '.',
      '%2e',
      '%2f',
      '%5c',
      '/',
      '\\',
      'up',
      'side',
      'link.txt',
      'secret.txt',
      'ui',
      '%00',
      '...',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        const { body } = await get(`/ui/${pieces.join('')}`.replaceAll('\\', '%5C'));
        expect(body).not.toContain('SECRET');
      }),
      { numRuns: 200 },
    );
  });
});

test('a folder without a page is said at the start, and does not stop it', async () => {
  const other = await startClashApi({ 'external-ui': join(folder, 'none') });
  expect(other.logger.lines.join('\n')).toMatch(/warn "external-ui": there is no index\.html in .*none/);
  expect((await fetch(`${other.url}/ui/`)).status).toBe(404);
  await other.close();
});

test('without a folder there is no /ui', async () => {
  const other = await startClashApi();
  expect((await fetch(`${other.url}/ui/`)).status).toBe(404);
  expect(await (await fetch(`${other.url}/`, { headers: { accept: 'text/html' } })).text()).toBe('{"hello":"clash"}');
  await other.close();
});
