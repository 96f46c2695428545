import { Buffer } from 'node:buffer';
import { destination, type Destination } from '@sluice/plugin-api';
import type { Credentials } from './codec.js';
import type { ServerSettings } from './schema.js';

export interface ServerUser extends Credentials {
  readonly level: number;
}

/** A SOCKS 5 server that an outbound leads through. */
export interface Server {
  readonly address: Destination;
  readonly users: readonly ServerUser[];
}

/** @throws SluiceError E_ADDRESS_INVALID */
export function serverOf({ address, port, users = [] }: ServerSettings): Server {
  return {
    address: destination('tcp', address, port),
    users: users.map(({ user, pass, level }) => ({
      user: Buffer.from(user),
      pass: Buffer.from(pass),
      level: level ?? 0,
    })),
  };
}

/** One of the users at random, as V2Ray chooses; undefined if there are none. */
export function pickUser({ users }: Server): ServerUser | undefined {
  return users[Math.floor(Math.random() * users.length)];
}
