/** Texts by number and back, for maps with many short keys; numbers are used again once their text is freed. */
export class Interner {
  private readonly numbers = new Map<string, number>();
  private readonly texts: string[] = [];
  private readonly unused: number[] = [];

  /** Numbers given so far are below this. */
  get capacity(): number {
    return this.texts.length;
  }

  find(text: string): number | undefined {
    return this.numbers.get(text);
  }

  text(number: number): string {
    return this.texts[number] ?? '';
  }

  /** The texts that have a number, in no order. */
  known(): IterableIterator<string> {
    return this.numbers.keys();
  }

  intern(text: string): number {
    return this.numbers.get(text) ?? this.add(text);
  }

  /** @param text without a number yet: the caller has looked */
  add(text: string): number {
    const number = this.unused.pop() ?? this.texts.length;
    this.numbers.set(text, number);
    this.texts[number] = text;
    return number;
  }

  free(number: number): void {
    this.numbers.delete(this.text(number));
    this.texts[number] = '';
    this.unused.push(number);
  }
}

const SMALLEST = 4;
const NONE = new Uint32Array(0);

/** A set of small integers in no order, four bytes each. */
class Postings {
  private values = new Uint32Array(SMALLEST);
  private length = 0;

  get size(): number {
    return this.length;
  }

  add(value: number): void {
    if (this.length === this.values.length) {
      const grown = new Uint32Array(this.length * 2);
      grown.set(this.values);
      this.values = grown;
    }
    this.values[this.length++] = value;
  }

  delete(value: number): void {
    const place = this.values.subarray(0, this.length).indexOf(value);
    if (place < 0) return;
    this.length--;
    this.values[place] = this.values[this.length] ?? 0;
  }

  numbers(): Uint32Array {
    return this.values.subarray(0, this.length);
  }
}

/** Sets of small integers, by a small integer each. Most have one member, and those are the member itself: more than half of all words are in one card. */
export class PostingLists {
  private readonly lists: (Postings | number | undefined)[] = [];

  size(list: number): number {
    const found = this.lists[list];
    return found === undefined ? 0 : typeof found === 'number' ? 1 : found.size;
  }

  /** @param value not in the set: the caller knows, and looking would cost as much as the rest */
  add(list: number, value: number): void {
    const found = this.lists[list];
    if (found === undefined) this.lists[list] = value;
    else if (typeof found !== 'number') found.add(value);
    else {
      const several = new Postings();
      several.add(found);
      several.add(value);
      this.lists[list] = several;
    }
  }

  /** @returns false if the set is empty now */
  delete(list: number, value: number): boolean {
    const found = this.lists[list];
    if (typeof found === 'object') found.delete(value);
    if (found === value || this.size(list) === 0) this.lists[list] = undefined;
    return this.lists[list] !== undefined;
  }

  /** Good until the set changes. */
  numbers(list: number): Uint32Array {
    const found = this.lists[list];
    return found === undefined ? NONE : typeof found === 'number' ? Uint32Array.of(found) : found.numbers();
  }
}
