import {
  create,
  createFileRegistry,
  fromBinary,
  toBinary,
  type DescMessage,
  type DescService,
  type FileRegistry,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { SluiceError } from '@sluice/plugin-api';
import { describeFiles } from '../wire/descriptors.js';
import type { Message } from '../wire/message.js';
import type { ProtoFile } from '../wire/proto-file.js';
import { logFile } from './log.js';
import { observatoryFiles } from './observatory.js';
import { proxymanFile } from './proxyman.js';
import { reflectionFiles } from './reflection.js';
import { routerFile } from './router.js';
import { settingsFiles } from './settings.js';
import { sharedFiles } from './shared.js';
import { statsFile } from './stats.js';
import { transportFiles } from './transport.js';
import { asXray } from './xray.js';

/** With what they import in front of them. */
const renamed: readonly ProtoFile[] = [
  ...sharedFiles,
  logFile,
  statsFile,
  proxymanFile,
  routerFile,
  ...observatoryFiles,
];

/** All types that are spoken here, under V2Ray's names and under Xray's. */
export const registry: FileRegistry = createFileRegistry(
  create(FileDescriptorSetSchema, {
    file: [
      ...describeFiles([...renamed, ...transportFiles, ...settingsFiles, ...reflectionFiles]),
      ...describeFiles(renamed).map((file) => asXray(file)),
    ],
  }),
);

/** @throws SluiceError E_REGISTRY_UNKNOWN */
export function serviceNamed(typeName: string): DescService {
  return registry.getService(typeName) ?? unknownType(typeName);
}

/** @throws SluiceError E_PROTOCOL if the bytes are no such message */
export function decode<D>(type: Message<D, unknown>, bytes: Uint8Array): D {
  try {
    return fromBinary(schemaOf(type), bytes) as D;
  } catch (error) {
    throw new SluiceError('E_PROTOCOL', `the bytes are no ${type.typeName}`, { cause: error });
  }
}

export function encode<I>(type: Message<unknown, I>, value: I): Uint8Array {
  const schema = schemaOf(type);
  return toBinary(schema, create(schema, value as never));
}

function schemaOf({ typeName }: Message<unknown, unknown>): DescMessage {
  return registry.getMessage(typeName) ?? unknownType(typeName);
}

function unknownType(typeName: string): never {
  throw new SluiceError('E_REGISTRY_UNKNOWN', `no file describes ${typeName}`);
}
