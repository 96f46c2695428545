import type { Buffer } from 'node:buffer';
import type { Resolver } from '@sluice/net';

/** The instance's DNS: the configuration's `dns`, or the operating system's resolver without one. */
export interface Dns extends Resolver {
  /**
   * Answers a DNS message (RFC 1035) with one: the same id and question, FORMERR or SERVFAIL where
   * there is no better.
   */
  answer(query: Buffer): Promise<Buffer>;
  /** The name that a made-up address (fakedns) stands for. */
  nameOf(address: string): string | undefined;
  /** Forgets the answers, or the made-up addresses (fakedns), that are kept; where nothing is kept, absent. */
  readonly flush?: ((what: 'answers' | 'fakes') => void) | undefined;
}
