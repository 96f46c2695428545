import type { Control } from '@sluice/plugin-api';
import { isLoopbackAddress } from '../access/controller-address.js';

/** The one mode: there is no switch past the rules. */
export const MODE = 'rule';

/** What Clash calls the configuration: its general settings, as far as they have a meaning here. */
export function describeConfig(control: Control, mode: string): object {
  const inbounds = control.inbounds();
  const portOf = (protocol: string): number =>
    inbounds.find((inbound) => inbound.protocol === protocol)?.listening.find(({ network }) => network === 'tcp')
      ?.endpoint.port ?? 0;
  const endpoints = inbounds.flatMap(({ listening }) => listening.map(({ endpoint }) => endpoint));
  return {
    port: portOf('http'),
    'socks-port': portOf('socks'),
    'redir-port': 0,
    'tproxy-port': 0,
    'mixed-port': 0,
    'allow-lan': endpoints.some(({ address, port }) => port > 0 && !isLoopbackAddress(address)),
    'bind-address': '*',
    mode,
    'mode-list': [mode],
    modes: [mode],
    'log-level': 'info',
    ipv6: true,
    tun: {
      enable: false,
      device: '',
      stack: '',
      'dns-hijack': null,
      'auto-route': false,
      'auto-detect-interface': false,
    },
  };
}
