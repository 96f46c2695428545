import jsqr from 'jsqr';
import { PNG } from 'pngjs';

/** What a reader that knows nothing of the writer finds in a picture: rows of light (true) and dark. */
function readRows(rows: readonly (readonly boolean[])[], zoom = 4): string | undefined {
  const width = (rows[0]?.length ?? 0) * zoom;
  const height = rows.length * zoom;
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = (y * width + x) * 4;
      pixels.fill(rows[Math.floor(y / zoom)]?.[Math.floor(x / zoom)] === true ? 255 : 0, at, at + 3);
      pixels[at + 3] = 255;
    }
  }
  return jsqr.default(pixels, width, height)?.data;
}

export function readPng(file: Buffer): string | undefined {
  const { data, width, height } = PNG.sync.read(file);
  return jsqr.default(new Uint8ClampedArray(data), width, height)?.data;
}

/** The lines as a dark terminal shows them: each character is two pixels, one above the other. */
export function readLines(lines: readonly string[]): string | undefined {
  const rows = lines.flatMap((line) => {
    const chars = Array.from(line);
    return [chars.map((char) => char === '█' || char === '▀'), chars.map((char) => char === '█' || char === '▄')];
  });
  return readRows(rows);
}

/** Draws an SVG whose dark modules are one stroked path of moves and horizontal lines, as a browser would. */
export function readSvg(svg: string): string | undefined {
  const size = Number(/viewBox="0 0 (\d+) \1"/.exec(svg)?.[1]);
  const rows = Array.from({ length: size }, () => new Array<boolean>(size).fill(true));
  let [x, y] = [0, 0];
  for (const [, command, first, second] of (/ d="([^"]+)" *\/?>(?:<\/path>)?<\/svg>/.exec(svg)?.[1] ?? '').matchAll(
    /([Mmh])(-?[\d.]+)(?: (-?[\d.]+))?/g,
  )) {
    if (command === 'M') [x, y] = [Number(first), Number(second)];
    else if (command === 'm') [x, y] = [x + Number(first), y + Number(second)];
    else {
      rows[Math.floor(y)]?.fill(false, x, x + Number(first));
      x += Number(first);
    }
  }
  return readRows(rows);
}
