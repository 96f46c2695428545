import { ipToBytes } from '@sluice/plugin-api';

type Attribute = string;
/** V2Ray's Domain.Type (0 plain, 1 regex, 2 domain, 3 full), the value, and its attributes. */
export type GeoDomain = readonly [type: 0 | 1 | 2 | 3, value: string, ...attributes: Attribute[]];

/** V2Ray's GeoSiteList. */
export function geositeFile(categories: Readonly<Record<string, readonly GeoDomain[]>>): Buffer {
  return list(categories, ([type, value, ...attributes]) =>
    Buffer.concat([
      Buffer.from([0x08, type]),
      bytesField(2, Buffer.from(value)),
      ...attributes.map((key) =>
        bytesField(3, Buffer.concat([bytesField(1, Buffer.from(key)), Buffer.from([0x10, 1])])),
      ),
    ]),
  );
}

/** V2Ray's GeoIPList, of blocks such as "10.0.0.0/8". */
export function geoipFile(categories: Readonly<Record<string, readonly string[]>>): Buffer {
  return list(categories, (block) => {
    const [address = '', prefix] = block.split('/');
    return Buffer.concat([bytesField(1, ipToBytes(address)), Buffer.from([0x10]), varint(Number(prefix))]);
  });
}

function list<T>(categories: Readonly<Record<string, readonly T[]>>, member: (one: T) => Buffer): Buffer {
  const entries = Object.entries(categories).map(([name, members]) =>
    Buffer.concat([bytesField(1, Buffer.from(name)), ...members.map((one) => bytesField(2, member(one)))]),
  );
  return Buffer.concat(entries.map((entry) => bytesField(1, entry)));
}

function bytesField(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([number * 8 + 2]), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  return value < 128 ? Buffer.from([value]) : Buffer.concat([Buffer.from([(value % 128) | 128]), varint(value >> 7)]);
}
