import {
  addDigests,
  checksumOf,
  decodeDigest,
  decodeHead,
  EMPTY_DIGEST,
  EMPTY_HEAD,
  encodeDigest,
  encodeHead,
  HEAD_KEY,
  tableDigestKey,
  tableOfDigestKey,
  type Digest,
  type Head,
} from './digest.js';
import { seal, unseal } from './rows.js';

/** One row before and after a batch; undefined where there is none. */
export interface RowChange {
  readonly table: string;
  readonly before: Uint8Array | undefined;
  readonly after: Uint8Array | undefined;
}

/** What the figures will be once a batch is written. */
export interface NextFigures {
  readonly head: Head;
  readonly tables: ReadonlyMap<string, Digest>;
}

/** The store's figures about itself: the head, and a digest a table. In memory they are those of the newest batch. */
export class Ledger {
  #head: Head = EMPTY_HEAD;
  #tables = new Map<string, Digest>();

  get head(): Head {
    return this.#head;
  }

  /**
   * Takes the figures that the database holds. Those that are damaged count as empty; the check will say so.
   * @returns false when the row of the head is there and damaged.
   */
  load(rows: Iterable<readonly [key: string, row: Uint8Array]>): boolean {
    let sound = true;
    for (const [key, row] of rows) {
      const bytes = unseal(key, row);
      if (key === HEAD_KEY) {
        const head = bytes === undefined ? undefined : decodeHead(bytes);
        sound = head !== undefined;
        this.#head = head ?? EMPTY_HEAD;
      } else {
        const table = tableOfDigestKey(key);
        const digest = bytes === undefined ? undefined : decodeDigest(bytes);
        if (table !== undefined && digest !== undefined) this.#tables.set(table, digest);
      }
    }
    return sound;
  }

  /** Goes on from `batch`, written once for sure: those that the database does not know of stay on the books as lost. */
  noteLost(batch: number): void {
    if (batch > this.#head.batch) {
      this.#head = { ...this.#head, batch, lost: this.#head.lost + batch - this.#head.batch };
    }
  }

  /** Goes on from `batch` where the database's own number is damaged: nothing says that any is lost. */
  goOnFrom(batch: number): void {
    this.#head = { ...this.#head, batch };
  }

  /** The figures after one more batch with these changes. Nothing is kept until {@link commit}. */
  after(changes: Iterable<RowChange>): NextFigures {
    const deltas = new Map<string, { rows: number; sum: bigint }>();
    for (const { table, before, after } of changes) {
      let delta = deltas.get(table);
      if (delta === undefined) deltas.set(table, (delta = { rows: 0, sum: 0n }));
      if (before !== undefined) {
        delta.rows--;
        delta.sum -= checksumOf(before);
      }
      if (after !== undefined) {
        delta.rows++;
        delta.sum += checksumOf(after);
      }
    }
    const tables = new Map<string, Digest>();
    let { all } = this.#head;
    for (const [table, delta] of deltas) {
      tables.set(table, addDigests(this.#tables.get(table) ?? EMPTY_DIGEST, delta));
      all = addDigests(all, delta);
    }
    return { head: { ...this.#head, batch: this.#head.batch + 1, all }, tables };
  }

  /** The figures after one more batch that makes exactly these tables the truth, and no loss known. */
  restated(found: ReadonlyMap<string, Digest>): NextFigures {
    const tables = new Map([...this.#tables.keys()].map((table) => [table, EMPTY_DIGEST]));
    let all = EMPTY_DIGEST;
    for (const [table, digest] of found) {
      tables.set(table, digest);
      all = addDigests(all, digest);
    }
    return { head: { batch: this.#head.batch + 1, lost: 0, all }, tables };
  }

  /** Takes the figures of a batch that is written. */
  commit(next: NextFigures): void {
    this.#head = next.head;
    for (const [table, digest] of next.tables) this.#tables.set(table, digest);
  }
}

/** The rows that a batch must hold besides its own. */
export function figureRows({ head, tables }: NextFigures): { key: string; value: Uint8Array }[] {
  const put = (key: string, value: Uint8Array) => ({ key, value: seal(key, value) });
  return [
    put(HEAD_KEY, encodeHead(head)),
    ...[...tables].map(([table, digest]) => put(tableDigestKey(table), encodeDigest(digest))),
  ];
}
