import { destination, type Destination } from '@sluice/plugin-api';
import { byFamily, type AddressFamily } from './address-family.js';

/** Where a data centre is, by family. */
interface Site {
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
}

/**
 * Telegram's own, as its clients have them built in (TDLib and Telegram Desktop for 1 to 5 and the
 * test ones) and as its servers announce them in `help.getConfig` (media, 203). What is announced
 * varies with the asker's region; these are the ones that were seen to stay.
 */
const sites: Readonly<Record<number, Site>> = {
  1: { ipv4: ['149.154.175.50'], ipv6: ['2001:b28:f23d:f001::a'] },
  2: { ipv4: ['149.154.167.51', '95.161.76.100'], ipv6: ['2001:67c:4e8:f002::a'] },
  [-2]: { ipv4: ['149.154.167.222', '149.154.167.151'], ipv6: ['2001:67c:4e8:f002::b'] },
  3: { ipv4: ['149.154.175.100'], ipv6: ['2001:b28:f23d:f003::a'] },
  4: { ipv4: ['149.154.167.91'], ipv6: ['2001:67c:4e8:f004::a'] },
  [-4]: { ipv4: ['149.154.166.120', '149.154.164.250'], ipv6: ['2001:67c:4e8:f004::b'] },
  5: { ipv4: ['149.154.171.5'], ipv6: ['2001:b28:f23f:f005::a'] },
  203: { ipv4: ['91.105.192.100'], ipv6: ['2a0a:f280:203:a:5000::100'] },
  10001: { ipv4: ['149.154.175.10'], ipv6: ['2001:b28:f23d:f001::e'] },
  10002: { ipv4: ['149.154.167.40'], ipv6: ['2001:67c:4e8:f002::e'] },
  10003: { ipv4: ['149.154.175.117'], ipv6: ['2001:b28:f23d:f003::e'] },
};

const PORT = 443;
/**
 * TDLib knows every address by these ports, too. Networks have been seen that let nothing but port
 * 80 through to Telegram, so they are worth a try when nothing else answers.
 */
const LAST_RESORT_PORTS = [80, 5222];
/** As many as a race has at once: none is left out of one. */
const MAX_ADDRESSES = 8;

/** The ids with addresses of their own. A media id that is not among them uses its data centre's. */
export const telegramIds: readonly number[] = Object.keys(sites).map(Number);

/**
 * The addresses of a data centre, best first: its media servers where the id asks for those and has
 * some, the data centre's own (which serve media as well), and the same by other ports.
 * @returns nothing for an id that is not known
 */
export function telegramAddresses(id: number, mode: AddressFamily): readonly Destination[] {
  const plain = hostsOf(Math.abs(id), mode);
  const media = id < 0 ? hostsOf(id, mode) : [];
  const best = media.length > 0 ? media : plain;
  const usual = [...media, ...plain].map((host) => destination('tcp', host, PORT));
  const lastResort = LAST_RESORT_PORTS.flatMap((port) => best.map((host) => destination('tcp', host, port)));
  return [...usual, ...lastResort].slice(0, MAX_ADDRESSES);
}

function hostsOf(id: number, mode: AddressFamily): readonly string[] {
  const site = sites[id];
  return site === undefined ? [] : byFamily(mode, site.ipv4, site.ipv6);
}
