// GramJS: its own connection and key exchange, which stops after resPQ as it does not know the server's key.
import { Logger } from 'telegram';
import { LogLevel } from 'telegram/extensions/Logger.js';
import { PromisedNetSockets } from 'telegram/extensions/index.js';
import { doAuthentication } from 'telegram/network/Authenticator.js';
import { ConnectionTCPMTProxyAbridged } from 'telegram/network/connection/TCPMTProxy.js';
import { MTProtoPlainSender } from 'telegram/network/MTProtoPlainSender.js';
import { finish, target } from './result.mjs';

const { host, port, secret, dc } = target;
const log = new Logger(LogLevel.NONE);

let resPq;
class Sender extends MTProtoPlainSender {
  async send(request) {
    const answer = await super.send(request);
    if (answer?.className === 'ResPQ') resPq = answer;
    return answer;
  }
}

try {
  const proxy = { ip: host, port, MTProxy: true, secret };
  const connection = new ConnectionTCPMTProxyAbridged({ proxy, dcId: dc, loggers: log, socket: PromisedNetSockets });
  await connection.connect();
  await doAuthentication(new Sender(connection, log), log);
  finish(false, 'the key exchange went past resPQ');
} catch (error) {
  // With the nonce checked, an unknown key is the first thing that stops it.
  const isUnknownKey = /could not find a valid key/.test(error.message);
  const fingerprint = resPq && BigInt.asUintN(64, BigInt(resPq.serverPublicKeyFingerprints[0].toString()));
  if (isUnknownKey && fingerprint !== undefined) finish(true, `resPQ with key ${fingerprint.toString(16)}`);
  else finish(false, String(error.message));
}
