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

  intern(text: string): number {
    const known = this.numbers.get(text);
    if (known !== undefined) return known;
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

/** A set of small integers in no order, four bytes each. */
export class Postings {
  private values = new Uint32Array(SMALLEST);
  private length = 0;

  get size(): number {
    return this.length;
  }

  /** @param value not in the set: the caller knows, and looking would cost as much as the rest */
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

  /** A view, good until the set changes. */
  numbers(): Uint32Array {
    return this.values.subarray(0, this.length);
  }
}
