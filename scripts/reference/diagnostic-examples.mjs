/**
 * For each code a configuration that has it, as small as it can be. A text is of config.json; several files are
 * merged in their order, but for modules, which are plugins that the first one names.
 */
const IN = '"listen": "127.0.0.1", "port": 1080, "protocol": "socks"';

export const diagnosticExamples = {
  C_READ: { 'config.json': undefined },
  C_SYNTAX: '{ "log": { "loglevel": "info" }\n  "stats": {} }',
  C_TRAILING: '{ "log": {} }\n{ "stats": {} }',
  C_DUPLICATE_KEY: '{ "log": { "loglevel": "info", "loglevel": "debug" } }',
  C_UNKNOWN_KEY: '{ "log": { "logLevl": "info" } }',
  C_TYPE: '{ "policy": { "levels": { "0": { "handshake": "4" } } } }',
  C_VALUE: `{ "inbounds": [{ ${IN}, "settings": { "auth": "pasword" } }] }`,
  C_MISSING: '{ "outbounds": [{ "tag": "direct" }] }',
  C_DEPRECATED: `{ "inbound": { ${IN} } }`,
  C_MERGE: {
    'a.json': '{ "outbounds": [{ "protocol": "freedom" }] }',
    'b.json': '{ "outbounds": [{ "protocol": "blackhole" }] }',
  },
  C_UNKNOWN_PROTOCOL: '{ "outbounds": [{ "protocol": "fredom" }] }',
  C_UNKNOWN_RULE_TYPE: `{
  "outbounds": [{ "tag": "direct", "protocol": "freedom" }],
  "routing": { "rules": [{ "type": "filed", "port": 80, "outboundTag": "direct" }] }
}`,
  C_DUPLICATE_TAG: `{
  "outbounds": [
    { "tag": "out", "protocol": "freedom" },
    { "tag": "out", "protocol": "blackhole" }
  ]
}`,
  C_UNKNOWN_OUTBOUND: `{
  "outbounds": [{ "tag": "direct", "protocol": "freedom" }],
  "routing": { "rules": [{ "type": "field", "port": 80, "outboundTag": "dirct" }] }
}`,
  C_UNKNOWN_INBOUND: `{
  "inbounds": [{ "tag": "socks-in", ${IN} }],
  "outbounds": [{ "tag": "direct", "protocol": "freedom" }],
  "routing": { "rules": [{ "type": "field", "inboundTag": ["socks"], "outboundTag": "direct" }] }
}`,
  C_UNKNOWN_STRATEGY: `{
  "outbounds": [{ "tag": "proxy-1", "protocol": "freedom" }],
  "routing": { "balancers": [{ "tag": "any", "selector": ["proxy-"], "strategy": "leastping2" }] }
}`,
  C_UNKNOWN_BALANCER: `{
  "outbounds": [{ "tag": "proxy-1", "protocol": "freedom" }],
  "routing": {
    "balancers": [{ "tag": "any", "selector": ["proxy-"] }],
    "rules": [{ "type": "field", "port": 80, "balancerTag": "all" }]
  }
}`,
  C_EMPTY_SELECTOR: `{
  "outbounds": [{ "tag": "proxy-1", "protocol": "freedom" }],
  "routing": { "balancers": [{ "tag": "any", "selector": ["proxy-", "vps-"] }] }
}`,
  C_UNOBSERVED: `{
  "outbounds": [{ "tag": "proxy-1", "protocol": "freedom" }],
  "routing": { "balancers": [{ "tag": "fast", "selector": ["proxy-"], "strategy": { "type": "leastPing" } }] }
}`,
  C_HIDDEN_RULE: `{
  "outbounds": [{ "tag": "direct", "protocol": "freedom" }, { "tag": "block", "protocol": "blackhole" }],
  "routing": {
    "rules": [
      { "type": "field", "domain": ["domain:example.org"], "outboundTag": "direct" },
      { "type": "field", "domain": ["full:www.example.org"], "outboundTag": "block" }
    ]
  }
}`,
  C_UNUSED_OUTBOUND: `{
  "outbounds": [{ "tag": "direct", "protocol": "freedom" }, { "tag": "spare", "protocol": "blackhole" }]
}`,
  C_UNUSED_BALANCER: `{
  "outbounds": [{ "tag": "proxy-1", "protocol": "freedom" }],
  "routing": { "balancers": [{ "tag": "any", "selector": ["proxy-"] }] }
}`,
  C_OUTBOUND_LOOP: `{
  "outbounds": [
    { "tag": "a", "protocol": "freedom", "proxySettings": { "tag": "b" } },
    { "tag": "b", "protocol": "freedom", "proxySettings": { "tag": "a" } }
  ]
}`,
  C_PORT: '{ "inbounds": [{ "listen": "127.0.0.1", "port": "1090-1080", "protocol": "socks" }] }',
  C_ADDRESS: '{ "inbounds": [{ "listen": "example.org", "port": 1080, "protocol": "socks" }] }',
  C_LISTEN_CONFLICT: `{
  "inbounds": [
    { "tag": "a", ${IN} },
    { "tag": "b", "listen": "127.0.0.1", "port": 1080, "protocol": "http" }
  ]
}`,
  C_DUPLICATE_USER: `{ "inbounds": [{ ${IN}, "settings": {
  "auth": "password",
  "accounts": [{ "user": "ann", "pass": "1a2b" }, { "user": "ann", "pass": "3c4d" }]
} }] }`,
  C_CERTIFICATE: `{ "inbounds": [{ ${IN}, "streamSettings": {
  "security": "tls",
  "tlsSettings": { "certificates": [{ "certificate": ["-----BEGIN CERTIFICATE-----"], "key": ["-----BEGIN KEY-----"] }] }
} }] }`,
  C_UNAVAILABLE: '{ "outbounds": [{ "protocol": "freedom", "streamSettings": { "network": "ws" } }] }',
  C_IGNORED: '{ "routing": { "strategy": "rules" } }',
  C_CHECK: `{ "inbounds": [{ ${IN}, "settings": { "auth": "password" } }] }`,
  C_PLUGIN_LOAD: '{ "plugins": ["sluice-plugin-absent"] }',
  C_PLUGIN_CLASH: {
    'config.json': '{ "plugins": ["./local.js"] }',
    'local.js': pluginModule('outbounds: { socks: {} }'),
  },
  C_PLUGIN: {
    'config.json': '{\n  "plugins": ["./local.js"],\n  "outbounds": [{ "protocol": "faulty" }]\n}',
    'local.js': pluginModule(
      "outbounds: { faulty: { description: 'Faulty.', schema: {}, check() { throw new TypeError('no such table'); } } }",
    ),
  },
};

function pluginModule(contributions) {
  return `export default {
  name: 'local', version: '1.0.0', apiVersion: 1, description: 'An example.',
  ${contributions},
};`;
}
