import type { InboundConfig, OutboundConfig } from '@sluice/config';
import {
  tokens,
  type AssetFiles,
  type Control,
  type InboundContext,
  type Outbound,
  type OutboundContext,
  type ServiceContext,
} from '@sluice/plugin-api';
import type { Container } from '../container/container.js';
import type { DispatchServices } from '../dispatch/dispatch-services.js';
import { PacketFlows } from '../dispatch/packet-flows.js';
import { SessionCount } from '../dispatch/session-count.js';
import { InboundWorker } from '../inbound/inbound-worker.js';
import { HandlerDialer } from '../outbound/handler-dialer.js';
import { OutboundHandler } from '../outbound/outbound-handler.js';
import type { OutboundTable } from '../outbound/outbound-table.js';
import type { Contributions } from '../registry/contributions.js';
import type { CurrentDns } from '../services/current-dns.js';
import { ServiceHandler } from '../services/service-handler.js';
import { Sniffing } from '../sniffing/sniffing.js';
import { StreamLayers } from '../stream/stream-layers.js';

export interface FactoryServices extends DispatchServices {
  readonly container: Container;
  readonly contributions: Contributions;
  readonly outbounds: OutboundTable;
  readonly dns: CurrentDns;
}

/** Makes handlers of a configuration's entries: each with a container of its own, and without side effects. */
export class HandlerFactory {
  readonly #services: FactoryServices;

  constructor(services: FactoryServices) {
    this.#services = services;
  }

  /** @throws SluiceError E_REGISTRY_UNKNOWN, or what the plugin throws */
  outbound(entry: OutboundConfig): OutboundHandler {
    const { outbounds, plane, dns, contributions } = this.#services;
    const bare = this.#container(entry.tag, entry.settings);
    const layers = this.#layers(entry, 'outbound', bare);
    const dialer = new HandlerDialer(entry, { outbounds, plane, resolver: dns.system, layers });
    const own = bare.value(tokens.dialer, dialer);
    const context: OutboundContext = {
      ...shared(own),
      tag: entry.tag,
      settings: entry.settings as object,
      dialer,
      resolver: own.get(tokens.resolver),
    };
    const outbound = contributions.outbounds.get(entry.protocol).create(context);
    const handler = new OutboundHandler(entry, outbound, { dialer, layers });
    this.meterOutbound(handler);
    return handler;
  }

  /** An outbound that a service is under one of its tags. */
  ofService(key: string, tag: string, outbound: Outbound): OutboundHandler {
    return new OutboundHandler({ tag, tagged: true, protocol: key, settings: {} }, outbound);
  }

  /** @throws SluiceError E_REGISTRY_UNKNOWN, or what the plugin throws */
  inbound(entry: InboundConfig): InboundWorker {
    const { contributions, logger, dns } = this.#services;
    const contribution = contributions.inbounds.get(entry.protocol);
    const own = this.#container(entry.tag, entry.settings);
    const sniffing =
      entry.sniffing === undefined
        ? undefined
        : new Sniffing(entry.sniffing, contributions.sniffers.values(), (address) => dns.nameOf(address));
    const count = new SessionCount();
    const identity = { tag: entry.tag, protocol: entry.protocol, sniffing, count };
    const packets = new PacketFlows(this.#services, identity);
    own.value(tokens.packets, packets);
    const context: InboundContext = {
      ...shared(own),
      tag: entry.tag,
      settings: entry.settings as object,
      dispatcher: own.get(tokens.dispatcher),
      packets,
    };
    const inbound = contribution.create(context);
    const networks = contribution.networks(entry.settings);
    const worker = new InboundWorker(
      entry,
      { inbound, networks, packets, sniffing, count, layers: this.#layers(entry, 'inbound', own) },
      { ...this.#services, logger: logger(entry.tag) },
    );
    this.meterInbound(worker);
    return worker;
  }

  /** @throws SluiceError E_REGISTRY_UNKNOWN, or what the plugin throws */
  service(key: string, settings: unknown, assets: AssetFiles): ServiceHandler {
    const { contributions, dns } = this.#services;
    const own = this.#container(key, settings);
    const undo: (() => void)[] = [];
    const context: ServiceContext = {
      ...shared(own),
      key,
      settings: settings as object,
      dispatcher: own.get(tokens.dispatcher),
      control: own.get<Control>(tokens.control),
      health: own.get(tokens.health),
      logs: own.get(tokens.logs),
      dns,
      resolver: own.get(tokens.resolver),
      assets,
      useDns: (other) => void undo.push(dns.use(other)),
    };
    const service = contributions.services.get(key).create(context);
    return new ServiceHandler(key, settings, service, () => {
      for (const one of undo.splice(0)) one();
    });
  }

  /** Attaches the counters that the policy asks for now. */
  meterInbound(worker: InboundWorker): void {
    const { tag, tagged } = worker.config;
    worker.traffic = tagged ? this.#services.traffic.inbound(tag) : NOTHING;
  }

  meterOutbound(handler: OutboundHandler): void {
    const { tag, tagged } = handler.config;
    handler.meter(tagged ? this.#services.traffic.outbound(tag) : NOTHING);
  }

  /** What plugins bring for the handler's `streamSettings`. */
  #layers(
    { tag, stream }: InboundConfig | OutboundConfig,
    side: 'inbound' | 'outbound',
    own: Container,
  ): StreamLayers | undefined {
    const { contributions } = this.#services;
    const made = stream?.layers?.map(({ kind, name, settings }) =>
      contributions[kind].get(name).create({ ...shared(own), tag, side, settings: settings as object }),
    );
    return made === undefined ? undefined : new StreamLayers(made);
  }

  #container(tag: string, settings: unknown): Container {
    const { container, logger } = this.#services;
    return container.child().value(tokens.tag, tag).value(tokens.settings, settings).value(tokens.logger, logger(tag));
  }
}

const NOTHING = { uplink: undefined, downlink: undefined };

/** What every handler is given. */
function shared(own: Container): Pick<InboundContext, 'logger' | 'policy' | 'stats' | 'plane' | 'get'> {
  return {
    logger: own.get(tokens.logger),
    policy: own.get(tokens.policy),
    stats: own.get(tokens.stats),
    plane: own.get(tokens.plane),
    get: (token) => own.get(token),
  };
}
