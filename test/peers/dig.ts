import { runProcess } from './process.js';

export interface DigAnswer {
  /** "NOERROR", "NXDOMAIN"…; "" if nothing came. */
  readonly status: string;
  readonly flags: readonly string[];
  readonly records: readonly { readonly ttl: number; readonly type: string; readonly data: string }[];
  /** What the records say, sorted. */
  readonly data: readonly string[];
  readonly isByTcp: boolean;
  readonly output: string;
}

/** Asks a name server on 127.0.0.1 once, with the real dig. @param args the name, its type, and dig's own options */
export async function dig(port: number, ...args: readonly string[]): Promise<DigAnswer> {
  const options = ['@127.0.0.1', '-p', String(port), '+tries=1', '+time=12', '+nocookie'];
  const { stdout } = await runProcess('dig', [...options, ...args]);
  const section = /;; ANSWER SECTION:\n([\s\S]*?)\n\n/.exec(stdout)?.[1] ?? '';
  const records = section
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, ttl = '', , type = '', ...data] = line.split(/\s+/);
      return { ttl: Number(ttl), type, data: data.join(' ') };
    });
  return {
    status: / status: (\w+),/.exec(stdout)?.[1] ?? '',
    flags: /;; flags: ([\w ]*);/.exec(stdout)?.[1]?.split(' ') ?? [],
    records,
    data: records.map(({ data }) => data).sort(),
    isByTcp: /;; SERVER: .*\(TCP\)/.test(stdout),
    output: stdout,
  };
}
