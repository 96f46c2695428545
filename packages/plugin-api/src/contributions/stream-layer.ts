import type { DataPlane, Destination, Link } from '@sluice/net';
import type { Logger } from '../services/logger.js';
import type { Session } from '../services/session.js';
import type { Injector } from '../tokens.js';
import type { ProblemReporter, TSchema } from './schema.js';

/**
 * What a handler's streams go through below its protocol: a transport, which `streamSettings.network`
 * names, or a security, which `streamSettings.security` names. Its settings stand beside that key, under
 * its own name and "Settings": `"network": "mask", "maskSettings": {…}`. From the socket upwards come the
 * security, the transport and the protocol. One stream goes in, one comes out; what shares one connection
 * among several, or goes by UDP, is an inbound and an outbound of its own. Packets pass by.
 */
export interface StreamLayerContribution<S = unknown> {
  /** One sentence for completion and docs. */
  readonly description: string;
  /** The JSON Schema (TypeBox) of its settings. */
  readonly schema: TSchema;
  /** Finds what a schema cannot say. Called with settings that the schema accepts. */
  check?(settings: S, problems: ProblemReporter): void;
  /** Constructs without side effects; resources are taken in `start`. */
  create(context: StreamLayerContext<S>): StreamLayer;
}

/** What a layer is given; `get` reaches any other service by its token. */
export interface StreamLayerContext<S = unknown> extends Injector {
  /** The tag of the inbound or outbound that it belongs to. */
  readonly tag: string;
  /** Which end it will be: of an inbound's streams only `accept` is called, of an outbound's only `connect`. */
  readonly side: 'inbound' | 'outbound';
  /** Validated and frozen. */
  readonly settings: Readonly<S>;
  readonly logger: Logger;
  readonly plane: DataPlane;
}

/**
 * A layer of one configured handler. Both methods give the link on which the next layer begins: the
 * same one with codecs pushed, or another one over it (`new Link(new DuplexConn(plane, stream))`, where
 * the stream was made of `new LinkDuplex(link)` by a library). Destroying that one closes all below it.
 * Time is limited by the runtime, which closes the lowest link. What fails, it closes, too.
 */
export interface StreamLayer {
  /** Takes resources; a rejection ends the start of the handler. */
  start?(): void | Promise<void>;
  /** Safe after a start that failed half-way, and twice. */
  close?(): void | Promise<void>;
  /**
   * The client's end. Called for an outbound's connections that lead to its server directly; not for
   * those that go through another outbound.
   * @param to what was dialled: its host is the server's name, or an address
   * @throws SluiceError with a code of the catalogue
   */
  connect(link: Link, session: Session, to: Destination): Promise<Link>;
  /** The server's end, within the inbound's handshake time. @throws SluiceError with a code of the catalogue */
  accept(link: Link, session: Session): Promise<Link>;
}

/** Keeps the settings' type while the registry forgets it. */
export function defineStreamLayer<S>(contribution: StreamLayerContribution<S>): StreamLayerContribution {
  return contribution;
}
