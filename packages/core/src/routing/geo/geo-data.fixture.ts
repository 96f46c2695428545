import { ipToBytes, SluiceError, type AssetFiles } from '@sluice/plugin-api';

export interface TestDomain {
  readonly type: 0 | 1 | 2 | 3;
  readonly value: string;
  readonly attributes?: readonly string[];
}

export const PLAIN = 0;
export const REGEX = 1;
export const DOMAIN = 2;
export const FULL = 3;

/** A GeoSiteList of V2Ray's, by category. */
export function geositeFile(categories: Readonly<Record<string, readonly TestDomain[]>>): Buffer {
  return list(categories, ({ type, value, attributes = [] }) =>
    Buffer.concat([
      Buffer.from([0x08, type]),
      field(2, Buffer.from(value)),
      ...attributes.map((key) => field(3, Buffer.concat([field(1, Buffer.from(key)), Buffer.from([0x10, 1])]))),
    ]),
  );
}

/** A GeoIPList of V2Ray's, of blocks such as "10.0.0.0/8", by category. */
export function geoipFile(categories: Readonly<Record<string, readonly string[]>>): Buffer {
  return list(categories, (block) => {
    const [address = '', prefix = ''] = block.split('/');
    return Buffer.concat([field(1, ipToBytes(address)), Buffer.from([0x10]), varint(Number(prefix))]);
  });
}

/** Files without a disk. */
export function assetsOf(files: Readonly<Record<string, Uint8Array>>): AssetFiles {
  return {
    read(name) {
      const bytes = files[name];
      if (bytes === undefined) throw new SluiceError('E_CONFIG_INVALID', `there is no file ${name}`);
      return bytes;
    },
  };
}

function list<T>(categories: Readonly<Record<string, readonly T[]>>, member: (one: T) => Buffer): Buffer {
  const entries = Object.entries(categories).map(([name, members]) =>
    field(1, Buffer.concat([field(1, Buffer.from(name)), ...members.map((one) => field(2, member(one)))])),
  );
  return Buffer.concat(entries);
}

function field(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([number * 8 + 2]), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left > 127; left = Math.floor(left / 128)) bytes.push((left % 128) | 128);
  return Buffer.from([...bytes, left]);
}
