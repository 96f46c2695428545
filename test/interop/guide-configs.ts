/** A configuration of the kind that guides to V2Ray show, and all that we say of it. */
export interface GuideConfig {
  readonly name: string;
  readonly text: string;
  /** "severity code pointer" of each diagnostic, in their order. */
  readonly said: readonly string[];
}

const id = 'a3482e88-686a-4a58-8126-99c9df64b7bf';
const unknown = (pointer: string): string => `error C_UNKNOWN_PROTOCOL ${pointer}/protocol`;
const unavailable = (pointer: string): string => `error C_UNAVAILABLE ${pointer}`;
const unused = (pointer: string): string => `info C_UNUSED_OUTBOUND ${pointer}/tag`;

const remote = (more = ''): string => `{
      "protocol": "vmess",
      "settings": {
        "vnext": [{ "address": "server.example", "port": 16823, "users": [{ "id": "${id}", "alterId": 64 }] }]
      }${more}
    }`;

export const guideConfigs: readonly GuideConfig[] = [
  {
    name: 'a client',
    text: `{
  "inbounds": [
    {
      "port": 1080, // what the browser is set to
      "protocol": "socks",
      "sniffing": { "enabled": true, "destOverride": ["http", "tls"] },
      "settings": { "auth": "noauth" }
    }
  ],
  "outbounds": [${remote()}]
}`,
    said: [unknown('/outbounds/0')],
  },
  {
    name: 'a server',
    text: `{
  "inbounds": [{ "port": 16823, "protocol": "vmess", "settings": { "clients": [{ "id": "${id}", "alterId": 64 }] } }],
  "outbounds": [{ "protocol": "freedom", "settings": {} }]
}`,
    said: [unknown('/inbounds/0')],
  },
  {
    name: 'a client of the time before "inbounds"',
    text: `{
  "log": { "access": "", "error": "", "loglevel": "warning" },
  "inbound": {
    "port": 1080, "listen": "127.0.0.1", "protocol": "socks",
    "settings": { "auth": "noauth", "udp": true, "ip": "127.0.0.1", "clients": null },
    "streamSettings": null
  },
  "outbound": { "protocol": "freedom", "settings": null, "mux": { "enabled": false } },
  "inboundDetour": [{ "port": 8118, "listen": "127.0.0.1", "protocol": "http", "settings": { "timeout": 0 } }],
  "outboundDetour": [{ "protocol": "blackhole", "settings": { "response": { "type": "http" } }, "tag": "blockout" }],
  "dns": { "servers": ["8.8.8.8", "8.8.4.4", "localhost"] },
  "routing": {
    "strategy": "rules",
    "settings": {
      "domainStrategy": "IPIfNonMatch",
      "rules": [
        { "type": "field", "ip": ["10.0.0.0/8", "127.0.0.0/8", "fc00::/7"], "outboundTag": "blockout" },
        { "type": "chinasites", "outboundTag": "direct" }
      ]
    }
  }
}`,
    said: [
      'warning C_DEPRECATED /inbound',
      'warning C_DEPRECATED /outbound',
      'warning C_DEPRECATED /inboundDetour',
      'warning C_DEPRECATED /outboundDetour',
      'warning C_IGNORED /routing/strategy',
      'warning C_DEPRECATED /routing/settings',
      'error C_UNKNOWN_RULE_TYPE /routing/settings/rules/1/type',
      'error C_UNKNOWN_OUTBOUND /routing/settings/rules/1/outboundTag',
    ],
  },
  {
    name: 'a client that goes to its own country directly',
    text: `{
  "log": { "loglevel": "warning", "access": "", "error": "" },
  "inbounds": [
    { "port": 1080, "listen": "127.0.0.1", "protocol": "socks", "settings": { "auth": "noauth", "udp": true } },
    { "port": 8080, "listen": "127.0.0.1", "protocol": "http" }
  ],
  "outbounds": [
    ${remote(',\n      "mux": { "enabled": true }')},
    { "protocol": "freedom", "settings": {}, "tag": "direct" },
    { "protocol": "blackhole", "settings": {}, "tag": "adblock" }
  ],
  "dns": { "servers": ["1.1.1.1", { "address": "114.114.114.114", "port": 53, "domains": ["geosite:cn"] }, "localhost"] },
  "routing": {
    "domainStrategy": "IPOnDemand",
    "rules": [
      { "type": "field", "domain": ["geosite:category-ads-all"], "outboundTag": "adblock" },
      { "type": "field", "domain": ["amazon.com", "microsoft.com", "geosite:cn"], "outboundTag": "direct" },
      { "type": "field", "ip": ["geoip:cn", "geoip:private"], "outboundTag": "direct" },
      { "type": "field", "domain": ["full:www.site.cn"], "outboundTag": "adblock" }
    ]
  }
}`,
    said: [unknown('/outbounds/0'), unavailable('/outbounds/0/mux/enabled'), 'warning C_HIDDEN_RULE /routing/rules/3'],
  },
  {
    name: 'a server behind a web server',
    text: `{
  "inbounds": [
    {
      "port": 10000,
      "listen": "127.0.0.1", // only this machine, so that nobody finds the port from outside
      "protocol": "vmess",
      "settings": { "clients": [{ "id": "${id}", "alterId": 64 }] },
      "streamSettings": { "network": "ws", "wsSettings": { "path": "/ray" } }
    }
  ],
  "outbounds": [{ "protocol": "freedom", "settings": {} }]
}`,
    said: [unknown('/inbounds/0'), unavailable('/inbounds/0/streamSettings/network')],
  },
  {
    name: 'a server with a certificate',
    text: `{
  "inbounds": [
    {
      "port": 443,
      "protocol": "vless",
      "settings": {
        "clients": [{ "id": "${id}", "level": 0, "email": "love@v2ray.example" }],
        "decryption": "none",
        "fallbacks": [{ "dest": 80 }]
      },
      "streamSettings": {
        "network": "tcp",
        "security": "tls",
        "tlsSettings": {
          "alpn": ["http/1.1"],
          "certificates": [{ "certificateFile": "/nowhere/v2ray.crt", "keyFile": "/nowhere/v2ray.key" }]
        }
      }
    }
  ],
  "outbounds": [{ "protocol": "freedom" }]
}`,
    said: [
      unknown('/inbounds/0'),
      unavailable('/inbounds/0/streamSettings/security'),
      'warning C_CERTIFICATE /inbounds/0/streamSettings/tlsSettings/certificates/0/certificateFile',
      'warning C_CERTIFICATE /inbounds/0/streamSettings/tlsSettings/certificates/0/keyFile',
    ],
  },
  {
    name: 'servers of two other protocols',
    text: `{
  "inbounds": [
    {
      "port": 1024,
      "protocol": "shadowsocks",
      "settings": { "method": "aes-128-gcm", "ota": true, "password": "sspasswd", "network": "tcp,udp" }
    },
    { "port": 1025, "protocol": "trojan", "settings": { "clients": [{ "password": "hunter2", "email": "a@b" }] } }
  ],
  "outbounds": [{ "protocol": "freedom" }]
}`,
    said: [unknown('/inbounds/0'), unknown('/inbounds/1')],
  },
  {
    name: 'a disguise of packets, and ports that change',
    text: `{
  "inbounds": [
    {
      "port": "10000-10100",
      "protocol": "vmess",
      "allocate": { "strategy": "random", "concurrency": 2, "refresh": 3 },
      "settings": { "clients": [{ "id": "${id}" }], "detour": { "to": "dynamicPort" } },
      "streamSettings": { "network": "mkcp", "kcpSettings": { "uplinkCapacity": 5, "header": { "type": "wechat-video" } } }
    }
  ],
  "outbounds": [{ "protocol": "freedom" }]
}`,
    said: [
      unknown('/inbounds/0'),
      unavailable('/inbounds/0/allocate/strategy'),
      unavailable('/inbounds/0/streamSettings/network'),
    ],
  },
  {
    name: 'a gateway',
    text: `{
  "inbounds": [
    { "port": 1080, "listen": "127.0.0.1", "protocol": "socks", "settings": { "auth": "noauth" } },
    {
      "tag": "transparent", "port": 12345, "protocol": "dokodemo-door",
      "settings": { "network": "tcp,udp", "followRedirect": true },
      "sniffing": { "enabled": true, "destOverride": ["http", "tls"] },
      "streamSettings": { "sockopt": { "tproxy": "tproxy" } }
    }
  ],
  "outbounds": [
    { "tag": "direct", "protocol": "freedom", "settings": { "domainStrategy": "UseIP" }, "streamSettings": { "sockopt": { "mark": 255 } } },
    { "tag": "dns-out", "protocol": "dns", "streamSettings": { "sockopt": { "mark": 255 } } }
  ],
  "routing": {
    "domainStrategy": "IPOnDemand",
    "rules": [
      { "type": "field", "inboundTag": ["transparent"], "port": 53, "network": "udp", "outboundTag": "dns-out" },
      { "type": "field", "inboundTag": ["transparent"], "port": 123, "network": "udp", "outboundTag": "direct" },
      { "type": "field", "protocol": ["bittorrent"], "outboundTag": "direct" },
      { "type": "field", "ip": ["geoip:private", "geoip:cn"], "outboundTag": "direct" }
    ]
  }
}`,
    said: [
      'error C_CHECK /inbounds/1/settings/followRedirect',
      unavailable('/inbounds/1/streamSettings/sockopt/tproxy'),
      unavailable('/outbounds/0/streamSettings/sockopt/mark'),
      unavailable('/outbounds/1/streamSettings/sockopt/mark'),
    ],
  },
  {
    name: 'one outbound through another',
    text: `{
  "outbounds": [
    ${remote(',\n      "proxySettings": { "tag": "transit" }')},
    { "protocol": "shadowsocks", "settings": { "servers": [{ "address": "192.0.2.7", "method": "aes-256-gcm", "password": "x", "port": 1024 }] }, "tag": "transit" }
  ]
}`,
    said: [unknown('/outbounds/0'), unknown('/outbounds/1')],
  },
  {
    name: 'traffic that is counted',
    text: `{
  "stats": {},
  "api": { "tag": "api", "services": ["StatsService"] },
  "policy": {
    "levels": { "0": { "statsUserUplink": true, "statsUserDownlink": true } },
    "system": { "statsInboundUplink": true, "statsInboundDownlink": true }
  },
  "inbounds": [
    { "tag": "tcp", "port": 3001, "protocol": "socks", "settings": { "auth": "password", "accounts": [{ "user": "a", "pass": "b" }] } },
    { "listen": "127.0.0.1", "port": 10085, "protocol": "dokodemo-door", "settings": { "address": "127.0.0.1" }, "tag": "api-in" }
  ],
  "outbounds": [{ "tag": "direct", "protocol": "freedom", "settings": {} }],
  "routing": { "rules": [{ "inboundTag": ["api-in"], "outboundTag": "api", "type": "field" }], "strategy": "rules" }
}`,
    said: ['warning C_IGNORED /routing/strategy'],
  },
  {
    name: 'a server behind NAT',
    text: `{
  "reverse": { "bridges": [{ "tag": "bridge", "domain": "private.cloud.com" }] },
  "outbounds": [
    { "tag": "tunnel", "protocol": "socks", "settings": { "servers": [{ "address": "192.0.2.8", "port": 16823 }] } },
    { "protocol": "freedom", "settings": {}, "tag": "out" }
  ],
  "routing": {
    "rules": [
      { "type": "field", "inboundTag": ["bridge"], "domain": ["full:private.cloud.com"], "outboundTag": "tunnel" },
      { "type": "field", "inboundTag": ["bridge"], "outboundTag": "out" }
    ]
  }
}`,
    said: [],
  },
  {
    name: 'a choice of servers',
    text: `{
  "inbounds": [{ "port": 1080, "listen": "127.0.0.1", "protocol": "socks", "settings": { "udp": true } }],
  "outbounds": [
    { "tag": "us1", "protocol": "http", "settings": { "servers": [{ "address": "192.0.2.1", "port": 3128 }] } },
    { "tag": "jp1", "protocol": "http", "settings": { "servers": [{ "address": "192.0.2.2", "port": 3128 }] } },
    { "tag": "jp2", "protocol": "http", "settings": { "servers": [{ "address": "192.0.2.3", "port": 3128 }] } },
    { "tag": "hk1", "protocol": "http", "settings": { "servers": [{ "address": "192.0.2.4", "port": 3128 }] } }
  ],
  "routing": {
    "domainStrategy": "IPOnDemand",
    "balancers": [{ "tag": "b1", "selector": ["jp"] }, { "tag": "b2", "selector": ["us"] }],
    "rules": [
      { "type": "field", "network": "tcp,udp", "balancerTag": "b1" },
      { "type": "field", "ip": ["geoip:private"], "outboundTag": "us1" }
    ]
  }
}`,
    said: [
      unused('/outbounds/3'),
      'info C_UNUSED_BALANCER /routing/balancers/1/tag',
      'warning C_HIDDEN_RULE /routing/rules/1',
    ],
  },
  {
    name: 'Telegram',
    text: `{
  "inbounds": [
    { "tag": "tg-in", "port": 8443, "protocol": "mtproto", "settings": { "users": [{ "secret": "b0cbcef5a486d9636472ac27f8e11a9d" }] } },
    { "tag": "in", "port": 1080, "protocol": "socks" }
  ],
  "outbounds": [
    { "tag": "direct", "protocol": "freedom" },
    { "tag": "tg-out", "protocol": "mtproto", "settings": {} },
    { "tag": "blocked", "protocol": "blackhole" }
  ],
  "routing": { "rules": [{ "type": "field", "inboundTag": ["tg-in"], "outboundTag": "tg-out" }] }
}`,
    said: [unused('/outbounds/2')],
  },
];
