import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startChromium, visit, type Chromium } from '../peers/chromium.js';
import { describePeers } from '../peers/describe-peers.js';

// Monaco, as web pages have it, with the schema that ships and nothing else of ours.
const root = fileURLToPath(new URL('../..', import.meta.url));
const monaco = join(root, 'node_modules/monaco-editor/min');

const page = `<!doctype html>
<link rel="stylesheet" href="/vs/editor/editor.main.css">
<div id="editor" style="width: 900px; height: 600px"></div>
<script src="/vs/loader.js"></script>
<script>
  window.ready = new Promise((resolve, reject) => {
    require.config({ paths: { vs: '/vs' } });
    require(['vs/editor/editor.main'], async (loaded) => {
      const monaco = window.monaco ?? loaded;
      const schema = await (await fetch('/sluice.schema.json')).json();
      const json = monaco.json ?? monaco.languages.json;
      json.jsonDefaults.setDiagnosticsOptions({
        validate: true,
        allowComments: true,
        schemas: [{ uri: 'urn:sluice', fileMatch: ['*'], schema }],
      });
      const model = monaco.editor.createModel('', 'json', monaco.Uri.parse('file:///a.sluice.json'));
      const editor = monaco.editor.create(document.getElementById('editor'), { model, quickSuggestions: false });
      const markers = () => monaco.editor.getModelMarkers({ resource: model.uri });
      window.write = (text) => {
        const at = text.indexOf('‸');
        const words = text.replace('‸', '');
        // Markers of the text before are gone by the time that those of this one come.
        const marked = new Promise((settle) => {
          const watch = monaco.editor.onDidChangeMarkers(() => {
            watch.dispose();
            settle(markers().map((each) => [model.getValueInRange(each), each.message]));
          });
        });
        model.setValue(words);
        editor.setPosition(model.getPositionAt(Math.max(0, at)));
        editor.focus();
        return marked;
      };
      window.suggest = () => editor.trigger('test', 'editor.action.triggerSuggest', {});
      window.hover = () => editor.trigger('test', 'editor.action.showHover', {});
      resolve();
    }, reject);
  });
</script>`;

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.ttf': 'font/ttf',
  '.json': 'application/json',
};

describePeers('Monaco with the schema', ['chromium'], () => {
  let site: Server;
  let chromium: Chromium;
  let tab: Page;

  beforeAll(async () => {
    const schema = await readFile(join(root, 'packages/cli/schema/sluice.schema.json'));
    site = createServer((request, response) => {
      const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname);
      if (path === '/') response.setHeader('content-type', 'text/html; charset=utf-8').end(page);
      else if (path === '/sluice.schema.json') response.setHeader('content-type', 'application/json').end(schema);
      else {
        response.setHeader('content-type', types[extname(path)] ?? 'application/octet-stream');
        createReadStream(join(monaco, path))
          .on('error', () => response.writeHead(404).end())
          .pipe(response);
      }
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    chromium = await startChromium();
    tab = await chromium.browser.newPage();
    await visit(tab, `http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
    await tab.evaluate('window.ready');
  });
  afterAll(async () => {
    await chromium.close();
    site.close();
    site.closeAllConnections();
  });

  const write = (text: string): Promise<[string, string][]> => tab.evaluate(`window.write(${JSON.stringify(text)})`);
  /** The rows of a list that the editor has opened. */
  async function suggested(): Promise<string[]> {
    await tab.evaluate('window.suggest()');
    const rows = tab.locator('.suggest-widget.visible .monaco-list-row');
    await rows.first().waitFor();
    const labels: string[] = await tab.evaluate(
      `[...document.querySelectorAll('.suggest-widget.visible .monaco-list-row')].map((row) => row.getAttribute('aria-label') ?? '')`,
    );
    await tab.keyboard.press('Escape');
    return labels;
  }

  it('marks what is wrong where it stands', async () => {
    expect(await write('{ "inbounds": [{ "protocol": "sock", "port": 1080 }] }')).toEqual([
      ['"sock"', expect.stringContaining('not accepted')],
    ]);
    expect(await write('{ "log": { "loglevel": "loud" } }')).toEqual([['"loud"', expect.any(String)]]);
  });

  it('offers protocols and what belongs to each', async () => {
    await write('{ "inbounds": [{ "protocol": "‸" }] }');
    expect((await suggested()).join('\n')).toMatch(/mtproto/);
    await write('{ "inbounds": [{ "protocol": "mtproto", "settings": { "us‸" } }] }');
    expect((await suggested()).join('\n')).toMatch(/users/);
  });

  it('tells what a key is for', async () => {
    await write('{ "policy": { "levels": { "0": { "hand‸shake": 4 } } } }');
    await tab.evaluate('window.hover()');
    const said = tab.locator('.monaco-hover:not(.hidden) .markdown-hover').first();
    await said.waitFor();
    expect(await said.innerText()).toMatch(/seconds/);
  });
});
