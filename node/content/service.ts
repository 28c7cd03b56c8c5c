import { randomBytes } from 'node:crypto';
import { fileSchema, MAX_FILE_BYTES } from '../../protocol/chat/file-part.js';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { blobId, equalBytes } from '../../protocol/ids.js';
import {
  CONTENT_KEY_BYTES,
  CONTENT_NONCE_BYTES,
  CONTENT_OVERHEAD,
  messagesOf,
  openContent,
  sealContent,
} from '../../protocol/trade/index.js';
import type { ContentView } from '../api/rows/content.js';
import { createKeyedMutex } from '../concurrency.js';
import { cborCodec, type Table } from '../store/index.js';
import type { TradeLog } from '../trades/index.js';
import type { ShippedContent } from '../trades/steps.js';
import type { ContentDeps, ContentFile, Contents } from './index.js';

const KiB = 1024;
const DAY = 24 * 60 * 60 * 1000;
/** What no step of so long ago named will not be named any more. */
const SEALED_FOR = DAY;
const MAX_BYTES = MAX_FILE_BYTES - CONTENT_OVERHEAD;

/** A sealed file that a step is about to name; the key is its id and that of the trade. */
interface SealedRow {
  readonly trade: string;
  readonly bytes: Uint8Array;
  readonly at: number;
}

type Named = ShippedContent & { readonly released: boolean };

export class ContentService implements Contents {
  readonly #deps: ContentDeps;
  readonly #sealed: Table<SealedRow>;
  readonly #lock = createKeyedMutex();
  readonly #running = new Set<Promise<void>>();
  #end: (() => void) | undefined;

  constructor(deps: ContentDeps) {
    this.#deps = deps;
    this.#sealed = deps.store.table('content-sealed', cborCodec<SealedRow>());
  }

