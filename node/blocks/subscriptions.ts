import type { CID } from 'multiformats/cid';
import { NiagaError } from '../../protocol/errors.js';
import { parseTrader } from '../../protocol/ids.js';
import { compareVersions } from '../../protocol/record.js';
import type { SubscriptionView } from '../api/rows/blocks.js';
import { createMutex } from '../concurrency.js';
import { cborCodec, type Table } from '../store/index.js';
import type { TraderRecord } from '../trader-records/index.js';
import type { BlocksDeps } from './index.js';

/** Traders in one list, as the record's schema has it (protocol/identity/delegation.ts). */
export const MAX_LIST = 1_000;
/** Lists that one subscribes to: each counts in every search. */
const MAX_SUBSCRIPTIONS = 20;

interface Row {
  readonly id: CID;
  readonly seq: number;
  readonly device: Uint8Array;
  /** Milliseconds UTC, by the owner's clock. */
  readonly published: number;
  /** Milliseconds UTC, by this node's. */
  readonly checked: number;
  readonly name?: string;
  readonly traders: readonly { readonly trader: Uint8Array; readonly reason?: string }[];
}

/** Block lists of others, as they were when last asked for. Their records were verified then. */
export class Subscriptions {
  readonly #deps: BlocksDeps;
  readonly #table: Table<Row>;
  /** By the key of the trader whose list it is, in text. */
  readonly #rows = new Map<string, Row>();
  readonly #lock = createMutex();

  constructor(deps: BlocksDeps) {
    this.#deps = deps;
    this.#table = deps.store.table('block-subscriptions', cborCodec<Row>());
  }

  async load(): Promise<void> {
    this.#rows.clear();
    for await (const [trader, row] of this.#table.range({ limit: MAX_SUBSCRIPTIONS })) this.#rows.set(trader, row);
  }

  /** @throws NiagaError BLOCK_LIMIT, TRADER_NOT_FOUND, PEER_UNREACHABLE */
  async add(trader: string, signal: AbortSignal | undefined): Promise<SubscriptionView> {
    if (!this.#rows.has(trader) && this.#rows.size >= MAX_SUBSCRIPTIONS) {
      throw new NiagaError(
        'BLOCK_LIMIT',
        `You subscribe to ${MAX_SUBSCRIPTIONS} block lists, which is as many as there may be.`,
        {
          next: 'Leave one with: niaga block unsubscribe TRADER',
        },
      );
    }
    const record = await this.#deps.records.get(parseTrader(trader), 'block-list', { signal });
    if (record === undefined) {
      throw new NiagaError('TRADER_NOT_FOUND', 'That trader shares no block list, as far as reachable nodes know.', {
        next: 'Its owner shares it with: niaga block share',
      });
    }
    return this.#lock(() => this.#keep(trader, record));
  }

  /** @throws NiagaError TRADER_NOT_FOUND */
  async remove(trader: string): Promise<SubscriptionView> {
    return this.#lock(async () => {
      const row = this.#rows.get(trader);
      if (row === undefined) {
        throw new NiagaError('TRADER_NOT_FOUND', 'You do not subscribe to a list of that trader.', {
          next: 'See your subscriptions with: niaga block list',
        });
      }
      await this.#deps.store.write([this.#table.del(trader)]);
      this.#rows.delete(trader);
      return viewOf(trader, row);
    });
  }

  views(): SubscriptionView[] {
    return [...this.#rows].map(([trader, row]) => viewOf(trader, row));
  }

  *entries(): Generator<{ readonly list: string; readonly trader: Uint8Array; readonly reason?: string | undefined }> {
    for (const [list, { traders }] of this.#rows)
      for (const { trader, reason } of traders) yield { list, trader, reason };
  }

  /** Asks for the lists that are due. One whose owner cannot be found now counts as it was. */
  async refresh(due: (checked: number) => boolean, signal: AbortSignal): Promise<void> {
    for (const [trader, { checked }] of [...this.#rows]) {
      if (!due(checked)) continue;
      signal.throwIfAborted();
      try {
        const record = await this.#deps.records.get(parseTrader(trader), 'block-list', { signal });
        await this.#lock(async () => {
          // It may have been left while it was asked for.
          if (record !== undefined && this.#rows.has(trader)) await this.#keep(trader, record);
        });
      } catch (error) {
        signal.throwIfAborted();
        this.#deps.logger.debug({ trader, error: String(error) }, 'a block list could not be asked for');
      }
    }
  }

  async #keep(trader: string, { id, payload }: TraderRecord<'block-list'>): Promise<SubscriptionView> {
    const before = this.#rows.get(trader);
    const checked = this.#deps.now();
    const { seq, device, created, item } = payload;
    // A node that lags behind gives an older list; the one that is here is the owner's later word.
    const older = before !== undefined && compareVersions({ id, payload }, { id: before.id, payload: before }) < 0;
    const row: Row = older
      ? { ...before, checked }
      : {
          id,
          seq,
          device,
          published: created,
          checked,
          ...(item.name === undefined ? {} : { name: item.name }),
          traders: item.traders.map(({ trader: named, reason }) => ({
            trader: named,
            ...(reason === undefined ? {} : { reason }),
          })),
        };
    await this.#deps.store.write([this.#table.put(trader, row)]);
    this.#rows.set(trader, row);
    return viewOf(trader, row);
  }
}

function viewOf(trader: string, { name, traders, published, checked }: Row): SubscriptionView {
  return { trader, ...(name === undefined ? {} : { name }), traders: traders.length, published, checked };
}
