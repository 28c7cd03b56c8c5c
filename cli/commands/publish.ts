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
import { showProgress, type Progress } from './publish-progress.js';
import { withPictures } from './publish-pictures.js';
import { createTally, type Tally } from './publish-tally.js';

type Options = z.output<typeof publishInput>;

/** One answer a line, in the order of the lines; exit code 1 when any is invalid, the valid ones published all the same. */
export const publish: Command<Options> = async (options, context) => {
  // Looked at before anything is sent: a missing file must not leave half of the others published.
  const sources = await openSources(options.files, { format: options.format, stdin: context.stdin });
  const client = connect(context);
  const tally = createTally(performance.now());
  const progress = showProgress({ size: sizeOf(sources), done: () => tally }, context);
  try {
    for (const [at, source] of sources.entries()) {
      const name = 'path' in source ? source.path : '-';
      tally.file(name);
      const isLast = at === sources.length - 1;
      for await (const answer of publishSource(source, client, { ...options, progress, tally, isLast }, context)) {
        tally.count(answer);
        await printAnswer(sources.length > 1 ? { ...answer, file: name } : answer, context, progress);
      }
    }
  } catch (error) {
    progress.stop();
    for (const line of tally.summary(performance.now())) note(context, line);
    note(context, `${tally.place()} Run the same command again to go on: what is published already stays as it is.`);
    if (context.signal.aborted) return exitOf(context.signal);
    throw error;
  }
  progress.stop();
  for (const line of tally.summary(performance.now())) note(context, line);
  return tally.invalid === 0 ? 0 : 1;
};

function sizeOf(sources: readonly Source[]): number | undefined {
  if (sources.some(({ size }) => size === undefined)) return undefined;
  return sources.reduce((sum, { size = 0 }) => sum + size, 0);
}

interface Sending extends Options {
  readonly progress: Progress;
  readonly tally: Tally;
  /** Nothing follows this source. */
  readonly isLast: boolean;
}

/** A batch and the answers to those of its lines that were sent. */
interface Sent {
  readonly batch: readonly ReadLine[];
  readonly outputs: AsyncGenerator<PublishedView> | undefined;
  /** The first answer, asked for when the batch was sent. */
  readonly first: Promise<IteratorResult<PublishedView>> | undefined;
}

/**
 * The next batch is read, and sent, while the answers to this one still come: the node signs it meanwhile. It is sent when this one is
 * surely there, so that the node takes them in their order.
 */
async function* publishSource(
  source: Source,
  client: Client,
  { format, strict, restock, progress, tally, isLast }: Sending,
  context: Context,
): AsyncGenerator<PublishedView> {
  const { signal } = context;
  const lines = readItems(source, { format, signal, onRead: (bytes) => progress.read(bytes) });
  const items = withPictures(lines, source, client, context);
  const batches = createBatches(counted(untilAborted(items, signal), progress));
  let isOver = false;
  const next = async (begun: Promise<void>): Promise<Sent | undefined> => {
    const read = await batches.next();
    if (read.done === true && isLast) progress.readAll();
    await begun;
    if (read.done === true || isOver) return undefined;
    const batch = read.value;
    const given = batch.filter((line) => line.error === undefined).map(({ line, value }) => ({ line, value }));
    const outputs =
      given.length === 0 ? undefined : client.stream('publish', { items: given, strict, restock }, { signal });
    const first = outputs?.next();
    if (first !== undefined) tally.given(given.at(-1)?.line ?? 0);
    // Whoever comes to it finds out.
    first?.catch(() => undefined);
    return { batch, outputs, first };
  };
  let upcoming = next(Promise.resolve());
  try {
    for (let sent = await upcoming; sent !== undefined; sent = await upcoming) {
      upcoming = next(Promise.resolve(sent.first).then(() => undefined));
      upcoming.catch(() => undefined);
      yield* answersTo(sent);
    }
  } finally {
    isOver = true;
    void upcoming.then((sent) => sent?.outputs?.return(undefined)).catch(() => undefined);
  }
}

async function* answersTo({ batch, outputs, first }: Sent): AsyncGenerator<PublishedView> {
  let begun = first;
  try {
    for (const read of batch) {
      if (read.error !== undefined) {
        yield unreadable(read);
        continue;
      }
      const result = await (begun ?? outputs?.next());
      begun = undefined;
      // The node answers each item, in their order.
      if (result === undefined || result.done === true) {
        const where = `line ${read.line}`;
        throw new NiagaError('INTERNAL', `The node gave no answer for ${where}.`, { where });
      }
      yield result.value;
    }
  } finally {
    await outputs?.return(undefined);
  }
}

async function* counted(items: AsyncIterable<ReadLine>, progress: Progress): AsyncGenerator<ReadLine> {
  for await (const item of items) {
    progress.line();
    yield item;
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

function unreadable({ line, error }: ReadLine & { error: NiagaError }): PublishedView {
  return { line, sku: null, listing: null, status: 'invalid', replicas: 0, quorum: false, error: error.toJSON() };
}

async function printAnswer(
  answer: PublishedView & { file?: string },
  context: Context,
  progress: Progress,
): Promise<void> {
  if (context.stdout.isTTY === true) progress.clear();
  if (context.json) return print(context, safeJson(answer));
  const { file, line, sku, listing, status, replicas, quorum, error } = answer;
  const few = quorum ? '' : ', too few yet: more follow in the background';
  const held = `held by ${replicas} other ${replicas === 1 ? 'node' : 'nodes'}${few}`;
  const parts = error === undefined ? [sku, listing, held] : [sku, error.message];
  const place = file === undefined ? `line ${line}` : `${file} line ${line}`;
  await print(context, safeLine([place, status, ...parts.filter((part) => part !== null)].join(': ')));
}
