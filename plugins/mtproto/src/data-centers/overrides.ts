import { parseDestination, toSluiceError, Type, type Destination, type Static } from '@sluice/plugin-api';
import { takesAddress, type AddressFamily } from './address-family.js';

const overrideAddresses = Type.Array(Type.String({ maxLength: 512 }), {
  examples: [['192.0.2.2:443']],
  description: 'The addresses of this data centre as "host:port", best first. Needed; no default.',
});

export const dataCentersSchema = Type.Record(Type.String(), overrideAddresses, {
  examples: [{ '2': ['192.0.2.2:443', '[2001:db8::2]:443'] }],
  description:
    'Other addresses for Telegram\'s data centres, by the id that clients ask for: "1" to "5", "203" (files), "-2" (media of 2), "10002" (test). Each is a list of "host:port", best first; a host may be a name. Without a list of its own, a media id uses that of its data centre. Default: Telegram\'s public addresses, port 443, and as a last resort 80 and 5222.',
});

/** Addresses by the id that clients write: "2", "-2" (media), "203" (CDN), "10002" (test). */
export type DataCenterAddresses = Readonly<Static<typeof dataCentersSchema>>;

/** Whether the text is an id that a client can write: a whole number of 16 bits, not 0. */
export function isDataCenterId(text: string): boolean {
  return /^-?[1-9][0-9]{0,4}$/.test(text) && Number(text) >= -32768 && Number(text) <= 32767;
}

/** An address of the configuration, or the sentence that says what is wrong with it. */
export function parseOverride(text: string, mode: AddressFamily): Destination | string {
  let address: Destination;
  try {
    address = parseDestination('tcp', text);
  } catch (error) {
    return toSluiceError(error).message;
  }
  if (address.type === 'unix') return 'a data centre is reached by TCP: write host:port';
  if (!takesAddress(mode, address)) {
    const family = address.type === 'ipv4' ? 'an IPv4' : 'an IPv6';
    return `this is ${family} address, and "addressFamily" is "${mode}"`;
  }
  return address;
}
