import { Buffer } from 'node:buffer';
import { create, fromBinary, toBinary, type DescMethod, type MessageShape } from '@bufbuild/protobuf';
import grpc from '@grpc/grpc-js';
import { serviceNamed } from './protos/registry.js';

type Any = Record<string, unknown>;

/** gRPC's own client for Node. Messages are plain objects. */
export class GrpcClient {
  readonly #client: grpc.Client;

  constructor(port: number) {
    this.#client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  }

  /** Rejects with gRPC's `ServiceError`. */
  call(service: string, method: string, request: Any = {}, deadlineMs = 10_000): Promise<Any> {
    const { path, serialize, deserialize } = codecOf(service, method);
    return new Promise((resolve, reject) => {
      const options = { deadline: Date.now() + deadlineMs };
      this.#client.makeUnaryRequest(path, serialize, deserialize, request, options, (error, value) => {
        if (error === null) resolve(value as Any);
        // This client leaves some of what is percent-encoded as it is.
        else reject(Object.assign(error, { details: decodeURIComponent(error.details) }));
      });
    });
  }

  watch(service: string, method: string, request: Any = {}): grpc.ClientReadableStream<Any> {
    const { path, serialize, deserialize } = codecOf(service, method);
    return this.#client.makeServerStreamRequest(path, serialize, deserialize, request);
  }

  converse(service: string, method: string): grpc.ClientDuplexStream<Any, Any> {
    const { path, serialize, deserialize } = codecOf(service, method);
    return this.#client.makeBidiStreamRequest(path, serialize, deserialize);
  }

  close(): void {
    this.#client.close();
  }
}

function codecOf(service: string, name: string) {
  const method = serviceNamed(service).methods.find((one) => one.name === name) as DescMethod;
  return {
    path: `/${service}/${name}`,
    serialize: (value: Any) => Buffer.from(toBinary(method.input, create(method.input, value as never))),
    deserialize: (bytes: Buffer) =>
      fromBinary(method.output, Uint8Array.from(bytes)) as MessageShape<DescMethod['output']> & Any,
  };
}
