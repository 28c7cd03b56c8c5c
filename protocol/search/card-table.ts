import { decodeUtf8, encodeUtf8 } from '../utf8.js';
import { FIELD, type CardIndex } from './index-terms.js';
import { NumberPool } from './number-pool.js';
import { Interner, PostingLists } from './postings.js';

/** Term, fields and count share 32 bits: 23, 5 and 4. */
export const TERM_SHIFT = 9;
export const FIELDS_SHIFT = 4;
export const FIELDS_MASK = 0x1f;
export const COUNT_MASK = 0xf;
/** Set where more than the description has the term. */
export const POSTED = (FIELDS_MASK & ~FIELD.DESCRIPTION) << FIELDS_SHIFT;
/** Numbers before the terms of a card's row: how many terms and names there are, and the lengths of its five fields, a byte each. */
export const ROW_HEAD = 3;
export const FIELD_COUNT = 5;
const LONGEST = 255;

/**
 * Which cards are held under which names, with their terms, in memory. A card is held once, however many names it
 * stands under, and its terms and names are numbers in one row.
 */
export class CardTable<C> {
  protected readonly cards: (C | undefined)[] = [];
  protected readonly idOf: string[] = [];
  /** By a card's number where its row begins: {@link ROW_HEAD}, terms, names. */
  private readonly starts: number[] = [];
  protected readonly pool = new NumberPool();
  private readonly numbers = new Map<string, number>();
  private readonly freeNumbers: number[] = [];
  protected readonly terms = new Interner();
  private readonly df: number[] = [];
  protected readonly keys = new Interner();
  protected readonly lists = new PostingLists();

  get size(): number {
    return this.numbers.size;
  }

  get(id: string): C | undefined {
    const number = this.numbers.get(id);
    return number === undefined ? undefined : this.cards[number];
  }

  has(id: string): boolean {
    return this.numbers.has(id);
  }

  ids(): IterableIterator<string> {
    return this.numbers.keys();
  }

  /** The names that a card is held under. */
  keysOf(id: string): string[] {
    const number = this.numbers.get(id);
    return number === undefined ? [] : Array.from(this.keyNumbers(number), (key) => this.keys.text(key));
  }

  isUnder(id: string, key: string): boolean {
    const number = this.numbers.get(id);
    const found = this.keys.find(key);
    return number !== undefined && found !== undefined && this.keyNumbers(number).includes(found);
  }

  /** All names that cards are held under. */
  names(): IterableIterator<string> {
    return this.keys.known();
  }

  /** The ids of the cards held under a name. */
  under(key: string): string[] {
    const list = this.keys.find(key);
    return list === undefined ? [] : Array.from(this.lists.numbers(list), (number) => this.idOf[number] ?? '');
  }

  /** How many cards are held under a name. */
  held(key: string): number {
    const list = this.keys.find(key);
    return list === undefined ? 0 : this.lists.size(list);
  }

  /** How many of the cards held have a term. */
  documentFrequency(term: string): number {
    const found = this.terms.find(term);
    return found === undefined ? 0 : (this.df[found] ?? 0);
  }

  /**
   * Holds a card under exactly these names, in place of what was held under its id. Its index is taken apart into
   * numbers; `card` is what filters see and `get` gives back, and need not have it.
   * @param terms those of each group of the index, where they are taken apart already
   */
  put(id: string, card: C, index: CardIndex, keys: Iterable<string>, terms?: readonly (readonly string[])[]): void {
    this.remove(id);
    const number = this.freeNumbers.pop() ?? this.cards.length;
    this.starts[number] = this.writeRow(index, keys instanceof Set ? keys : new Set(keys), terms);
    this.cards[number] = card;
    this.idOf[number] = id;
    this.numbers.set(id, number);
    for (const key of this.keyNumbers(number)) this.lists.add(key, number);
  }

