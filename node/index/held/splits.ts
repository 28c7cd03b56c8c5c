import { MAX_SHARD_BITS, readShardKey, SHARD_CARDS } from '../../../protocol/search/posting-keys.js';
import { cborCodec, type Store, type Table, type Write } from '../../store/index.js';
import { SPLIT_UNTIL } from './quotas.js';

/**
 * Names that hold so much that their key is to be split. Once said it is said until few cards are left: otherwise a name would be whole
 * again as soon as its cards have moved to their shards.
 */
export class Splits {
  readonly #held: (name: string) => number;
  readonly #all: () => number;
  readonly #names = new Set<string>();
  readonly #rows: Table<true>;

  /** @param held how many cards are held under a name @param all how many in all */
  constructor(store: Store, held: (name: string) => number, all: () => number) {
    this.#rows = store.table('split-names', cborCodec<true>());
    this.#held = held;
    this.#all = all;
  }

  async load(): Promise<void> {
    for await (const [name] of this.#rows.range()) this.#names.add(name);
  }

  /** Into how many bits the name's key should be split: those that it has, or one more. */
  bitsOf(name: string): number {
    const bits = readShardKey(name).shard.length;
    return this.isSplit(name) && bits < MAX_SHARD_BITS ? bits + 1 : bits;
  }

  isSplit(name: string): boolean {
    if (this.#isNone) return false;
    const held = this.#held(name);
    return held > SHARD_CARDS || (held >= SPLIT_UNTIL && this.#names.has(name));
  }

  /** Asked for every name that comes: most nodes never have one with so many cards. */
  get #isNone(): boolean {
    return this.#names.size === 0 && this.#all() <= SHARD_CARDS;
  }

  /** Notes what has become of these names: the writes for it. */
  note(names: Iterable<string>): Write[] {
    const writes: Write[] = [];
    if (this.#isNone) return writes;
    for (const name of names) {
      const isSplit = this.isSplit(name);
      if (isSplit === this.#names.has(name)) continue;
      writes.push(isSplit ? this.#rows.put(name, true) : this.#rows.del(name));
      if (isSplit) this.#names.add(name);
      else this.#names.delete(name);
    }
    return writes;
  }

  /** Notes it of all names that are split. */
  tidy(): Write[] {
    return this.note([...this.#names]);
  }
}