  async start(): Promise<void> {
    if (this.#end !== undefined) return;
    const { trades, store, now } = this.#deps;
    const over = [];
    const left = new Set<string>();
    for await (const [key, { trade, at }] of this.#sealed.range()) {
      if (now() - at > SEALED_FOR) over.push(this.#sealed.del(key));
      left.add(trade);
    }
    this.#end = trades.onChange(({ trade }) => this.#changed(trade));
    // What a crash left between a step and its files.
    for (const trade of left) this.#changed(trade);
    await Promise.all(this.#running);
    if (over.length > 0) await store.write(over);
  }

  async stop(): Promise<void> {
    this.#end?.();
    this.#end = undefined;
    await Promise.all(this.#running);
  }

  async deliver<T>(
    trade: string,
    files: readonly ContentFile[],
    step: (content: readonly ShippedContent[]) => Promise<T>,
  ): Promise<T> {
    const { privateValues, store, now } = this.#deps;
    const sealed = files.map(({ name, bytes }) => {
      if (bytes.length === 0) throw new NiagaError('INPUT_INVALID', `"${name}" is empty.`, { where: 'content' });
      if (bytes.length > MAX_BYTES)
        throw new NiagaError('INPUT_TOO_LARGE', `"${name}" has more than ${Math.floor(MAX_BYTES / KiB)} KiB.`, {
          where: 'content',
        });
      const key = new Uint8Array(randomBytes(CONTENT_KEY_BYTES));
      const whole = sealContent(bytes, key, new Uint8Array(randomBytes(CONTENT_NONCE_BYTES)));
      const ref = { cid: blobId(whole), size: whole.length, name };
      // What the buyer's node would not take must not be promised.
      if (!fileSchema.safeParse(ref).success)
        throw new NiagaError('INPUT_INVALID', 'A file has a name of up to 200 characters, without a path.', {
          where: 'content',
        });
      return { key, whole, ref };
    });
    const keys = await privateValues.prepare(sealed.map(({ key }) => ({ what: 'key' as const, value: key })));
    const rows = sealed.map(({ whole, ref }) => ({
      key: `${trade}/${ref.cid.toString()}`,
      row: { trade, bytes: whole, at: now() },
    }));
    await store.write(rows.map(({ key, row }) => this.#sealed.put(key, row)));
    try {
      return await step(sealed.flatMap(({ ref }, at) => (keys[at] === undefined ? [] : [{ ...ref, key: keys[at] }])));
    } catch (error) {
      await this.#settle(trade);
      await store.write(rows.map(({ key }) => this.#sealed.del(key)));
      await privateValues.discard(keys);
      throw error;
    }
  }

  async show(trade: string): Promise<ContentView[]> {
    const { trades, files, privateValues } = this.#deps;
    const log = await trades.open(trade);
    const named = log === undefined ? [] : contentOf(log);
    if (log === undefined || named.length === 0) return [];
    const keys = await privateValues.opened(trade);
    return Promise.all(
      named.map(async ({ cid, name, size, key, released }): Promise<ContentView> => {
        const progress = await files.progress(log.counterparty, cid);
        const whole = progress !== undefined && progress.have === progress.of;
        const opens = keys.some(({ commitment }) => equalBytes(commitment, key));
        const status = whole && opens ? 'here' : opens || released ? 'awaited' : 'sealed';
        return { file: cid.toString(), name, size: Math.max(0, size - CONTENT_OVERHEAD), status };
      }),
    );
  }

  async open(trade: string, file: string): Promise<ContentFile | undefined> {
    const { trades, files, privateValues } = this.#deps;
    const log = await trades.open(trade);
    const named = log && contentOf(log).find(({ cid }) => cid.toString() === file);
    if (log === undefined || named === undefined) return undefined;
    const opened = await privateValues.opened(trade);
    const key = opened.find(({ commitment }) => equalBytes(commitment, named.key));
    if (key === undefined) {
      throw new NiagaError(
        'TRADE_STATE',
        named.released
          ? `The trade is ${log.state.word}; the key of that file is on its way.`
          : `The trade is ${log.state.word}: the key of that file comes when the seller has seen the money.`,
        { next: `See what is due: niaga trade show ${trade}` },
      );
    }
    const whole = await files.read(log.counterparty, named.cid);
    if (whole === undefined) {
      throw new NiagaError('FILE_NOT_FOUND', 'Not all of that file has come.', {
        next: 'The rest comes by itself; try again later.',
      });
    }
    return { name: named.name, bytes: openContent(whole, key.value) };
  }

  #changed(trade: string): void {
    const work: Promise<void> = this.#settle(trade)
      .catch((error: unknown) => {
        if (!isNiagaError(error, 'STOPPED'))
          this.#deps.logger.error({ trade, error: String(error) }, 'the files of a trade could not be seen to');
      })
      .finally(() => this.#running.delete(work));
    this.#running.add(work);
  }

  /** Sends what a step has named, and makes the buyer's node take what the seller has named. */
  async #settle(trade: string): Promise<void> {
    const { trades, files, mail, store } = this.#deps;
    const log = await trades.open(trade);
    if (log === undefined || log.role === 'arbiter') return;
    const named = contentOf(log);
    if (named.length === 0) return;
    await this.#lock(trade, async () => {
      const holder = `content-${trade}`;
      for (const { cid, size } of named) {
        if (log.role === 'buyer') {
          if ((await files.progress(log.counterparty, cid)) === undefined)
            await store.write(await files.expect(log.counterparty, { cid, size }, holder));
          continue;
        }
        const key = `${trade}/${cid.toString()}`;
        const row = await this.#sealed.get(key);
        if (row === undefined) continue;
        const file = files.outgoing(log.counterparty, row.bytes, log.trade);
        const posted = mail.post(file.parcels);
        await store.write([...file.keep(holder), this.#sealed.del(key), ...posted.writes]);
        posted.send();
      }
    });
  }
}

/** The files that the seller's messages name, each once. */
function contentOf({ state }: TradeLog): Named[] {
  const released = new Set(state.delivery.released.map(String));
  const found = new Map<string, Named>();
  for (const { id, payload } of messagesOf(state)) {
    if (payload.kind !== 'shipped' || payload.content === undefined) continue;
    for (const { cid, size, name, key } of payload.content)
      found.set(cid.toString(), { cid, size, name, key, released: released.has(id.toString()) });
  }
  return [...found.values()];
}
