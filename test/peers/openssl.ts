import { runProcess } from './process.js';

export interface SClientOptions {
  /** More of `openssl s_client`'s own options, such as `-tls1_2`. */
  readonly args?: readonly string[];
  /** Where to connect; `host:port`. */
  readonly address: string;
  /** What to send once connected, before the end. Default: nothing. */
  readonly input?: string;
}

// Different in every connection, between two servers as between two connections to one.
const random = [
  /^ {4}(Session-ID|Session-ID-ctx|Master-Key|Resumption PSK|Start Time): .*$/gm,
  /^ {4}[0-9a-f]{4} - .*$/gm,
];

/**
 * What `openssl s_client` tells of a connection: protocol, cipher, certificates, how many bytes the handshake took, and
 * what the server said, without what is random in every connection.
 */
export async function sClient(options: SClientOptions): Promise<string> {
  const { code, stdout, stderr } = await runProcess(
    'openssl',
    ['s_client', '-connect', options.address, '-ign_eof', ...(options.args ?? [])],
    { input: options.input ?? '', timeout: 20_000 },
  );
  let said = `exit ${code}\n${stdout}\n${stderr}`;
  for (const pattern of random) said = said.replace(pattern, '');
  return (
    said
      .replace(/^Date: .*$/gm, 'Date: …')
      // Errors start with the thread's number.
      .replace(/^[0-9A-F]+:error:/gm, 'error:')
      // The connection's own number in the first line.
      .replace(/^CONNECTED\(.*\)$/gm, 'CONNECTED')
      .replace(/\n{2,}/g, '\n')
  );
}
