import type { Buffer } from 'node:buffer';
import { SluiceError, toSluiceError, type Link, type Session } from '@sluice/plugin-api';
import type { ClientHello } from '../fake-tls/client-hello.js';
import { helloTime, isTimely, type TimeWindow } from '../fake-tls/digest.js';
import { readGreeting, type Greeted } from '../fake-tls/greeting.js';
import type { HostProfile } from '../fake-tls/host-profile.js';
import type { HelloSearchRun } from '../fake-tls/hello-search.js';
import { KeySharePool } from '../fake-tls/key-share-pool.js';
import { RecordDecoder } from '../fake-tls/record-decoder.js';
import { RecordEncoder } from '../fake-tls/record-encoder.js';
import { SearchQueue } from '../fake-tls/search-queue.js';
import { negotiate, serverFlight } from '../fake-tls/server-flight.js';
import { openHeader } from '../obfuscation/client-layer.js';
import { hasForbiddenStart, HEADER_LENGTH } from '../obfuscation/header.js';
import { headerReplayKey, helloReplayKey } from '../replay/replay-key.js';
import type { ReplayFilter } from '../replay/replay-filter.js';
import { readInSilence } from '../silence.js';
import type { MtprotoUser, OpenedBy, Users } from '../users.js';
import { clockStranger, Stranger, stranger } from './stranger.js';

export interface ClientHandshakeOptions {
  readonly users: Users;
  readonly replay: ReplayFilter;
  /** In seconds. */
  readonly timeWindow: TimeWindow;
  /** What the answer to a client with that server name is to look like. */
  readonly profileOf: (serverName: string) => HostProfile;
  /** Strangers are led on with what they have sent, so that an unfinished handshake is one, too. */
  readonly leadsOn: boolean;
}

/** So many bytes tell an obfuscated2 header from most other protocols. */
const TELLING_BYTES = 8;

/** How a connection begins: with a TLS hello, with 64 bytes that may be a header, or with neither. */
type Beginning = Greeted | 'header' | 'foreign';

/** Reads a client's handshake in any mode that the inbound accepts, and finds out whose it is. */
export class ClientHandshake {
  readonly #options: ClientHandshakeOptions;
  readonly #searches = new SearchQueue();
  readonly #shares = new KeySharePool();

  constructor(options: ClientHandshakeOptions) {
    this.#options = options;
    if (options.users.takeTls) this.#shares.fill();
  }

  /**
   * A stranger's bytes all stay in the reader. A user's handshake has been read, and the link speaks
   * whatever layer the user has chosen.
   * @param proven called as soon as the client is known to be a user, where more is still to come from it
   * @throws SluiceError if the connection ends, or a proven client goes on with what no client sends
   */
  async open(link: Link, session: Session, proven?: () => void): Promise<OpenedBy | Stranger> {
    const beginning = await this.#begin(link);
    if (beginning instanceof Stranger) return beginning;
    if (beginning === 'foreign') return stranger('protocol');
    if (beginning === 'header') return this.#openBare(link, session);
    return this.#openTls(link, session, beginning, proven);
  }

