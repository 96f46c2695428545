import type { EnumType, Message } from './message.js';
import type { ServiceType } from './service.js';

/** What a .proto file holds; what it uses of others is found out by its types. */
export interface ProtoFile {
  /** The path by which other files import it: "app/stats/command/command.proto". */
  readonly name: string;
  readonly package: string;
  readonly messages?: readonly Message<unknown, unknown>[];
  readonly enums?: readonly EnumType[];
  readonly services?: readonly ServiceType[];
}
