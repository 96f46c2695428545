import { once } from 'node:events';
import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { afterEach, describe, expect, test } from 'vitest';
import { closeApis, startApi } from '../api.fixture.js';
import type { GrpcClient } from '../grpc-client.fixture.js';

const STATS = 'v2ray.core.app.stats.command.StatsService';
const REFLECTION = 'grpc.reflection.v1alpha.ServerReflection';

afterEach(closeApis);

describe('ReflectionService', () => {
  async function ask(client: GrpcClient, service: string, ...requests: object[]): Promise<Record<string, unknown>[]> {
    const stream = client.converse(service, 'ServerReflectionInfo');
    const answers: Record<string, unknown>[] = [];
    stream.on('data', (message: Record<string, unknown>) => answers.push(message));
    for (const request of requests) stream.write({ host: 'h', messageRequest: request });
    stream.end();
    await once(stream, 'end');
    return answers.map(({ messageResponse }) => messageResponse as Record<string, unknown>);
  }

  test.each([REFLECTION, 'grpc.reflection.v1.ServerReflection'])('%s lists and describes', async (service) => {
    const { client } = await startApi({ services: ['reflectionservice', 'STATSSERVICE'] });
    const answers = await ask(
      client,
      service,
      { case: 'listServices', value: '*' },
      { case: 'fileContainingSymbol', value: 'v2ray.core.app.proxyman.command.HandlerService.AddInbound' },
      { case: 'fileByFilename', value: 'xray/app/stats/command/command.proto' },
      { case: 'fileContainingSymbol', value: 'no.such.Thing' },
      { case: 'allExtensionNumbersOfType', value: 'a.B' },
    );
    expect(answers[0]).toMatchObject({
      case: 'listServicesResponse',
      value: {
        service: [
          { name: 'grpc.reflection.v1.ServerReflection' },
          { name: REFLECTION },
          { name: STATS },
          { name: 'xray.app.stats.command.StatsService' },
        ],
      },
    });
    const names = (index: number): string[] =>
      (answers[index]?.['value'] as { fileDescriptorProto: Uint8Array[] }).fileDescriptorProto.map(
        (bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name,
      );
    expect(names(1)).toEqual([
      'app/proxyman/command/command.proto',
      'common/protocol/user.proto',
      'common/serial/typed_message.proto',
      'config.proto',
    ]);
    expect(names(2)).toEqual(['xray/app/stats/command/command.proto']);
    expect(answers.slice(3)).toMatchObject([
      { case: 'errorResponse', value: { errorCode: 5 } },
      { case: 'errorResponse', value: { errorCode: 5 } },
    ]);
  });
});
