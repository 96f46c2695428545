import { create } from '@bufbuild/protobuf';
import {
  DescriptorProtoSchema,
  EnumDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FieldDescriptorProtoSchema,
  FileDescriptorProtoSchema,
  ServiceDescriptorProtoSchema,
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  type FileDescriptorProto,
} from '@bufbuild/protobuf/wkt';
import type { Field } from './field.js';
import type { EnumType, Message } from './message.js';
import type { ProtoFile } from './proto-file.js';

type AnyField = Field<unknown, unknown>;

const lastName = (typeName: string): string => typeName.slice(typeName.lastIndexOf('.') + 1);

/** The files as protobuf's own descriptors, each with its imports: what decodes messages, and what reflection tells. */
export function describeFiles(files: readonly ProtoFile[]): FileDescriptorProto[] {
  const homes = new Map<string, string>();
  for (const { name, messages = [], enums = [] } of files) {
    for (const { typeName } of [...messages, ...enums]) homes.set(typeName, name);
  }
  return files.map((file) => describeFile(file, homes));
}

function describeFile(file: ProtoFile, homes: ReadonlyMap<string, string>): FileDescriptorProto {
  const used = new Set<string>();
  const messages = (file.messages ?? []).map((message) => ({ message, proto: describeMessage(message, used) }));
  const enums: EnumDescriptorProto[] = [];
  for (const one of file.enums ?? []) {
    const proto = describeEnum(one);
    const outer = messages.find(({ message }) => one.typeName === `${message.typeName}.${proto.name}`);
    (outer?.proto.enumType ?? enums).push(proto);
  }
  const services = (file.services ?? []).map(({ typeName, methods }) =>
    create(ServiceDescriptorProtoSchema, {
      name: lastName(typeName),
      method: Object.entries(methods).map(([name, { request, answer, streams }]) => {
        const [input, output] = [request as Message<unknown>, answer as Message<unknown>];
        used.add(input.typeName).add(output.typeName);
        return {
          name,
          inputType: `.${input.typeName}`,
          outputType: `.${output.typeName}`,
          clientStreaming: streams === 'both',
          serverStreaming: streams !== 'none',
        };
      }),
    }),
  );
  const imports = new Set([...used].flatMap((typeName) => homes.get(typeName) ?? []));
  imports.delete(file.name);
  return create(FileDescriptorProtoSchema, {
    name: file.name,
    package: file.package,
    syntax: 'proto3',
    dependency: [...imports].sort(),
    messageType: messages.map(({ proto }) => proto),
    enumType: enums,
    service: services,
  });
}

function describeEnum({ typeName, values }: EnumType): EnumDescriptorProto {
  return create(EnumDescriptorProtoSchema, {
    name: lastName(typeName),
    value: Object.entries(values).map(([name, number]) => ({ name, number })),
  });
}

function describeMessage({ typeName, fields }: Message<unknown, unknown>, used: Set<string>): DescriptorProto {
  const proto = create(DescriptorProtoSchema, { name: lastName(typeName) });
  for (const [name, field] of Object.entries(fields)) {
    if (!('oneOf' in field)) {
      proto.field.push(describeField(name, field, typeName, proto, used));
      continue;
    }
    const oneofIndex = proto.oneofDecl.length;
    proto.oneofDecl.push({ $typeName: 'google.protobuf.OneofDescriptorProto', name });
    for (const [member, one] of Object.entries(field.oneOf)) {
      const described = describeField(member, one, typeName, proto, used);
      described.oneofIndex = oneofIndex;
      proto.field.push(described);
    }
  }
  return proto;
}

function describeField(
  name: string,
  field: AnyField,
  owner: string,
  proto: DescriptorProto,
  used: Set<string>,
): FieldDescriptorProto {
  let { type, of } = field;
  let typeName = of?.typeName;
  if (field.mapTo !== undefined) {
    // Protobuf has no maps: it has lists of entries, of a type that is made for the field.
    const entry = create(DescriptorProtoSchema, { name: `${pascal(name)}Entry`, options: { mapEntry: true } });
    entry.field.push(
      scalarField('key', 1, Type.STRING),
      describeField('value', field.mapTo, `${owner}.${entry.name}`, entry, used),
    );
    proto.nestedType.push(entry);
    type = Type.MESSAGE;
    typeName = `${owner}.${entry.name}`;
    of = undefined;
  }
  if (of !== undefined) used.add(of.typeName);
  return create(FieldDescriptorProtoSchema, {
    name,
    number: field.number,
    type,
    label: field.isRepeated ? Label.REPEATED : Label.OPTIONAL,
    ...(typeName === undefined ? {} : { typeName: `.${typeName}` }),
  });
}

function scalarField(name: string, number: number, type: Type): FieldDescriptorProto {
  return create(FieldDescriptorProtoSchema, { name, number, type, label: Label.OPTIONAL });
}

function pascal(name: string): string {
  return name.replace(/(^|_)([a-z])/g, (_all, _gap, letter: string) => letter.toUpperCase());
}
