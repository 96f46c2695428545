import { surviveOutputErrors } from './output.js';
import { makeProgram } from './program.js';
import { reportError } from './report.js';
import { fromV2RayArguments } from './v2ray-arguments.js';

surviveOutputErrors();
const program = makeProgram((code) => {
  process.exitCode = code;
});
try {
  await program.parseAsync(fromV2RayArguments(process.argv.slice(2)), { from: 'user' });
} catch (error) {
  reportError(error);
  process.exitCode = 1;
}
