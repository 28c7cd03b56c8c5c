import { createBoundedCache } from '../../protocol/bounded-cache.js';
import { NiagaError } from '../../protocol/errors.js';
import { traderToText } from '../../protocol/ids.js';
import { cborCodec, type Store, type Table, type Write } from '../store/index.js';
import { endOf, today } from '../today.js';
import type { MailOptions } from './options.js';

/** The row of all strangers together. No trader's key reads so. */
const STRANGERS = 'strangers';
/** Whether somebody is a stranger is looked up among all trades: not with each parcel of a flood. */
const JUDGED_FOR = 10 * 1000;
const MAX_JUDGED = 4_096;

/** Parcels of a day that began with the first of them. On disk. */
interface Day {
  readonly since: number;
  readonly parcels: number;
}

/** One parcel that counts. */
export interface Counted {
  /** Belong into the batch of what the parcel leaves here. */
  writes(): Write[];
  /** It was not taken after all. */
  back(): void;
}

export interface ReceiptQuotaDeps {
  readonly store: Store;
  readonly options: Pick<MailOptions, 'partnerParcels' | 'strangerParcels' | 'strangersParcels'>;
  readonly isStranger: (trader: Uint8Array) => Promise<boolean>;
  readonly now: () => number;
}

/** How many parcels of others are signed for in a day: each costs a signature, and most leave a row that stays for a year. */
export class ReceiptQuota {
  readonly #deps: ReceiptQuotaDeps;
  readonly #table: Table<Day>;
  readonly #days = new Map<string, Day>();
  readonly #judged = createBoundedCache<{ readonly stranger: boolean; readonly at: number }>(MAX_JUDGED);

  constructor(deps: ReceiptQuotaDeps) {
    this.#deps = deps;
    this.#table = deps.store.table('mail-quota', cborCodec<Day>());
  }

  async load(): Promise<void> {
    this.#days.clear();
    for await (const [name, day] of this.#table.range()) this.#days.set(name, day);
  }

  /** Counts one more. @throws NiagaError RATE_LIMITED with `details.retryAt` */
  async take(from: Uint8Array): Promise<Counted> {
    const { partnerParcels, strangerParcels, strangersParcels } = this.#deps.options;
    const name = traderToText(from);
    const stranger = await this.#isStranger(from, name);
    const limits = stranger
      ? [
          { row: name, most: strangerParcels, message: 'That is more than a stranger may send in a day.' },
          { row: STRANGERS, most: strangersParcels, message: 'Too many strangers wrote today.' },
        ]
      : [{ row: name, most: partnerParcels, message: 'That is more than one trader may send in a day.' }];
    const now = this.#deps.now();
    for (const { row, most, message } of limits) {
      const day = today(this.#days.get(row), now);
      if (day !== undefined && day.parcels >= most)
        throw new NiagaError('RATE_LIMITED', message, { details: { retryAt: endOf(day) } });
    }
    const rows = limits.map(({ row }) => row);
    for (const row of rows) {
      const day = today(this.#days.get(row), now) ?? { since: now, parcels: 0 };
      this.#days.set(row, { since: day.since, parcels: day.parcels + 1 });
    }
    return {
      writes: () =>
        rows.flatMap((row) => {
          const day = this.#days.get(row);
          return day === undefined ? [] : [this.#table.put(row, day)];
        }),
      back: () => {
        for (const row of rows) this.#back(row, now);
      },
    };
  }

  /** Forgets days that are over. */
  async prune(): Promise<void> {
    const now = this.#deps.now();
    const over = [...this.#days].filter(([, day]) => today(day, now) === undefined).map(([name]) => name);
    for (const name of over) this.#days.delete(name);
    if (over.length === 0) return;
    await this.#deps.store.write(
      over.map((name) => this.#table.del(name)),
      { sync: false },
    );
  }

  #back(row: string, at: number): void {
    const day = this.#days.get(row);
    if (day === undefined || today(day, at) === undefined) return;
    // Of those of whom nothing was taken nothing is remembered: anybody can make keys.
    if (day.parcels > 1) this.#days.set(row, { since: day.since, parcels: day.parcels - 1 });
    else this.#days.delete(row);
  }

  async #isStranger(from: Uint8Array, name: string): Promise<boolean> {
    const now = this.#deps.now();
    const last = this.#judged.get(name);
    if (last !== undefined && Math.abs(now - last.at) < JUDGED_FOR) return last.stranger;
    const stranger = await this.#deps.isStranger(from);
    this.#judged.set(name, { stranger, at: now });
    return stranger;
  }
}
