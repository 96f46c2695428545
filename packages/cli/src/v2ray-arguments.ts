/** V2Ray's single-dash options and what they are called here. */
const OPTIONS: Readonly<Record<string, string>> = {
  '-config': '--config',
  '-confdir': '--config',
  '-test': '--test',
  '-format': '--format',
  '-version': 'version',
};

/**
 * Understands V2Ray's command line, so that scripts and units that call it keep working:
 * `-config FILE`, `-config=FILE`, `-confdir DIR`, `-test`, and options without a command mean `run`.
 */
export function fromV2RayArguments(args: readonly string[]): string[] {
  const translated = foldersLast(args).map((argument) => {
    const equals = argument.indexOf('=');
    const name = equals < 0 ? argument : argument.slice(0, equals);
    const ours = OPTIONS[name];
    if (ours === undefined) return argument;
    return equals < 0 ? ours : `${ours}${argument.slice(equals)}`;
  });
  const [first] = translated;
  const startsWithOption = first !== undefined && first.startsWith('-');
  const isGlobal = first === '--help' || first === '-h' || first === '--version' || first === '-V';
  return startsWithOption && !isGlobal ? ['run', ...translated] : translated;
}

/** V2Ray reads folders after files, in whatever order they are given. */
function foldersLast(args: readonly string[]): string[] {
  const files: string[] = [];
  const folders: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const argument = args[at] as string;
    if (argument.startsWith('-confdir=')) folders.push(argument);
    else if (argument === '-confdir') folders.push(...args.slice(at, (at += 1) + 1));
    else files.push(argument);
  }
  return [...files, ...folders];
}
