import { addInstalledCommands } from './commands/installed-commands.js';
import { surviveOutputErrors } from './output.js';
import { makeProgram } from './program.js';
import { reportError } from './report.js';
import { fromV2RayArguments } from './v2ray-arguments.js';

surviveOutputErrors();
const exit = (code: number): void => {
  process.exitCode = code;
};
const program = makeProgram(exit);
const args = fromV2RayArguments(process.argv.slice(2));
try {
  await addInstalledCommands(program, args, exit);
  await program.parseAsync(args, { from: 'user' });
} catch (error) {
  reportError(error);
  process.exitCode = 1;
}
