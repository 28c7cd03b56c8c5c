import { NiagaError } from '../../protocol/errors.js';
import type { StockLine } from './index.js';
import type { Table, Write } from '../store/index.js';

/** What one trade has set aside. */
export type Reservation = readonly StockLine[];

/** A change of the stock: done in memory, and to be written. */
export interface StockChange {
  readonly writes: Write[];
  /** Takes it back, where the writes were refused: gives the slots in which something changed. */
  readonly undo: () => string[];
}

/** What the stock needs to know and change of the listings. */
export interface Levels {
  /** Pieces as the seller last stated them, less what was sold since; null: no limit; undefined: not offered. */
  get(slot: string): number | null | undefined;
  set(slot: string, level: number): Write;
}

/**
 * What is left of each listing. There is one writer: everything here happens in one turn of the event loop, and memory
 * is changed together with the writes that it gives out (DESIGN section 6, "Stock has one writer").
 */
export class Stock {
  readonly #table: Table<Reservation>;
  readonly #levels: Levels;
  readonly #reservations = new Map<string, readonly StockLine[]>();
  readonly #reserved = new Map<string, number>();
  /** What takes back the change that is being made. */
  #undo: (() => string[])[] = [];

  constructor(table: Table<Reservation>, levels: Levels) {
    this.#table = table;
    this.#levels = levels;
  }

  /** Reads what was kept; anything else is forgotten. */
  async load(): Promise<void> {
    this.#reservations.clear();
    this.#reserved.clear();
    for await (const [trade, lines] of this.#table.range()) this.#put(trade, lines);
  }

  /** Pieces that can still be promised; null: no limit. */
  available(slot: string): number | null {
    const level = this.#levels.get(slot);
    return level === undefined ? 0 : this.availableOf(slot, level);
  }

  /** The same, were this the level. */
  availableOf(slot: string, level: number | null): number | null {
    return level === null ? null : this.#left(slot, level);
  }

  #left(slot: string, level: number): number {
    return Math.max(0, level - (this.#reserved.get(slot) ?? 0));
  }

  /** Several steps, all or none: nothing of it stays where one is refused. @throws what `steps` throws */
  change(steps: () => Write[]): StockChange {
    const done: (() => string[])[] = [];
    this.#undo = done;
    const undo = (): string[] => [
      ...new Set(
        done
          .splice(0)
          .reverse()
          .flatMap((step) => step()),
      ),
    ];
    try {
      return { writes: steps(), undo };
    } catch (error) {
      undo();
      throw error;
    } finally {
      this.#undo = [];
    }
  }

  reserve(trade: string, lines: readonly StockLine[]): Write[] {
    const before = this.#drop(trade);
    try {
      for (const [slot, quantity] of sum(lines)) this.#check(slot, quantity);
    } catch (error) {
      if (before !== undefined) this.#put(trade, before);
      throw error;
    }
    this.#put(trade, lines);
    this.#undo.push(() => this.#replace(trade, before));
    return [
      this.#table.put(
        trade,
        lines.map(({ slot, quantity }) => ({ slot, quantity })),
      ),
    ];
  }

  release(trade: string): Write[] {
    const before = this.#drop(trade);
    if (before === undefined) return [];
    this.#undo.push(() => this.#replace(trade, before));
    return [this.#table.del(trade)];
  }

  /**
   * That there are `lines` for a trade: what is set aside for it, and what is set aside for nobody.
   * @throws NiagaError STOCK_SHORT
   */
  mustHave(trade: string, lines: readonly StockLine[]): void {
    const aside = sum(this.#reservations.get(trade) ?? []);
    for (const [slot, quantity] of sum(lines)) {
      const more = quantity - (aside.get(slot) ?? 0);
      const level = this.#levels.get(slot);
      if (more > 0 && typeof level === 'number' && this.#left(slot, level) < more)
        throw short(slot, this.#left(slot, level), more);
    }
  }

  /** Takes `lines` from the shelf; what was set aside for the trade is no longer. */
  sold(trade: string, lines: readonly StockLine[]): Write[] {
    const writes = this.release(trade);
    for (const [slot, quantity] of sum(lines)) {
      const level = this.#levels.get(slot);
      if (typeof level !== 'number') continue;
      const taken = Math.min(level, quantity);
      writes.push(this.#levels.set(slot, level - taken));
      this.#undo.push(() => this.#putBack(slot, taken));
    }
    return writes;
  }

  /** The slots that a trade holds stock of. */
  slotsOf(trade: string): string[] {
    return [...new Set(this.#reservations.get(trade)?.map(({ slot }) => slot) ?? [])];
  }

  #check(slot: string, quantity: number): void {
    if (this.#levels.get(slot) === undefined)
      throw new NiagaError('LISTING_REMOVED', `The listing "${slot}" is not offered any more.`);
    const available = this.available(slot);
    if (available !== null && available < quantity) throw short(slot, available, quantity);
  }

  #replace(trade: string, lines: readonly StockLine[] = []): string[] {
    const dropped = this.#drop(trade) ?? [];
    if (lines.length > 0) this.#put(trade, lines);
    return [...dropped, ...lines].map(({ slot }) => slot);
  }

  /** In memory: on disk it never left. What others took meanwhile stays taken. */
  #putBack(slot: string, quantity: number): string[] {
    const level = this.#levels.get(slot);
    if (typeof level === 'number') this.#levels.set(slot, level + quantity);
    return [slot];
  }

  #put(trade: string, lines: readonly StockLine[]): void {
    this.#reservations.set(trade, lines);
    for (const { slot, quantity } of lines) this.#reserved.set(slot, (this.#reserved.get(slot) ?? 0) + quantity);
  }

  #drop(trade: string): readonly StockLine[] | undefined {
    const lines = this.#reservations.get(trade);
    this.#reservations.delete(trade);
    for (const { slot, quantity } of lines ?? []) this.#reserved.set(slot, (this.#reserved.get(slot) ?? 0) - quantity);
    return lines;
  }
}

function short(slot: string, available: number, asked: number): NiagaError {
  return new NiagaError('STOCK_SHORT', `Of "${slot}" ${available} are left, and ${asked} are asked for.`, {
    where: slot,
    next: 'Publish the listing again with the right quantity, or make a counter-offer with fewer.',
    details: { available, asked },
  });
}

function sum(lines: readonly StockLine[]): Map<string, number> {
  const total = new Map<string, number>();
  for (const { slot, quantity } of lines) total.set(slot, (total.get(slot) ?? 0) + quantity);
  return total;
}
