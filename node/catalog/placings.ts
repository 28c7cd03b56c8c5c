import { cborCodec, type Store, type Table, type Write } from '../store/index.js';

/** How widely the newest record of a card's slot is held. */
export interface Placing {
  /** Of that record: what is said of an older one does not count. */
  readonly seq: number;
  /** Other nodes that hold it, under its least-held key. */
  readonly replicas: number;
  /** Whether the network holds enough copies. */
  readonly quorum: boolean;
  /** Whether no node that should hold it is left to be asked. */
  readonly whole: boolean;
}

/** A crash costs no more than bringing some cards out again, so these are written together, and seldom. */
const WRITE_DELAY = 250;
const WRITE_TOGETHER = 1_000;

/**
 * Who has got what, apart from the rows of the catalog: it changes with every answer of the network, and a row is only ever
 * written together with what it speaks of.
 */
export class Placings {
  readonly #store: Store;
  readonly #table: Table<Placing>;
  readonly #bySlot = new Map<string, Placing>();
  #unwritten = new Map<string, Placing>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(store: Store) {
    this.#store = store;
    this.#table = store.table('placed-cards', cborCodec<Placing>());
  }

  async load(): Promise<void> {
    this.#bySlot.clear();
    for await (const [slot, placing] of this.#table.range()) this.#bySlot.set(slot, placing);
  }

  /** Of the record with this seq; nothing is known of one that was never brought out. */
  of(slot: string, seq: number): Placing {
    const placing = this.#bySlot.get(slot);
    return placing?.seq === seq ? placing : { seq, replicas: 0, quorum: false, whole: false };
  }

  /** Whether all nodes that should hold a card hold it, or a delta to it: the slot's newest card has the seq `base`. */
  isKnown(slot: string, base: number): boolean {
    const placing = this.#bySlot.get(slot);
    return placing !== undefined && placing.whole && placing.seq >= base;
  }

  /** Remembers it until the end of the process. */
  note(slot: string, placing: Placing): void {
    this.#bySlot.set(slot, placing);
  }

  /** Remembers it for good, some time soon. */
  keep(slot: string, placing: Placing): void {
    const { seq, replicas, quorum, whole } = this.#bySlot.get(slot) ?? {};
    this.#bySlot.set(slot, placing);
    const same =
      seq === placing.seq && replicas === placing.replicas && quorum === placing.quorum && whole === placing.whole;
    if (same && whole === true) return;
    this.#unwritten.set(slot, placing);
    if (this.#unwritten.size >= WRITE_TOGETHER) void this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), WRITE_DELAY).unref();
  }

  /** Nothing is brought out of these slots any more. */
  forget(slots: readonly string[]): Write[] {
    const known = slots.filter((slot) => this.#bySlot.delete(slot));
    for (const slot of known) this.#unwritten.delete(slot);
    return known.map((slot) => this.#table.del(slot));
  }

  /** Writes what was to be kept. Never fails: what is lost here is found out anew. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const writes: Write[] = [...this.#unwritten].map(([slot, placing]) => this.#table.put(slot, placing));
    this.#unwritten = new Map();
    if (writes.length > 0)
      this.#writing = this.#writing.then(() => this.#store.write(writes, { sync: false }).catch(() => undefined));
    return this.#writing;
  }
}
