/**
 * Reads an IP address as big-endian 32-bit words, the usual forms without making anything.
 * @param words four, of which IPv4 takes the first
 * @returns the number of words; 0 if the text is no IP address. An IPv4-mapped IPv6 address is the IPv4 one.
 */
export function readIp(text: string, words: Uint32Array): 0 | 1 | 4 {
  if (readDotted(text, words)) return 1;
  return readGroups(text, words) || readMixed(text, words) ? unmap(words) : 0;
}

/** The same of 4 or 16 bytes; 0 for any other number. */
export function readBytes(bytes: Uint8Array, words: Uint32Array): 0 | 1 | 4 {
  if (bytes.length === 4) {
    words[0] = wordAt(bytes, 0);
    return 1;
  }
  if (bytes.length !== 16) return 0;
  for (let i = 0; i < 4; i += 1) words[i] = wordAt(bytes, i * 4);
  return unmap(words);
}

function unmap(words: Uint32Array): 1 | 4 {
  if (words[0] !== 0 || words[1] !== 0 || words[2] !== 0xffff) return 4;
  words[0] = words[3]!;
  return 1;
}

const DOT = 0x2e;
const COLON = 0x3a;
const ZERO = 0x30;
const NINE = 0x39;

/** Four numbers without leading zeros. */
function readDotted(text: string, words: Uint32Array): boolean {
  if (text.length < 7 || text.length > 15) return false;
  let address = 0;
  let octet = -1;
  let dots = 0;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === DOT) {
      if (octet < 0) return false;
      address = address * 256 + octet;
      octet = -1;
      dots += 1;
    } else {
      if (code < ZERO || code > NINE || octet === 0) return false;
      octet = (octet < 0 ? 0 : octet * 10) + code - ZERO;
      if (octet > 255) return false;
    }
  }
  if (dots !== 3 || octet < 0) return false;
  words[0] = address * 256 + octet;
  return true;
}

/** Groups of hexadecimal digits, one row of zero groups left out or none; not the form that ends in a dotted IPv4. */
function readGroups(text: string, words: Uint32Array): boolean {
  if (text.length < 2 || text.length > 39) return false;
  words.fill(0);
  let count = 0;
  let gapAt = -1;
  let digits = 0;
  let group = 0;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    const digit = hexDigit(code);
    if (digit >= 0) {
      digits += 1;
      group = group * 16 + digit;
      if (digits > 4 || count > 7) return false;
      continue;
    }
    if (code !== COLON) return false;
    if (digits > 0) {
      put(words, count, group);
      count += 1;
      digits = 0;
      group = 0;
      if (text.charCodeAt(i + 1) !== COLON) {
        if (i + 1 === text.length) return false;
        continue;
      }
      i += 1;
    } else {
      // Without digits in front of it a colon may only begin the text, and not alone.
      if (i > 0 || text.charCodeAt(1) !== COLON) return false;
      i += 1;
    }
    if (gapAt >= 0) return false;
    gapAt = count;
  }
  if (digits > 0) {
    put(words, count, group);
    count += 1;
  }
  if (gapAt < 0) return count === 8;
  if (count > 7) return false;
  // What followed the gap belongs to the end.
  for (let from = count - 1, to = 7; from >= gapAt; from -= 1, to -= 1) {
    const moved = (words[from >> 1]! >>> (from & 1 ? 0 : 16)) & 0xffff;
    put(words, from, 0);
    put(words, to, moved);
  }
  return true;
}

/** Groups that end in a dotted IPv4, which stands for the last two. */
function readMixed(text: string, words: Uint32Array): boolean {
  const tailAt = text.lastIndexOf(':') + 1;
  if (tailAt === 0 || text.length > 45 || !readDotted(text.slice(tailAt), words)) return false;
  const tail = words[0]!;
  return readGroups(`${text.slice(0, tailAt)}${(tail >>> 16).toString(16)}:${(tail & 0xffff).toString(16)}`, words);
}

function put(words: Uint32Array, at: number, group: number): void {
  const word = words[at >> 1]!;
  words[at >> 1] = at & 1 ? (word & 0xffff0000) | group : (word & 0xffff) | (group << 16);
}

function hexDigit(code: number): number {
  if (code >= ZERO && code <= NINE) return code - ZERO;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function wordAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
