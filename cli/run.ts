import { CommanderError } from 'commander';
import type { Client } from '../node/api/client.js';
import type { Page } from '../node/api/handlers.js';
import type { Operation } from '../node/api/operation.js';
import { OPERATIONS } from '../node/api/operations.js';
import { connect, explain, loosened } from './connect.js';
import { asksForJson, exitOf, type Context, type Surroundings } from './context.js';
import { reportError } from './errors.js';
import { FORMS } from './forms.js';
import { printOne, printPage } from './output.js';
import { parseWords, type Invocation } from './program.js';
import { ownVersion } from '../node/version.js';

/** Does what a command line says. Resolves to the exit code; never rejects. */
export async function run(words: readonly string[], surroundings: Surroundings): Promise<number> {
  const { stdout, stderr, signal } = surroundings;
  const json = asksForJson(words);
  try {
    const output = {
      out: (text: string) => void stdout.write(text),
      err: (text: string) => void (json || stderr.write(`${text.trimEnd()}\n\n`)),
    };
    const invocation = parseWords(words, ownVersion(), output);
    return await perform(invocation, { ...surroundings, ...invocation });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    if (signal.aborted) return exitOf(signal);
    return reportError(error, json, surroundings);
  }
}

async function perform({ key, input, watch }: Invocation, context: Context): Promise<number> {
  try {
    const form = FORMS[key];
    if (form !== undefined) return await (await form.load())(input as Record<string, unknown>, context);
    const client = connect(context);
    if (watch) await (await import('./watch.js')).watchPage(key, input, client, context);
    else await askNode(key, input, client, context);
    return 0;
  } catch (error) {
    throw explain(error, context);
  }
}

async function askNode(key: Invocation['key'], input: unknown, client: Client, context: Context): Promise<void> {
  const { answer }: Operation = OPERATIONS[key];
  const options = { signal: context.signal };
  // The row with this key has checked the input, and its `answer` says which of the client's two ways it takes.
  const loose = loosened(client);
  switch (answer) {
    case 'one':
      return printOne(key, await loose.call(key, input, options), context);
    case 'page':
      return printPage(key, (await loose.call(key, input, options)) as Page<unknown>, context);
    case 'stream':
      for await (const output of loose.stream(key, input, options)) await printOne(key, output, context);
  }
}
