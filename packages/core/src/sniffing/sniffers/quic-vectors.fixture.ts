/** What RFC 9001 A.1, A.2 and RFC 9369 A.1, A.2 print: the same hello in an Initial of both versions. */

export const connectionId = Buffer.from('8394c8f03e515708', 'hex');

/** The CRYPTO frame, before padding. */
export const cryptoFrame = Buffer.from(
  '060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e868' +
    '04fe3a47f06a2b69484c00000413011302010000c000000010000e00000b6578' +
    '616d706c652e636f6dff01000100000a00080006001d00170018001000070005' +
    '04616c706e000500050100000000003300260024001d00209370b2c9caa47fba' +
    'baf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b000302030400' +
    '0d0010000e0403050306030203080408050806002d00020101001c0002400100' +
    '3900320408ffffffffffffffff05048000ffff07048000ffff08011001048000' +
    '75300901100f088394c8f03e51570806048000ffff',
  'hex',
);

/** How long the frames are with their padding. */
export const payloadLength = 1_162;

export const vectors = [
  {
    name: 'version 1',
    version: 0x0000_0001,
    key: '1f369613dd76d5467730efcbe3b1a22d',
    iv: 'fa044b2f42a3fd3b46fb255c',
    headerProtection: '9f50449e04a0e810283a1e9933adedd2',
    // How the packet of 1,200 bytes begins, and ends with its tag, which nothing else in between would have.
    start:
      'c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11' +
      'd242b123dc9bd8bab936b47d92ec356c0bab7df5976d27cd449f63300099f399',
    end: 'e221af44860018ab0856972e194cd934',
  },
  {
    name: 'version 2',
    version: 0x6b33_43cf,
    key: '8b1a0bc121284290a29e0971b5cd045d',
    iv: '91f73e2351d8fa91660e909f',
    headerProtection: '45b95e15235d6f45a6b19cbcb0294ba9',
    start:
      'd76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485' +
      'dd04de806071bf03dceebfa162e75d6c96058bdbfb127cdfcbf903388e99ad04',
    end: '745a262ccde96ba18b2faa745b6fe189cf772a9f84cbfc'.slice(-32),
  },
] as const;
