import { mtprotoSuite } from './mtproto-suite.js';
import { v2ray } from './proxy-under-test.js';

// Proves the fake data centre and the client drivers against an implementation that nobody here wrote.
mtprotoSuite(v2ray, ['v2ray']);