  async #begin(link: Link): Promise<Beginning | Stranger> {
    const { users, leadsOn } = this.#options;
    const kind = users.takeTls ? (users.takeBare ? beginsWithAny : beginsWithTls) : beginsWithHeader;
    let beginning: Beginning | undefined;
    try {
      await link.reader.inspect((bytes) => {
        beginning = kind(bytes);
        return beginning !== undefined;
      });
    } catch (thrown) {
      const error = toSluiceError(thrown);
      // What waits for more, or has half closed, is left to the host to answer as it would.
      if (!leadsOn || link.conn.destroyed) throw error;
      return new Stranger(error.code === 'E_HANDSHAKE_TIMEOUT' ? 'timeout' : 'incomplete', error);
    }
    return beginning ?? 'foreign';
  }

  async #openBare(link: Link, session: Session): Promise<OpenedBy | Stranger> {
    const { users, replay } = this.#options;
    const header = link.reader.buffered.subarray(0, HEADER_LENGTH);
    const opened = users.openAtOnce(header, session) ?? (await this.#searchBare(header, link, session));
    if (opened instanceof Stranger) return opened;
    const refusal = users.refusal(opened.user, opened.client.framing);
    if (refusal !== undefined) return new Stranger('framing', refusal);
    const isNew = replay.add(headerReplayKey(header));
    if (isNew !== true && !(await isNew)) return stranger('replay');
    link.reader.skip(HEADER_LENGTH);
    return opened;
  }

  async #openTls(
    link: Link,
    session: Session,
    { hello, consumed }: Greeted,
    proven?: () => void,
  ): Promise<OpenedBy | Stranger> {
    const { users, replay, profileOf } = this.#options;
    const { serverName = '' } = hello;
    if (!users.knowsName(serverName)) return stranger('serverName', serverName);
    const user = users.onlyInTls ?? (await this.#searchHello(hello, link, session));
    if (user instanceof Stranger) return user;
    const late = this.#lateness(user, hello);
    if (late !== undefined) return late;
    const profile = profileOf(serverName);
    const negotiated = negotiate(hello, profile);
    if (typeof negotiated === 'string') return stranger('hello', serverName);
    const isNew = replay.add(helloReplayKey(hello.random));
    if (isNew !== true && !(await isNew)) return stranger('replay', serverName);
    const flight = serverFlight(hello, negotiated, user.secret.key, profile, this.#shares);
    link.reader.skip(consumed);
    link.write(flight);
    proven?.();
    link.push({ decode: new RecordDecoder(), encode: new RecordEncoder() });
    const header = await link.reader.readExactly(HEADER_LENGTH);
    const client = openHeader(header, user.secret);
    // In these records all can read it, and whoever sends it again need not do so in TLS.
    const isFresh = client === undefined || !users.mayComeBare(user) || (await replay.add(headerReplayKey(header)));
    if (client !== undefined && isFresh && users.has(user)) return { user, client };
    await readInSilence(link.reader);
    const what = !isFresh ? 'a header that has been seen before' : client ? 'a user who is gone' : 'another secret';
    throw new SluiceError('E_AUTH', `a client whose TLS hello was right goes on with ${what}`);
  }

  async #searchBare(header: Buffer, link: Link, { source }: Session): Promise<OpenedBy | Stranger> {
    const { users } = this.#options;
    const found = await this.#find(users.searchHeader(header), link);
    if (found === 'busy') return stranger('busy');
    const opened = found === undefined ? undefined : users.openFound(found, header, source.address);
    return opened ?? stranger('secret');
  }

  async #searchHello(hello: ClientHello, link: Link, session: Session): Promise<MtprotoUser | Stranger> {
    const { users } = this.#options;
    const source = session.source.address;
    const found = await this.#find(users.searchHello(hello, source), link);
    if (found === 'busy') return stranger('busy', hello.serverName);
    const user = found === undefined ? undefined : users.foundInTls(found, hello, source);
    return user ?? stranger('secret', hello.serverName);
  }

  /** @throws SluiceError E_CONN_CLOSED if the client has not waited for the end of the search */
  async #find(run: HelloSearchRun, { conn }: Link): Promise<number | undefined | 'busy'> {
    const found = await this.#searches.find(run, () => !conn.destroyed);
    if (conn.destroyed) throw new SluiceError('E_CONN_CLOSED', 'the client left before its user was found');
    return found;
  }

  /** Why a hello is not accepted as the user's now, if so. */
  #lateness(user: MtprotoUser, { record, serverName }: ClientHello): Stranger | undefined {
    const time = helloTime(record, user.secret.key);
    if (time === undefined) return stranger('secret', serverName);
    const now = Math.floor(Date.now() / 1000);
    return isTimely(time, now, this.#options.timeWindow) ? undefined : clockStranger(time - now, serverName);
  }
}

/** Undefined: more bytes are needed to tell. */
function beginsWithHeader(bytes: Buffer): Beginning | undefined {
  if (bytes.length >= TELLING_BYTES && hasForbiddenStart(bytes)) return 'foreign';
  return bytes.length >= HEADER_LENGTH ? 'header' : undefined;
}

function beginsWithTls(bytes: Buffer): Beginning | undefined {
  const greeting = readGreeting(bytes);
  return greeting === 'more' ? undefined : greeting;
}

function beginsWithAny(bytes: Buffer): Beginning | undefined {
  const greeting = readGreeting(bytes);
  if (greeting === 'foreign') return beginsWithHeader(bytes);
  return greeting === 'more' ? undefined : greeting;
}