  /** Holds a card under these names and no others. @returns false if no such card is held */
  rename(id: string, keys: Iterable<string>): boolean {
    const number = this.numbers.get(id);
    if (number === undefined) return false;
    const before = this.keyNumbers(number).slice();
    const terms = this.termNumbers(number).slice();
    const head = this.pool.numbers.slice(this.start(number), this.start(number) + ROW_HEAD);
    const after = Uint32Array.from(new Set(keys), (key) => this.keys.intern(key));
    for (const key of after) if (!before.includes(key)) this.lists.add(key, number);
    for (const key of before) if (!after.includes(key) && !this.lists.delete(key, number)) this.keys.free(key);
    this.freeRow(number);
    head[0] = terms.length * 2 ** 16 + after.length;
    const start = this.pool.add(ROW_HEAD + terms.length + after.length);
    this.pool.numbers.set(head, start);
    this.pool.numbers.set(terms, start + ROW_HEAD);
    this.pool.numbers.set(after, start + ROW_HEAD + terms.length);
    this.starts[number] = start;
    if (this.pool.isSparse) this.compact();
    return true;
  }

  /** @returns false if no such card was held */
  remove(id: string): boolean {
    const number = this.numbers.get(id);
    if (number === undefined) return false;
    for (const packed of this.termNumbers(number)) {
      const term = packed >>> TERM_SHIFT;
      const left = (this.df[term] ?? 1) - 1;
      this.df[term] = left;
      if (left === 0) this.terms.free(term);
    }
    for (const key of this.keyNumbers(number)) if (!this.lists.delete(key, number)) this.keys.free(key);
    this.freeRow(number);
    this.cards[number] = undefined;
    this.idOf[number] = '';
    this.numbers.delete(id);
    this.freeNumbers.push(number);
    if (this.pool.isSparse) this.compact();
    return true;
  }

  private writeRow(index: CardIndex, keys: ReadonlySet<string>, split?: readonly (readonly string[])[]): number {
    const groups = split ?? index.map(([, , text]) => text.split(' '));
    const termCount = groups.reduce((sum, terms) => sum + terms.length, 0);
    const start = this.pool.add(ROW_HEAD + termCount + keys.size);
    const { numbers } = this.pool;
    const lengths = [0, 0, 0, 0, 0];
    let at = start + ROW_HEAD;
    for (const [place, [fields, count]] of index.entries()) {
      const low = (fields << FIELDS_SHIFT) | count;
      const terms = groups[place] ?? [];
      for (const term of terms) {
        const number = this.terms.find(term) ?? this.terms.add(ownText(term));
        this.df[number] = (this.df[number] ?? 0) + 1;
        numbers[at++] = ((number << TERM_SHIFT) | low) >>> 0;
      }
      for (let field = 0; field < FIELD_COUNT; field++)
        if ((fields >> field) & 1) lengths[field] = (lengths[field] ?? 0) + terms.length;
    }
    for (const key of keys) numbers[at++] = this.keys.intern(key);
    const [a = 0, b = 0, c = 0, d = 0, e = 0] = lengths.map((length) => Math.min(length, LONGEST));
    numbers[start] = termCount * 2 ** 16 + keys.size;
    numbers[start + 1] = (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
    numbers[start + 2] = e;
    return start;
  }

  private freeRow(number: number): void {
    this.pool.free(this.rowLength(number));
  }

  private compact(): void {
    const live = [...this.numbers.values()];
    const starts = this.pool.compact(
      live.map((number) => ({ start: this.start(number), length: this.rowLength(number) })),
    );
    live.forEach((number, at) => (this.starts[number] = starts[at] ?? 0));
  }

  protected start(number: number): number {
    return this.starts[number] ?? 0;
  }

  private rowLength(number: number): number {
    const head = this.pool.numbers[this.start(number)] ?? 0;
    return ROW_HEAD + (head >>> 16) + (head & 0xffff);
  }

  /** Term, fields and count of each term of a card; a view. */
  protected termNumbers(number: number): Uint32Array {
    const start = this.start(number) + ROW_HEAD;
    return this.pool.numbers.subarray(start, start + ((this.pool.numbers[start - ROW_HEAD] ?? 0) >>> 16));
  }

  /** The names of a card; a view. */
  private keyNumbers(number: number): Uint32Array {
    const start = this.start(number);
    const head = this.pool.numbers[start] ?? 0;
    const first = start + ROW_HEAD + (head >>> 16);
    return this.pool.numbers.subarray(first, first + (head & 0xffff));
  }
}

/** From this length on a part of a text keeps the whole one in memory, in V8: a word would keep its card's index. */
const SHARED_LENGTH = 13;

function ownText(term: string): string {
  return term.length < SHARED_LENGTH ? term : decodeUtf8(encodeUtf8(term));
}
