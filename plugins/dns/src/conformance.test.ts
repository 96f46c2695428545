import { SluiceError, type Dns, type Injector } from '@sluice/plugin-api';
import { loneOutboundConformance } from '@sluice/testing';
import { it } from 'vitest';
import { dnsOutbound } from './index.js';

const dns = { answer: () => Promise.reject(new SluiceError('E_DNS_FAILED', 'junk is no question')) } as Partial<Dns>;
const services: Injector = { get: () => dns as never };

for (const { name, run, timeoutMs } of loneOutboundConformance(
  { outbound: dnsOutbound, settings: {}, services },
  { udp: true },
))
  it(name, run, timeoutMs);
