import { isIP } from 'node:net';
import type { ProblemReporter } from '@sluice/plugin-api';
import type { MiddleProxySettings } from './settings.js';

/** The part of an inbound's settings that has to do with middle proxies. */
export interface TaggedSettings {
  readonly adTag?: string;
  readonly users?: readonly { readonly adTag?: string }[];
  readonly middleProxy?: MiddleProxySettings;
}

const URLS = ['secretUrl', 'configUrl', 'configUrlV6'] as const;

/** What the schema cannot say of `middleProxy`. */
export function checkMiddleProxy(settings: TaggedSettings, problems: ProblemReporter): void {
  const { middleProxy } = settings;
  if (middleProxy === undefined) return;
  if (!hasAdTag(settings)) {
    problems.warning(['middleProxy'], 'has no effect: neither the inbound nor any of its users has an adTag');
  }
  for (const key of URLS) {
    const text = middleProxy[key];
    if (text !== undefined) checkUrl(key, text, problems);
  }
  const { natAddress } = middleProxy;
  if (natAddress !== undefined && isIP(natAddress) === 0) {
    problems.error(['middleProxy', 'natAddress'], 'not an IP address');
  }
}

/** Whether any connection may go through middle proxies. */
export function hasAdTag({ adTag, users = [] }: TaggedSettings): boolean {
  return adTag !== undefined || users.some((user) => user.adTag !== undefined);
}

function checkUrl(key: (typeof URLS)[number], text: string, problems: ProblemReporter): void {
  const path = ['middleProxy', key];
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    problems.error(path, 'not an https:// address');
  } else if (url.username !== '' || url.password !== '') {
    problems.error(path, 'an address with a user name is not supported');
  } else if (url.protocol === 'http:') {
    problems.warning(path, 'over plain HTTP, anybody on the way can lead the users to middle proxies of their own');
  }
}
