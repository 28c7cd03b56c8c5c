import { setInterval as every } from 'node:timers';
import type { z } from 'zod';
import { orAborted } from '../../node/api/abort.js';
import type { Client } from '../../node/api/client.js';
import type { PublishedView } from '../../node/api/views.js';
import { NiagaError } from '../../protocol/errors.js';
import { connect } from '../connect.js';
import { exitOf, type Context } from '../context.js';
import type { Command, publishInput } from '../forms.js';
import { note, print } from '../output.js';
import { openSources, readItems, type ReadLine, type Source } from '../read/index.js';
import { safeJson, safeLine } from '../safe-text.js';
import { createBatches } from './publish-batches.js';
import { createTally, type Tally } from './publish-tally.js';

type Options = z.output<typeof publishInput>;

const second = 1_000;

/** One answer a line, in the order of the lines; exit code 1 when any is invalid, the valid ones published all the same. */
export const publish: Command<Options> = async (options, context) => {
  // Looked at before anything is sent: a missing file must not leave half of the others published.
  const sources = await openSources(options.files, { format: options.format, stdin: context.stdin });
  const client = connect(context);
  const tally = createTally(performance.now());
  const stopProgress = showProgress(tally, context);
  try {
    for (const source of sources) {
      const name = 'path' in source ? source.path : '-';
      tally.file(name);
      const answers = publishSource(source, client, options, context);
      for await (const answer of answers) {
        tally.count(answer);
        await printAnswer(sources.length > 1 ? { ...answer, file: name } : answer, context);
      }
    }
  } catch (error) {
    stopProgress();
    for (const line of tally.summary(performance.now())) note(context, line);
    note(context, `${tally.place()} Run the same command again to go on: what is published already stays as it is.`);
    if (context.signal.aborted) return exitOf(context.signal);
    throw error;
  }
  stopProgress();
  for (const line of tally.summary(performance.now())) note(context, line);
  return tally.invalid === 0 ? 0 : 1;
};

async function* publishSource(
  source: Source,
  client: Client,
  { format, strict }: Options,
  { signal }: Context,
): AsyncGenerator<PublishedView> {
  for await (const batch of createBatches(untilAborted(readItems(source, { format, signal }), signal))) {
    const items = batch.filter((read) => read.error === undefined).map(({ line, value }) => ({ line, value }));
    const outputs = items.length === 0 ? undefined : client.stream('publish', { items, strict }, { signal });
    try {
      for (const read of batch) yield read.error === undefined ? await nextOf(outputs, read.line) : unreadable(read);
    } finally {
      await outputs?.return();
    }
  }
}

/** Reading may wait for a person who types; Ctrl-C must not wait with it. */
async function* untilAborted<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  for (;;) {
    const next = await orAborted(iterator.next(), signal);
    if (next.done === true) return;
    yield next.value;
  }
}

/** The node answers each item, in their order. */
async function nextOf(outputs: AsyncIterator<PublishedView> | undefined, line: number): Promise<PublishedView> {
  const next = await outputs?.next();
  if (next === undefined || next.done === true) {
    throw new NiagaError('INTERNAL', `The node gave no answer for line ${line}.`, { where: `line ${line}` });
  }
  return next.value;
}

function unreadable({ line, error }: ReadLine & { error: NiagaError }): PublishedView {
  return { line, sku: null, listing: null, status: 'invalid', replicas: 0, error: error.toJSON() };
}

async function printAnswer(answer: PublishedView & { file?: string }, context: Context): Promise<void> {
  if (context.json) return print(context, safeJson(answer));
  const { file, line, sku, listing, status, replicas, error } = answer;
  const held = `held by ${replicas} other ${replicas === 1 ? 'node' : 'nodes'}`;
  const parts = error === undefined ? [sku, listing, held] : [sku, error.message];
  const place = file === undefined ? `line ${line}` : `${file} line ${line}`;
  await print(context, safeLine([place, status, ...parts.filter((part) => part !== null)].join(': ')));
}

/** How far it is, once a second, where somebody looks on and the answers go elsewhere. Returns what ends it. */
function showProgress(tally: Tally, { stderr, stdout, quiet }: Context): () => void {
  if (stderr.isTTY !== true || stdout.isTTY === true || quiet) return () => undefined;
  const clear = '\r\u001b[K';
  const timer = every(() => stderr.write(`${clear}${tally.progress(performance.now())}`), second);
  return () => {
    clearInterval(timer);
    stderr.write(clear);
  };
}
