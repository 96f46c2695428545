import { clone } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, type FileDescriptorProto } from '@bufbuild/protobuf/wkt';

const OURS = /^(\.?)v2ray\.core(?=\.|$)/;

/**
 * A name of V2Ray's as Xray has it: the same shapes under other packages. What is V2Ray's core itself, and
 * its observatory, kept the word.
 */
export function xrayName(name: string): string {
  const rest = name.replace(OURS, '');
  if (rest === name) return name;
  const dot = name.startsWith('.') ? '.' : '';
  return `${dot}xray${/^(\.[A-Z]|\.app\.observatory|$)/.test(rest) ? '.core' : ''}${rest}`;
}

/** The same file under Xray's names. */
export function asXray(file: FileDescriptorProto): FileDescriptorProto {
  const copy = clone(FileDescriptorProtoSchema, file);
  copy.name = `xray/${copy.name}`;
  copy.package = xrayName(copy.package);
  copy.dependency = copy.dependency.map((name) => `xray/${name}`);
  for (const message of copy.messageType) {
    const fields = [...message.field, ...message.nestedType.flatMap(({ field }) => field)];
    for (const field of fields) field.typeName = xrayName(field.typeName);
  }
  for (const method of copy.service.flatMap(({ method }) => method)) {
    method.inputType = xrayName(method.inputType);
    method.outputType = xrayName(method.outputType);
  }
  return copy;
}

/** A name of Xray's as V2Ray has it; any other as it is. */
export function v2rayName(name: string): string {
  return name.replace(/^xray(\.core)?(?=\.|$)/, 'v2ray.core');
}
