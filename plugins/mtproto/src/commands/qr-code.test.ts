import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readLines, readPng, readSvg } from './qr-reader.fixture.js';
import { qrLines, writeQrFile } from './qr-code.js';

const texts = [
  'tg://proxy?server=192.0.2.1&port=443&secret=b0cb',
  `tg://proxy?${'secret=0123456789abcdef&'.repeat(12)}`,
];

describe('a QR code', () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'qr-'))));
  afterEach(() => rm(folder, { recursive: true }));

  it.each(texts)('in the terminal can be read: %s', async (text) => {
    const lines = await qrLines(text, false);
    expect(lines.join('')).toMatch(/^[█▀▄ ]+$/);
    expect(readLines(lines)).toBe(text);
  });

  it('sets its colours where that can be done', async () => {
    const [plain, coloured] = [await qrLines('x', false), await qrLines('x', true)];
    expect(coloured).toEqual(plain.map((line) => `\u001b[97;40m${line}\u001b[0m`));
  });

  it.each(texts)('as a PNG can be read: %s', async (text) => {
    const path = join(folder, 'code.PNG');
    await writeQrFile(path, text);
    expect(readPng(await readFile(path))).toBe(text);
  });

  it.each(texts)('as an SVG can be read: %s', async (text) => {
    const path = join(folder, 'code.svg');
    await writeQrFile(path, text);
    expect(readSvg(await readFile(path, 'utf8'))).toBe(text);
  });

  it('is readable for nobody else, also where a file was before', async () => {
    for (const name of ['a.png', 'b.svg']) {
      const path = join(folder, name);
      await writeQrFile(path, 'x');
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      await writeFile(path, 'something longer that was there before'.repeat(1000));
      await chmod(path, 0o644);
      await writeQrFile(path, 'x');
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect(await readFile(path, 'utf8')).not.toContain('something longer');
    }
  });

  it.each(['code.gif', 'code', '.png/'])('is not written as %s', async (name) => {
    await expect(writeQrFile(join(folder, name), 'x')).rejects.toMatchObject({ code: 'E_MTPROTO_COMMAND' });
  });

  it('says which file cannot be written, and not what should be in it', async () => {
    const path = join(folder, 'missing', 'code.svg');
    await expect(writeQrFile(path, 'secret')).rejects.toMatchObject({
      code: 'E_MTPROTO_COMMAND',
      message: `${path} cannot be written (ENOENT)`,
    });
  });
});
