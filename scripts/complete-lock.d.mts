interface LockedPackage {
  readonly version?: string;
  readonly dev?: boolean;
  readonly license?: string;
  readonly optional?: boolean;
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly os?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export declare function missingEntries(lock: {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}): Record<string, LockedPackage>;
