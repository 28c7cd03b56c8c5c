import type { PublishedView } from '../api/views.js';
import { createMutex, type Mutex } from '../concurrency.js';
import type { Outlet } from '../index/index.js';
import type { Store } from '../store/index.js';
import { Answers } from './answers.js';
import type { Distribution } from './distribution.js';
import type { PublishItem, PublishOptions } from './index.js';
import { prepare, type PreparationDeps, type Prepared } from './preparation.js';

/** Published while the node still joins, cards wait this long for other nodes; after that they are brought out later. */
const READY_TIMEOUT = 1_500;
/** Listings signed and stored together. More would keep the event loop for longer, fewer would wait for the disk more often. */
const BATCH = 50;

interface PublishingDeps extends PreparationDeps {
  readonly store: Store;
  readonly distribution: Distribution;
  readonly outlet: Pick<Outlet, 'room'>;
  /** Reading rows, signing, and writing what was signed: one after the other. */
  readonly lock: Mutex;
  /** As of the catalog. */
  readonly ready?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
  readonly peers?: (() => number) | undefined;
  /** Told of a card that has no quorum, though there are nodes that could hold it. */
  readonly lacks: () => void;
}

/** Lists of listings on their way to disk and to the network. */
export class Publishing {
  readonly #deps: PublishingDeps;
  /** Lists are signed in the order in which they were given. */
  readonly #turn = createMutex();

  constructor(deps: PublishingDeps) {
    this.#deps = deps;
  }

  /** @param stopping aborted when the node stops */
  async *publish(
    items: readonly PublishItem[],
    options: PublishOptions,
    stopping: AbortSignal,
  ): AsyncGenerator<PublishedView> {
    const answers = new Answers<PublishedView>([options.signal, stopping]);
    // Signing goes ahead of the network, and of whoever reads the answers.
    const signing = this.#turn(() => this.#publishAll(items, options, answers));
    signing.then(
      () => answers.end(),
      (error: unknown) => answers.fail(error),
    );
    try {
      yield* answers.inOrder();
    } finally {
      answers.leave();
    }
  }

  /** Resolves once no list is signed any more. */
  ended(): Promise<void> {
    return this.#turn(() => Promise.resolve());
  }

  /** Signs and stores all items, batch by batch, and puts them on their way; each answer comes when its card has its quorum. */
  async #publishAll(
    items: readonly PublishItem[],
    options: PublishOptions,
    answers: Answers<PublishedView>,
  ): Promise<void> {
    const { outlet, lock, ready } = this.#deps;
    const { signal } = answers;
    let joined: Promise<void> | undefined;
    for (let start = 0; start < items.length; start += BATCH) {
      await outlet.room(signal);
      const batch = items.slice(start, start + BATCH);
      const prepared = await lock(() => this.#prepare(batch, options));
      if (prepared.some((one) => !this.#isPlaced(one))) await (joined ??= ready?.(READY_TIMEOUT, signal));
      for (const one of prepared) answers.add(this.#answer(one));
    }
  }

  async #prepare(
    items: readonly PublishItem[],
    { strict = false, restock = false }: PublishOptions,
  ): Promise<Prepared[]> {
    const batch = this.#deps.rows.batch();
    const prepared = items.map((item) => prepare(item, { strict, restock, batch }, this.#deps));
    await batch.write(this.#deps.store);
    return prepared;
  }

  #isPlaced({ slot }: Prepared): boolean {
    const { rows, distribution } = this.#deps;
    const row = slot === undefined ? undefined : rows.get(slot);
    return slot === undefined || row === undefined || distribution.of(slot, row).quorum;
  }

  async #answer(prepared: Prepared): Promise<PublishedView> {
    const { rows, distribution, peers, lacks } = this.#deps;
    const { slot, view, posting, seq } = prepared;
    if (slot === undefined) return { ...view, ...NOWHERE };
    // A later line of the same file may have changed the listing once more: then it is that which goes out.
    const isNewest = seq !== undefined && seq === rows.get(slot)?.cardSeq;
    if (!this.#isPlaced(prepared)) await distribution.place(slot, isNewest ? { posting } : {}).settled;
    const row = rows.get(slot);
    const { replicas, quorum } = row === undefined ? NOWHERE : distribution.of(slot, row);
    if (!quorum && peers?.() !== 0) lacks();
    return { ...view, replicas, quorum };
  }
}

const NOWHERE = { replicas: 0, quorum: false } as const;
