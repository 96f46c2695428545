import { Buffer } from 'node:buffer';
import { bytesToIp } from '@sluice/plugin-api';
import { Network, type IPOrDomain } from '../protos/shared.js';
import type { Decoded } from '../wire/message.js';
import type { Json } from './translation.js';

/** "tcp", "udp" and "unix" of V2Ray's numbers; undefined for those that say nothing. */
export function networkName(network: number): string | undefined {
  const names: Readonly<Record<number, string>> = {
    [Network.values.RawTCP]: 'tcp',
    [Network.values.TCP]: 'tcp',
    [Network.values.UDP]: 'udp',
    [Network.values.UNIX]: 'unix',
  };
  return names[network];
}

/** The text of an address; undefined if there is none. @throws SluiceError E_ADDRESS_INVALID */
export function hostOf(value: Decoded<typeof IPOrDomain> | undefined): string | undefined {
  const address = value?.address;
  if (address?.case === 'ip') return bytesToIp(address.value);
  return address?.case === 'domain' && address.value !== '' ? address.value : undefined;
}

/** Without what protobuf has in place of nothing: undefined, 0, false, "" and empty lists. */
export function said(json: Json): Json {
  return Object.fromEntries(
    Object.entries(json).filter(([, value]) => Boolean(value) && !(Array.isArray(value) && value.length === 0)),
  );
}

/** The lines of a PEM text, as a configuration has them. */
export function linesOf(bytes: Uint8Array): string[] {
  return Buffer.from(bytes)
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '');
}
