import { toBinary } from '@bufbuild/protobuf';
import type { DescFile } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { registry } from '../protos/registry.js';
import { ServerReflection, ServerReflectionAlpha } from '../protos/reflection.js';
import { served, type ServedService } from '../server/served-service.js';
import type { Decoded, Init } from '../wire/message.js';

type Request = Decoded<(typeof ServerReflection)['methods']['ServerReflectionInfo']['request']>;
type Response = NonNullable<Init<(typeof ServerReflection)['methods']['ServerReflectionInfo']['answer']>>;
type Answer = Response['messageResponse'];

/** gRPC's numbers for statuses. */
const NOT_FOUND = 5;
const UNIMPLEMENTED = 12;

/** Tells clients such as grpcurl which services there are, and what their messages look like. */
export function reflectionServices(names: () => readonly string[]): ServedService[] {
  async function* ServerReflectionInfo(requests: AsyncIterable<Request>): AsyncGenerator<Response> {
    for await (const request of requests) {
      yield { validHost: request.host, originalRequest: request, messageResponse: answer(request, names()) };
    }
  }
  return [served(ServerReflection, { ServerReflectionInfo }), served(ServerReflectionAlpha, { ServerReflectionInfo })];
}

function answer({ messageRequest }: Request, names: readonly string[]): Answer {
  switch (messageRequest.case) {
    case 'listServices':
      return { case: 'listServicesResponse', value: { service: names.map((name) => ({ name })) } };
    case 'fileByFilename':
      return files([...registry.files].find(({ proto }) => proto.name === messageRequest.value));
    case 'fileContainingSymbol':
      return files(fileOf(messageRequest.value));
    case undefined:
      return failure(UNIMPLEMENTED, 'nothing was asked');
    default:
      return failure(NOT_FOUND, 'there are no extensions');
  }
}

/** The file of a type, a service or a method of one. */
function fileOf(symbol: string): DescFile | undefined {
  const found = registry.get(symbol);
  if (found !== undefined) return found.kind === 'extension' ? undefined : found.file;
  const dot = symbol.lastIndexOf('.');
  const service = registry.getService(symbol.slice(0, Math.max(0, dot)));
  return service?.methods.some(({ name }) => name === symbol.slice(dot + 1)) === true ? service.file : undefined;
}

/** A file, and all that it needs. */
function files(file: DescFile | undefined): Answer {
  if (file === undefined) return failure(NOT_FOUND, 'there is no such file or symbol');
  const all = new Set<DescFile>();
  const add = (one: DescFile): void => {
    if (all.has(one)) return;
    all.add(one);
    one.dependencies.forEach(add);
  };
  add(file);
  return {
    case: 'fileDescriptorResponse',
    value: { fileDescriptorProto: [...all].map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto)) },
  };
}

function failure(errorCode: number, errorMessage: string): Answer {
  return { case: 'errorResponse', value: { errorCode, errorMessage } };
}
