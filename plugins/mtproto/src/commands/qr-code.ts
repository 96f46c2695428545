import type { Buffer } from 'node:buffer';
import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import { errnoOf, SluiceError } from '@sluice/plugin-api';
import type * as QrCode from 'qrcode';
import { commandError } from './command-error.js';

/** Modules of white on each side. Readers want four on paper; on a screen two do, and more links fit. */
const TERMINAL_MARGIN = 2;
const FILE_MARGIN = 4;
/** Pixels of a module in a PNG: sharp on paper, too. */
const SCALE = 8;

const WHITE_ON_BLACK = '\u001b[97;40m';
const RESET = '\u001b[0m';

/**
 * Lines that show the text as a QR code, two modules high each, in half blocks.
 * @param colours set white on black by escape codes; otherwise the terminal must be dark, as most are
 */
export async function qrLines(text: string, colours: boolean): Promise<readonly string[]> {
  const { modules } = await makeCode(text, 'L');
  const isLight = (row: number, column: number): boolean => {
    const inside = row >= 0 && column >= 0 && row < modules.size && column < modules.size;
    return !inside || modules.get(row, column) === 0;
  };
  const lines: string[] = [];
  const end = modules.size + TERMINAL_MARGIN;
  for (let row = -TERMINAL_MARGIN; row < end; row += 2) {
    let line = '';
    for (let column = -TERMINAL_MARGIN; column < end; column += 1) {
      const top = isLight(row, column);
      const bottom = isLight(row + 1, column);
      line += top ? (bottom ? '█' : '▀') : bottom ? '▄' : ' ';
    }
    lines.push(colours ? `${WHITE_ON_BLACK}${line}${RESET}` : line);
  }
  return lines;
}

/** Where a code can be written to: the name's end says in which format. @throws SluiceError E_MTPROTO_COMMAND */
export function checkQrFile(path: string): void {
  formatOf(path);
}

/**
 * Writes the text as a QR code. Only the file's owner may read it, also if it was there before.
 * @throws SluiceError E_MTPROTO_COMMAND for a name that ends in neither .png nor .svg, or if it cannot be written
 */
export async function writeQrFile(path: string, text: string): Promise<void> {
  const content = formatOf(path) === 'png' ? await png(text) : await svg(text);
  try {
    const file = await open(path, 'w', 0o600);
    try {
      if ((await file.stat()).isFile()) await file.chmod(0o600);
      await file.writeFile(content);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new SluiceError('E_MTPROTO_COMMAND', `${path} cannot be written (${errnoOf(error) ?? 'unknown'})`, {
      cause: error,
    });
  }
}

function formatOf(path: string): 'png' | 'svg' {
  const end = extname(path).toLowerCase();
  if (end === '.png') return 'png';
  if (end === '.svg') return 'svg';
  throw commandError('--qr-file takes the name of a file that ends in .png or .svg');
}

async function png(text: string): Promise<Buffer> {
  const options: QrCode.QRCodeToBufferOptions = {
    type: 'png',
    errorCorrectionLevel: 'M',
    margin: FILE_MARGIN,
    scale: SCALE,
  };
  return (await qrcode()).toBuffer(text, options);
}

async function svg(text: string): Promise<string> {
  return (await qrcode()).toString(text, { type: 'svg', errorCorrectionLevel: 'M', margin: FILE_MARGIN });
}

async function makeCode(text: string, errorCorrectionLevel: 'L' | 'M'): Promise<QrCode.QRCode> {
  return (await qrcode()).create(text, { errorCorrectionLevel });
}

/** Loaded when it is needed: no other command waits for it. */
async function qrcode(): Promise<(typeof QrCode)['default']> {
  return (await import('qrcode')).default;
}
