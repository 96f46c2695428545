import { randomBytes } from 'node:crypto';
import { TestAuthority, type Certificate } from '../peers/certificates.js';
import { startTlsNginx, type TlsNginx } from '../peers/nginx-tls.js';
import { temporaryFolder } from '../peers/temporary.js';
import { Started, startProgram, type Program } from './program.fixture.js';

/** nginx's first site, which is also the name in the secret, and its second. */
export const siteName = 'front.example';
export const secondName = 'second.example';

export interface FrontedOptions {
  /** How long nginx waits for a client, in seconds. */
  readonly patience: number;
  /** How long the program does in a handshake, in seconds; default: as long as nginx. */
  readonly handshake?: number;
  /** The user's; default: a new one. */
  readonly key?: Buffer;
  /** Settings of inbounds by their tags, on top of the user and of fronting to nginx's port. */
  readonly inbounds: (nginx: TlsNginx, key: Buffer) => Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** A real nginx with two sites, and the program in front of it. */
export interface Fronted {
  readonly nginx: TlsNginx;
  readonly program: Program;
  readonly authority: TestAuthority;
  readonly certificates: Readonly<Record<string, Certificate>>;
  /** The user's key, and the whole secret in hex with nginx's first site. */
  readonly key: Buffer;
  readonly secret: string;
  close(): Promise<void>;
}

export async function startFronted(options: FrontedOptions): Promise<Fronted> {
  const started = new Started();
  try {
    const folder = await temporaryFolder('certificates');
    started.add({ close: () => folder.remove() });
    const authority = await TestAuthority.create(folder.path);
    const first = { name: siteName, certificate: await authority.issue(siteName) };
    const second = { name: secondName, certificate: await authority.issue(secondName) };
    const nginx = started.add(await startTlsNginx({ sites: [first, second], patience: options.patience }));
    const key = options.key ?? randomBytes(16);
    const secret = `ee${key.toString('hex')}${Buffer.from(siteName).toString('hex')}`;
    const program = started.add(
      await startProgram({
        policy: { levels: { 0: { handshake: options.handshake ?? options.patience } } },
        inbounds: Object.entries(options.inbounds(nginx, key)).map(([tag, settings]) => ({
          tag,
          protocol: 'mtproto',
          settings: {
            users: [{ email: 'someone', secret }],
            fronting: { host: `${nginx.host}:${nginx.port}` },
            ...settings,
          },
        })),
        outbounds: [{ tag: 'direct', protocol: 'freedom' }],
      }),
    );
    const certificates = { [siteName]: first.certificate, [secondName]: second.certificate };
    return { nginx, program, authority, certificates, key, secret, close: () => started.close() };
  } catch (error) {
    await started.close();
    throw error;
  }
}
