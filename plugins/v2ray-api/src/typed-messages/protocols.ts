import { blackhole } from './blackhole.js';
import { dns } from './dns.js';
import { dokodemo } from './dokodemo.js';
import { freedom } from './freedom.js';
import { http } from './http.js';
import { mtproto } from './mtproto.js';
import type { ProtocolTranslation } from './protocol.js';
import { socks } from './socks.js';

/** The protocols whose messages are understood, sorted. */
export const protocols: readonly ProtocolTranslation[] = [blackhole, dns, dokodemo, freedom, http, mtproto, socks];
