import { mtprotoSuite } from './mtproto-suite.js';
import { sluice } from './proxy-under-test.js';

// The main job, end to end: the sample configuration, the real clients, plain and padded secrets.
mtprotoSuite(sluice);
