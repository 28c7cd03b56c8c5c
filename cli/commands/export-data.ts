import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import type { Client } from '../../node/api/client.js';
import type { OPERATIONS } from '../../node/api/operations.js';
import type { LISTING_FORMATS } from '../../node/api/rows/export.js';
import type { TradeView } from '../../node/api/views.js';
import { NiagaError } from '../../protocol/errors.js';
import { connect } from '../connect.js';
import type { Context } from '../context.js';
import { GOOGLE_HEAD, GOOGLE_TAIL, lacksInGoogle, listingAsGoogle } from '../export/google.js';
import { itemOf, type Shown } from '../export/item.js';
import { lacksInJsonLd, listingAsJsonLd } from '../export/json-ld.js';
import { csvHeader, lacksInCsv, listingAsCsv, propertyNames } from '../export/listings-csv.js';
import { TRADES_HEADER, tradeAsCsv } from '../export/trades-csv.js';
import type { Command } from '../forms.js';
import { note, printOne } from '../output.js';
import { fileError } from './evidence-file.js';
import { refuseToOverwrite } from './export.js';
import { ConditionTexts } from './export-conditions.js';
import { PictureFiles } from './export-pictures.js';

type InputOf<Key extends 'exportListings' | 'exportTrades' | 'exportEverything'> = z.output<
  (typeof OPERATIONS)[Key]['input']
>;
type Format = (typeof LISTING_FORMATS)[number];

const PAGE = 500;
const ENDINGS: readonly (readonly [string, Format])[] = [
  ['.csv', 'csv'],
  ['.ndjson', 'ndjson'],
  ['.jsonl', 'ndjson'],
  ['.jsonld', 'json-ld'],
  ['.xml', 'google'],
];

/** @throws NiagaError USAGE, FILE_EXISTS, NODE_UNREACHABLE */
export const exportListings: Command<InputOf<'exportListings'>> = async ({ file, format, base, force }, context) => {
  const chosen = format ?? ENDINGS.find(([ending]) => file.endsWith(ending))?.[1];
  if (chosen === undefined) {
    const next = 'Say it with --format csv, ndjson, json-ld or google.';
    throw new NiagaError('USAGE', `The name "${file}" says no format.`, { where: '--format', next });
  }
  const client = connect(context);
  const counts = { count: 0, lacking: 0 };
  await write(file, force, context, () => listings(client, context, { format: chosen, base, counts }));
  await report('exportListings', file, counts, context);
  return 0;
};

/** @throws NiagaError FILE_EXISTS, NODE_UNREACHABLE */
export const exportTrades: Command<InputOf<'exportTrades'>> = async ({ file, force }, context) => {
  const client = connect(context);
  const counts = { count: 0, lacking: 0 };
  await write(file, force, context, () => trades(client, context, counts));
  await report('exportTrades', file, counts, context);
  return 0;
};

/** @throws NiagaError FILE_EXISTS, NODE_UNREACHABLE */
export const exportEverything: Command<InputOf<'exportEverything'>> = async ({ folder }, context) => {
  const client = connect(context);
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
      throw new NiagaError('FILE_EXISTS', `"${folder}" exists already.`, { where: folder, next: 'Name a new folder.' });
    throw fileError(error, folder);
  }
  const pictures = new PictureFiles(folder, client, context);
  let done;
  try {
    done = await fill(folder, pictures, client, context);
  } catch (error) {
    // Half of it would look like all of it.
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    throw error;
  }
  await printOne('exportEverything', { folder, ...done }, context);
  if (pictures.missing > 0)
    note(context, `Pictures that are not there, since this node has them no more: ${pictures.missing}`);
  note(context, 'It is not sealed, and private values are in it: keep it where nobody else reads.');
  note(context, 'Keys are not: for a whole copy of this home, niaga backup FILE');
  return 0;
};

