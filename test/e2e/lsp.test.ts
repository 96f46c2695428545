import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../../packages/cli/bin/sluice.js', import.meta.url));
const initialize = { id: 1, method: 'initialize', params: { processId: null, rootUri: null, capabilities: {} } };
const goodbye = [frame({ id: 9, method: 'shutdown' }), frame({ method: 'exit' })];
const uri = 'file:///nowhere/a.sluice.jsonc';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function frame(message: object | string): string {
  const body = typeof message === 'string' ? message : JSON.stringify({ jsonrpc: '2.0', ...message });
  return `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** Starts the server, says something, and hears until it has ended by itself. */
async function hear(said: readonly string[], hangUp = false): Promise<{ code: unknown; out: string; errors: string }> {
  const child = spawn(process.execPath, [program, 'lsp', '--stdio'], { stdio: 'pipe', timeout: 20_000 });
  children.push(child);
  let out = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  child.stdin.on('error', () => undefined);
  for (const each of said) child.stdin.write(each);
  if (hangUp) child.stdin.end();
  const [code] = (await once(child, 'close')) as [unknown];
  return { code, out, errors };
}

function opened(text: string): string {
  const textDocument = { uri, languageId: 'jsonc', version: 1, text };
  return frame({ method: 'textDocument/didOpen', params: { textDocument } });
}

describe('sluice lsp', () => {
  it('ends well when it is told to, and badly when its editor is gone without a word', async () => {
    expect((await hear([frame(initialize), ...goodbye])).code).toBe(0);
    expect((await hear([frame(initialize)], true)).code).toBe(1);
    expect((await hear([], true)).code).toBe(1);
  });

  it('takes what the client of Visual Studio Code says to every server', async () => {
    const own = [program, 'lsp', '--stdio', `--clientProcessId=${process.pid}`];
    const child = spawn(process.execPath, own, { stdio: ['pipe', 'ignore', 'pipe'], timeout: 20_000 });
    children.push(child);
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    for (const each of [frame(initialize), ...goodbye]) child.stdin.write(each);
    expect([await once(child, 'close'), errors]).toEqual([[0, null], '']);
  });

  it.each([
    ['no JSON', frame('{nope')],
    ['a message without its parameters', frame({ method: 'textDocument/didOpen', params: {} })],
    ['parameters that are a list', frame({ id: 5, method: 'textDocument/hover', params: [1] })],
    ['a request that nobody knows', frame({ id: 5, method: 'no/such' })],
    ['a change of what is not open', frame({ method: 'textDocument/didChange', params: { textDocument: { uri } } })],
    [
      'a change of a place that is not there',
      opened('{}') +
        frame({
          method: 'textDocument/didChange',
          params: {
            textDocument: { uri, version: 2 },
            contentChanges: [
              { range: { start: { line: 99, character: 9 }, end: { line: 98, character: -1 } }, text: '}' },
            ],
          },
        }),
    ],
    [
      'a place that is not there',
      opened('{}') + frame({ id: 5, method: 'textDocument/hover', params: { position: {} } }),
    ],
    [
      'a document that is closed at once',
      opened('{') + frame({ method: 'textDocument/didClose', params: { textDocument: { uri } } }),
    ],
  ])('outlives %s', async (_, message) => {
    const hover = { textDocument: { uri: 'file:///nowhere/b.sluice.yaml' }, position: { line: 0, character: 1 } };
    const after = opened('log: {}')
      .replace(/^[^{]*/, '')
      .replace(uri, hover.textDocument.uri);
    const { code, out, errors } = await hear([
      frame(initialize),
      message,
      frame(after),
      frame({ id: 6, method: 'textDocument/hover', params: hover }),
      ...goodbye,
    ]);
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(out).toMatch(/"id":6,"result":\{"contents"/);
  });

  it.each([
    ['bytes that are no message', '\0\u00ff\r\n\r\n'],
    ['a message longer than the stream', 'Content-Length: 99999999999\r\n\r\n{}'],
    ['a message of less than nothing', 'Content-Length: -5\r\n\r\n{}'],
  ])('ends with its editor after %s', async (_, bytes) => {
    const { code, errors } = await hear([frame(initialize), bytes], true);
    expect({ code, errors }).toEqual({ code: 1, errors: '' });
  });

  it('ends when the process is gone that it was started for', async () => {
    const parent = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
    children.push(parent);
    const params = { ...initialize.params, processId: parent.pid };
    const child = spawn(process.execPath, [program, 'lsp', '--stdio'], { stdio: ['pipe', 'pipe', 'ignore'] });
    children.push(child);
    child.stdin.write(frame({ ...initialize, params }));
    await once(child.stdout, 'data');
    child.stdout.resume();
    const ended = once(child, 'exit');
    parent.stdin.end();
    // Its own input stays open.
    expect(await ended).toEqual([1, null]);
  });

  it('says of a text that is too long only that it is', async () => {
    const child = spawn(process.execPath, [program, 'lsp', '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(child);
    let out = '';
    const told = new Promise<void>((resolve) => {
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        out += text;
        if (out.includes('publishDiagnostics')) resolve();
      });
    });
    child.stdin.write(frame(initialize));
    child.stdin.write(opened(`{ "log": "${'x'.repeat(17 * 1024 * 1024)}" }`));
    await told;
    const ended = once(child, 'exit');
    for (const each of goodbye) child.stdin.write(each);
    expect(await ended).toEqual([0, null]);
    expect(out).toContain('C_READ');
    expect(out).not.toContain('C_TYPE');
  });
});
