/** The thread of test-watch.mjs: it goes on when the tests' thread does not. */
import { writeSync } from 'node:fs';
import { Session } from 'node:inspector';
import { kill } from 'node:process';
import { workerData } from 'node:worker_threads';

const { turns, limitMs, pid } = workerData;
let seen = -1;
let since = Date.now();

function end(where) {
  writeSync(2, `a test process is ended: its event loop has stood still for ${limitMs / 1000} s\n${where}\n`);
  kill(pid, 'SIGKILL');
}

function endWithPlace() {
  const session = new Session();
  const urls = new Map();
  session.connectToMainThread();
  session.on('Debugger.scriptParsed', ({ params }) => urls.set(params.scriptId, params.url));
  session.on('Debugger.paused', ({ params }) => {
    const lines = params.callFrames.map(({ functionName, url, location }) => {
      const { scriptId, lineNumber, columnNumber = 0 } = location;
      return `  at ${functionName} (${url || urls.get(scriptId)}:${lineNumber + 1}:${columnNumber + 1})`;
    });
    end(lines.join('\n'));
  });
  session.post('Debugger.enable');
  session.post('Debugger.pause');
  // In the midst of a call of the system, nothing answers.
  setTimeout(() => end('  in native code: a debugger such as gdb says where'), 5000);
}

const timer = setInterval(() => {
  const now = Atomics.load(turns, 0);
  if (now !== seen) {
    seen = now;
    since = Date.now();
  } else if (Date.now() - since >= limitMs) {
    clearInterval(timer);
    endWithPlace();
  }
}, limitMs / 10);
