import { NiagaError } from '../../protocol/errors.js';
import { quote } from '../../protocol/quote.js';
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
  /**
   * Pieces as the seller last stated them, less what was sold since; null: no limit; undefined: not offered. Of a variant those that it
   * has of its own; null where only those of the listing count.
   */
  get(slot: string, variant?: string): number | null | undefined;
  set(slot: string, level: number, variant?: string): Write;
  /** Of all variants of a listing. */
  variants(slot: string): readonly VariantLevel[];
}

/** Pieces of one variant, as in {@link Levels}. */
interface VariantLevel {
  readonly sku: string;
  readonly level: number | null;
}

/** Where pieces are counted: those of a variant as such and, since the listing's are all of them together, as the listing's. */
type Place = Omit<StockLine, 'quantity'>;

/**
 * What is left of each listing and of each variant. There is one writer: everything here happens in one turn of the event loop, and memory
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

  /** Pieces that can still be promised, of the listing or of one variant; null: no limit. */
  available(slot: string, variant?: string): number | null {
    const level = this.#levels.get(slot);
    if (level === undefined) return 0;
    if (variant === undefined) return this.availableOf(slot, level, this.#levels.variants(slot));
    const own = this.#levels.get(slot, variant);
    return own === undefined ? 0 : least(this.#left({ slot }, level), this.#left({ slot, variant }, own));
  }

  /** The same of the listing, were these the levels. */
  availableOf(slot: string, level: number | null, variants: readonly VariantLevel[]): number | null {
    const whole = this.#left({ slot }, level);
    if (variants.length === 0) return whole;
    return least(whole, variants.map((one) => this.#left({ slot, variant: one.sku }, one.level)).reduce(together, 0));
  }

  #left(place: Place, level: number | null): number | null {
    return level === null ? null : Math.max(0, level - (this.#reserved.get(keyOf(place)) ?? 0));
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
      for (const one of sum(lines).values()) this.#check(one, one.quantity);
    } catch (error) {
      if (before !== undefined) this.#put(trade, before);
      throw error;
    }
    this.#put(trade, lines);
    this.#undo.push(() => this.#replace(trade, before));
    return [this.#table.put(trade, lines)];
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
    for (const [key, { quantity, ...place }] of sum(lines)) {
      const more = quantity - (aside.get(key)?.quantity ?? 0);
      const left = this.#left(place, this.#levels.get(place.slot, place.variant) ?? null);
      if (more > 0 && left !== null && left < more) throw short(place, left, more);
    }
  }

  /** Takes `lines` from the shelf; what was set aside for the trade is no longer. */
  sold(trade: string, lines: readonly StockLine[]): Write[] {
    const writes = this.release(trade);
    for (const { quantity, ...place } of sum(lines).values()) {
      const level = this.#levels.get(place.slot, place.variant);
      if (typeof level !== 'number') continue;
      const taken = Math.min(level, quantity);
      writes.push(this.#levels.set(place.slot, level - taken, place.variant));
      this.#undo.push(() => this.#putBack(place, taken));
    }
    return writes;
  }

  /** The slots that a trade holds stock of. */
  slotsOf(trade: string): string[] {
    return [...new Set(this.#reservations.get(trade)?.map(({ slot }) => slot) ?? [])];
  }

  #check(place: Place, quantity: number): void {
    const level = this.#levels.get(place.slot, place.variant);
    if (level === undefined) throw new NiagaError('LISTING_REMOVED', `${nameOf(place)} is not offered any more.`);
    const left = this.#left(place, level);
    if (left !== null && left < quantity) throw short(place, left, quantity);
  }

  #replace(trade: string, lines: readonly StockLine[] = []): string[] {
    const dropped = this.#drop(trade) ?? [];
    if (lines.length > 0) this.#put(trade, lines);
    return [...dropped, ...lines].map(({ slot }) => slot);
  }

  /** In memory: on disk it never left. What others took meanwhile stays taken. */
  #putBack({ slot, variant }: Place, quantity: number): string[] {
    const level = this.#levels.get(slot, variant);
    if (typeof level === 'number') this.#levels.set(slot, level + quantity, variant);
    return [slot];
  }

  #put(trade: string, lines: readonly StockLine[]): void {
    this.#reservations.set(trade, lines);
    for (const [key, { quantity }] of sum(lines)) this.#reserved.set(key, (this.#reserved.get(key) ?? 0) + quantity);
  }

  #drop(trade: string): readonly StockLine[] | undefined {
    const lines = this.#reservations.get(trade);
    this.#reservations.delete(trade);
    for (const [key, { quantity }] of sum(lines ?? []))
      this.#reserved.set(key, (this.#reserved.get(key) ?? 0) - quantity);
    return lines;
  }
}

function short(place: Place, available: number, asked: number): NiagaError {
  return new NiagaError('STOCK_SHORT', `Of ${nameOf(place)} ${available} are left, and ${asked} are asked for.`, {
    where: place.slot,
    next: 'Publish the listing again with the right quantity, or make a counter-offer with fewer.',
    details: { available, asked },
  });
}

function nameOf({ slot, variant }: Place): string {
  return variant === undefined ? `"${slot}"` : `"${slot}", variant ${quote(variant)},`;
}

/** A slot has no line break. */
function keyOf({ slot, variant }: Place): string {
  return variant === undefined ? slot : `${slot}\n${variant}`;
}

/** What lines take from each place. */
function sum(lines: readonly StockLine[]): Map<string, StockLine> {
  const total = new Map<string, StockLine>();
  for (const line of lines) {
    const { slot, quantity } = line;
    for (const place of line.variant === undefined ? [{ slot }] : [{ slot }, { slot, variant: line.variant }]) {
      const key = keyOf(place);
      total.set(key, { ...place, quantity: (total.get(key)?.quantity ?? 0) + quantity });
    }
  }
  return total;
}

/** Of two limits the narrower; null is none. */
function least(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}

function together(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}
