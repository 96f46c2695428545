import {
  SluiceError,
  toSluiceError,
  type DataPlane,
  type Dispatcher,
  type Logger,
  type OwnSession,
  type TimerEntry,
} from '@sluice/plugin-api';
import { plausibleProfile, type HostProfile } from '../fake-tls/host-profile.js';
import { measureFlight } from '../fake-tls/measure-flight.js';
import { encodeProxyHeader, NOBODY } from '../proxy-protocol/encode.js';
import type { FrontedHosts } from './fronted-hosts.js';
import type { FrontingSettings } from './settings.js';

const MINUTE = 60_000;
/** A certificate is renewed every few weeks: what is measured once an hour is never long out of date. */
const REFRESH_MS = 60 * MINUTE;
const RETRY_MS = 2 * MINUTE;
/** Hosts are asked a few at a time. */
const AT_A_TIME = 4;

const over = new SluiceError('E_CLOSING', 'nobody needs the measurement any more');

export interface HostProfilesServices {
  readonly tag: string;
  readonly plane: DataPlane;
  readonly dispatcher: Dispatcher;
  readonly logger: Logger;
}

/**
 * What the fronted hosts' own answers to a TLS hello look like, so that ours to users look alike.
 * They are asked at the start and every hour, through the router; until one has answered, a plausible
 * look is used.
 */
export class HostProfiles {
  readonly #services: HostProfilesServices;
  readonly #hosts: FrontedHosts | undefined;
  readonly #proxyProtocol: 0 | 1 | 2;
  readonly #profiles = new Map<string, HostProfile>();
  readonly #measuring = new Set<OwnSession>();
  readonly #waiting: string[] = [];
  #names: readonly string[] = [];
  #isMeasuring = false;
  #timer: TimerEntry | undefined;
  #isClosed = false;

  constructor(
    hosts: FrontedHosts | undefined,
    { proxyProtocol = 0 }: Pick<FrontingSettings, 'proxyProtocol'>,
    services: HostProfilesServices,
  ) {
    this.#hosts = hosts;
    this.#proxyProtocol = proxyProtocol;
    this.#services = services;
  }

  of(serverName: string): HostProfile {
    const name = serverName.toLowerCase();
    let profile = this.#profiles.get(name);
    if (profile === undefined) {
      profile = plausibleProfile(name);
      // Asked for only under names that users have, so there are as many as in the settings.
      this.#profiles.set(name, profile);
    }
    return profile;
  }

  /** Begins to ask the hosts behind these names. Returns at once. @param names in lower case */
  start(names: ReadonlySet<string>): void {
    this.#names = [...names].filter((name) => this.#hosts?.of(name) !== undefined);
    if (!this.#isMeasuring && !this.#isClosed) this.#measureAll();
  }

  /** Asks no more until it is started again. What is being asked is heard. */
  rest(): void {
    this.#names = [];
    this.#waiting.length = 0;
    if (this.#timer !== undefined) this.#services.plane.timers.cancel(this.#timer);
  }

  /** Asks the host behind one more name, if it is one that is not known. @param name in lower case */
  learn(name: string): void {
    if (this.#isClosed || this.#names.includes(name) || this.#hosts?.of(name) === undefined) return;
    this.#names = [...this.#names, name];
    if (this.#timer === undefined && !this.#isMeasuring) this.#measureAll();
    else void this.#measure(name);
  }

  /** Goes on with the looks that users have seen so far, until their hosts have been asked again. @param names in lower case */
  recall(previous: HostProfiles, names: ReadonlySet<string>): void {
    for (const [name, profile] of previous.#profiles) if (names.has(name)) this.#profiles.set(name, profile);
  }

  close(): void {
    this.#isClosed = true;
    this.#waiting.length = 0;
    if (this.#timer !== undefined) this.#services.plane.timers.cancel(this.#timer);
    for (const session of this.#measuring) session.close();
  }

  #measureAll(): void {
    if (this.#names.length === 0) return;
    this.#isMeasuring = true;
    this.#waiting.push(...this.#names);
    let failed = 0;
    const work = async (): Promise<void> => {
      for (let name = this.#waiting.shift(); name !== undefined; name = this.#waiting.shift()) {
        if (!(await this.#measure(name))) failed += 1;
      }
    };
    void Promise.all(Array.from({ length: AT_A_TIME }, work)).then(() => {
      this.#isMeasuring = false;
      if (this.#isClosed) return;
      const again = failed > 0 ? RETRY_MS : REFRESH_MS;
      this.#timer = this.#services.plane.timers.after(again, () => this.#measureAll());
    });
  }

  /** False if the host did not answer as a TLS 1.3 server does. */
  async #measure(name: string): Promise<boolean> {
    const { tag, dispatcher, logger } = this.#services;
    const host = this.#hosts?.of(name);
    if (host === undefined) return true;
    const session = dispatcher.originate({ inboundTag: tag, inboundProtocol: 'mtproto' });
    this.#measuring.add(session);
    try {
      const link = await dispatcher.connect(session, host, { byConfiguration: true });
      // Whoever closes, here or the runtime, waits for no host.
      session.onEnd({ sessionEnded: () => link.destroy(over) });
      const version = this.#proxyProtocol;
      if (version !== 0) link.write(encodeProxyHeader(version, NOBODY, NOBODY));
      const profile = await measureFlight(link, name).finally(() => link.destroy());
      if (profile === undefined) {
        throw new SluiceError('E_PROTOCOL', 'its answer to a TLS hello is not that of a TLS 1.3 server');
      }
      this.#profiles.set(name, profile);
      logger.debug(`answers under ${name} look like the fronted host's`, { bytes: profile.encryptedLength });
      return true;
    } catch (thrown) {
      const { code, message } = toSluiceError(thrown);
      if (code !== over.code) {
        logger.warn(`the fronted host of ${name} could not be measured, answers only look plausible: ${message}`, {
          code,
        });
      }
      return false;
    } finally {
      this.#measuring.delete(session);
      session.close();
    }
  }
}
