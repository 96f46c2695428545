import { bytes, inner, int32, many, oneOf, text } from '../wire/field.js';
import { message } from '../wire/message.js';
import type { ProtoFile } from '../wire/proto-file.js';
import { both, service, type ServiceType } from '../wire/service.js';

/** gRPC's server reflection: v1 and v1alpha differ by their package alone. */
function reflection(version: 'v1' | 'v1alpha') {
  const scope = `grpc.reflection.${version}`;
  const ExtensionRequest = message(`${scope}.ExtensionRequest`, {
    containing_type: text(1),
    extension_number: int32(2),
  });
  const ServerReflectionRequest = message(`${scope}.ServerReflectionRequest`, {
    host: text(1),
    message_request: oneOf({
      file_by_filename: text(3),
      file_containing_symbol: text(4),
      file_containing_extension: inner(5, ExtensionRequest),
      all_extension_numbers_of_type: text(6),
      list_services: text(7),
    }),
  });
  const FileDescriptorResponse = message(`${scope}.FileDescriptorResponse`, { file_descriptor_proto: many(bytes(1)) });
  const ExtensionNumberResponse = message(`${scope}.ExtensionNumberResponse`, {
    base_type_name: text(1),
    extension_number: many(int32(2)),
  });
  const ServiceResponse = message(`${scope}.ServiceResponse`, { name: text(1) });
  const ListServiceResponse = message(`${scope}.ListServiceResponse`, { service: many(inner(1, ServiceResponse)) });
  const ErrorResponse = message(`${scope}.ErrorResponse`, { error_code: int32(1), error_message: text(2) });
  const ServerReflectionResponse = message(`${scope}.ServerReflectionResponse`, {
    valid_host: text(1),
    original_request: inner(2, ServerReflectionRequest),
    message_response: oneOf({
      file_descriptor_response: inner(4, FileDescriptorResponse),
      all_extension_numbers_response: inner(5, ExtensionNumberResponse),
      list_services_response: inner(6, ListServiceResponse),
      error_response: inner(7, ErrorResponse),
    }),
  });
  const ServerReflection = service(`${scope}.ServerReflection`, {
    ServerReflectionInfo: both(ServerReflectionRequest, ServerReflectionResponse),
  });
  const file: ProtoFile = {
    name: `grpc/reflection/${version}/reflection.proto`,
    package: scope,
    messages: [
      ExtensionRequest,
      ServerReflectionRequest,
      FileDescriptorResponse,
      ExtensionNumberResponse,
      ServiceResponse,
      ListServiceResponse,
      ErrorResponse,
      ServerReflectionResponse,
    ],
    services: [ServerReflection satisfies ServiceType],
  };
  return { ServerReflection, file };
}

const [v1, v1alpha] = [reflection('v1'), reflection('v1alpha')];

export const ServerReflection = v1.ServerReflection;
export const ServerReflectionAlpha = v1alpha.ServerReflection;
export const reflectionFiles: readonly ProtoFile[] = [v1.file, v1alpha.file];