async function fill(folder: string, pictures: PictureFiles, client: Client, context: Context) {
  const options = { signal: context.signal };
  const counts = { count: 0, lacking: 0 };
  const done = { listings: 0, pictures: 0, trades: 0 };
  await write(join(folder, 'listings.ndjson'), false, context, () =>
    listings(client, context, { format: 'ndjson', counts, pictures }),
  );
  done.pictures = pictures.count;
  done.listings = counts.count;
  await write(join(folder, 'trades.csv'), false, context, () => trades(client, context, counts));
  for await (const { trade } of all<TradeView>((page) => client.call('tradeList', page, options))) {
    const { evidence } = await client.call('tradeExport', { trade, chat: true, values: true }, options);
    await write(join(folder, `${trade}.niaga`), false, context, () => [Buffer.from(evidence, 'base64')]);
    done.trades++;
  }
  return done;
}

interface Counts {
  count: number;
  lacking: number;
}

interface ListingsOptions {
  readonly format: Format;
  readonly base?: string | undefined;
  readonly counts: Counts;
  /** Where pictures go, too; absent: they are named by their ids. */
  readonly pictures?: PictureFiles;
}

async function* listings(
  client: Client,
  { signal }: Context,
  { format, base, counts, pictures }: ListingsOptions,
): AsyncGenerator<string> {
  const active = () => all<Shown & { status?: unknown }>((page) => client.call('listingList', page, { signal }));
  const properties = new Set<string>();
  // Columns are named before the first row.
  if (format === 'csv')
    for await (const shown of active()) for (const name of propertyNames(shown)) properties.add(name);
  if (format === 'csv') yield csvHeader(properties);
  if (format === 'google') yield GOOGLE_HEAD;
  if (format === 'json-ld') yield '{"@context":"https://schema.org","@graph":[';
  const texts = new ConditionTexts(client, { signal });
  for await (const listed of active()) {
    if (listed.status === 'removed') continue;
    const shown = await texts.of(listed);
    const first = counts.count++ === 0;
    switch (format) {
      case 'csv':
        if (lacksInCsv(shown)) counts.lacking++;
        yield listingAsCsv(shown, properties);
        break;
      case 'ndjson':
        yield `${JSON.stringify(pictures === undefined ? itemOf(shown) : await pictures.of(itemOf(shown)))}\n`;
        break;
      case 'json-ld':
        if (lacksInJsonLd(shown)) counts.lacking++;
        yield `${first ? '' : ','}\n${JSON.stringify(listingAsJsonLd(shown))}`;
        break;
      case 'google':
        if (lacksInGoogle(shown, base)) counts.lacking++;
        yield listingAsGoogle(shown, base);
        break;
    }
  }
  if (format === 'google') yield GOOGLE_TAIL;
  if (format === 'json-ld') yield '\n]}\n';
}

async function* trades(client: Client, { signal }: Context, counts: Counts): AsyncGenerator<string> {
  counts.count = 0;
  yield TRADES_HEADER;
  for await (const trade of all<TradeView>((page) => client.call('tradeList', page, { signal }))) {
    counts.count++;
    yield tradeAsCsv(trade);
  }
}

/** All of a list, page by page. */
async function* all<Item>(
  ask: (page: {
    limit: number;
    after?: string;
  }) => Promise<{ readonly items: readonly Item[]; readonly next?: string }>,
): AsyncGenerator<Item> {
  let after: string | undefined;
  do {
    const { items, next } = await ask({ limit: PAGE, ...(after === undefined ? {} : { after }) });
    yield* items;
    after = next;
  } while (after !== undefined);
}

/** A file that is there whole or not at all; standard output as it comes. */
async function write(
  path: string,
  force: boolean,
  { stdout, signal }: Context,
  content: () => AsyncIterable<string> | Iterable<Uint8Array>,
): Promise<void> {
  if (path === '-') {
    for await (const part of content()) await new Promise<void>((resolve) => stdout.write(part, () => resolve()));
    return;
  }
  await refuseToOverwrite(path, force);
  const temporary = `${path}.niaga-tmp`;
  try {
    {
      await using file = await open(temporary, 'w', 0o600);
      for await (const part of content()) {
        signal.throwIfAborted();
        await file.appendFile(part);
      }
      await file.sync();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw fileError(error, path);
  }
}

async function report(
  key: 'exportListings' | 'exportTrades',
  file: string,
  counts: Counts,
  context: Context,
): Promise<void> {
  if (file !== '-') await printOne(key, { file, ...counts }, context);
  if (counts.lacking > 0) {
    note(
      context,
      `${counts.lacking} of them have something that the format cannot say; NDJSON has room for all of it.`,
    );
  }
}
