#!/usr/bin/env node
import { constants } from 'node:os';
import type { Writable } from 'node:stream';
import { asksForJson, Interrupted } from './context.js';
import { reportError } from './errors.js';
import { run } from './run.js';

const { stdin, stdout, stderr, env, argv } = process;
/** Exit codes of what a signal ended are 128 and its number. */
const SIGNALLED = 128;

const controller = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    const exit = SIGNALLED + constants.signals[name];
    if (controller.signal.aborted) process.exit(exit);
    controller.abort(new Interrupted(exit));
  });
}

// A reader that has seen enough (`niaga search … | head -1`) ends the command as it ends every other one: by SIGPIPE.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(SIGNALLED + constants.signals.SIGPIPE);
});
stderr.on('error', () => undefined);

const crash = (error: unknown): void => process.exit(reportError(error, asksForJson(argv), process));
process.on('uncaughtException', crash).on('unhandledRejection', crash);

const code = await run(argv.slice(2), { stdin, stdout, stderr, env, signal: controller.signal });
await Promise.all([flushed(stdout), flushed(stderr)]);
// A pipe that nobody writes to on standard input would keep the process.
process.exit(code);

function flushed(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}
