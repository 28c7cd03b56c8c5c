const SMALLEST = 4_096;

/**
 * Rows of 32-bit numbers in one array: an array object for each would take more memory than its numbers, and many
 * thousands of them keep the garbage collector busy.
 */
export class NumberPool {
  private values = new Uint32Array(SMALLEST);
  private end = 0;
  private wasted = 0;

  /** True once more than half of the memory is of rows that were freed: time for {@link compact}. */
  get isSparse(): boolean {
    return this.wasted > SMALLEST && 2 * this.wasted > this.end;
  }

  /** A new row of so many numbers. @returns where it begins; write it by `at`, at once */
  add(length: number): number {
    const start = this.end;
    this.end += length;
    if (this.end > this.values.length) {
      const grown = new Uint32Array(Math.max(this.end, Math.ceil(this.values.length * 1.5)));
      grown.set(this.values.subarray(0, start));
      this.values = grown;
    }
    return start;
  }

  /** All numbers; rows are found by where they begin. Good until the next `add` or `compact`. */
  get numbers(): Uint32Array {
    return this.values;
  }

  free(length: number): void {
    this.wasted += length;
  }

  /** Puts the rows that are left together. @returns for each of them where it begins now */
  compact(rows: readonly { readonly start: number; readonly length: number }[]): Uint32Array {
    const length = rows.reduce((sum, row) => sum + row.length, 0);
    const packed = new Uint32Array(Math.max(SMALLEST, Math.ceil(length * 1.25)));
    let end = 0;
    const starts = Uint32Array.from(rows, (row) => {
      packed.set(this.values.subarray(row.start, row.start + row.length), end);
      end += row.length;
      return end - row.length;
    });
    this.values = packed;
    this.end = end;
    this.wasted = 0;
    return starts;
  }
}
