import { randomBytes } from 'node:crypto';
import { encode } from '../../protocol/cbor.js';
import { sealCapsule, type CapsuleContent } from '../../protocol/identity/capsule.js';
import { parseId } from '../../protocol/ids.js';
import { hex } from '../bytes.js';
import { patiently } from '../concurrency.js';
import type { Identity } from '../identity/index.js';
import type { Logger } from '../logger.js';
import type { TraderRecords } from '../trader-records/index.js';
import type { Trades } from '../trades/index.js';

const EPHEMERAL_BYTES = 32;
/** Steps of trades come in groups: a capsule is made so long after the first of them … */
export const CAPSULE_DELAY = 5_000;
/** … and no more often than this: nodes near the key take few records of one device a minute. */
const CAPSULE_INTERVAL = 60_000;

/** Where nobody answers, a stop waits no longer. */
const STOP_PATIENCE = 1_000;

export interface CapsuleKeeperDeps {
  readonly identity: Identity;
  readonly trades: Pick<Trades, 'heads' | 'onChange'>;
  readonly traderRecords: Pick<TraderRecords, 'publish' | 'own'>;
  /** Whether this device writes for the trader. */
  readonly mayWrite: () => boolean;
  readonly delay: number;
  readonly now: () => number;
  readonly logger: Logger;
}

/** Keeps the sealed list of open trades up to date at the nodes near the trader's key. */
export class CapsuleKeeper {
  readonly #deps: CapsuleKeeperDeps;
  #ends: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<unknown> = Promise.resolve();
  #last = '';
  #made = Number.NEGATIVE_INFINITY;

  constructor(deps: CapsuleKeeperDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#ends = [this.#deps.trades.onChange(() => this.#soon())];
    // What changed in the last moments of the run before.
    this.#soon();
  }

  async stop(): Promise<void> {
    // A trade that began a moment ago would be unknown to whoever comes back from the words.
    if (this.#timer !== undefined) this.#makeNow();
    // What takes longer ends with the service that brings it out, and is done anew at the next start.
    await patiently(this.#work, STOP_PATIENCE);
    for (const end of this.#ends) end();
    this.#ends = [];
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #soon(): void {
    if (this.#timer !== undefined || this.#ends.length === 0) return;
    const { delay } = this.#deps;
    const rest = Math.min(CAPSULE_INTERVAL, 12 * delay) - (performance.now() - this.#made);
    this.#timer = setTimeout(() => this.#makeNow(), Math.max(delay, rest)).unref();
  }

  #makeNow(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#work = this.#work
      .then(() => this.#make())
      .catch((error: unknown) => {
        if (this.#ends.length === 0) return;
        this.#deps.logger.warn({ error: String(error) }, 'the list of open trades could not be brought out');
      });
  }

  async #make(): Promise<void> {
    const { identity, trades, traderRecords, mayWrite, now } = this.#deps;
    const { recovery } = identity.delegation.payload;
    if (recovery === undefined || this.#ends.length === 0) return;
    if (!mayWrite()) {
      // It may become the one that does, and what changed until then is in no list of its own.
      this.#made = performance.now();
      this.#soon();
      return;
    }
    const open: (CapsuleContent['trades'][number] & { updated: number })[] = [];
    let counter = 0;
    for await (const { id, counterparty, role, heads, ended, updated, messages } of trades.heads({ whole: true })) {
      counter += messages;
      if (!ended) open.push({ trade: parseId(id), counterparty, role, heads: [...heads], updated });
    }
    // Without an open trade there is nothing to find, unless an earlier capsule says otherwise.
    if (open.length === 0 && traderRecords.own('capsule') === undefined) return;
    const listed = open.sort((a, b) => b.updated - a.updated).map(({ updated: _, ...one }) => one);
    const what = hex(encode(listed, { maxBytes: 16 * 1024 * 1024 }));
    if (what === this.#last) return;
    this.#made = performance.now();
    const content = { counter, as: now(), trades: listed, omitted: 0 };
    const sealed = sealCapsule(content, recovery, new Uint8Array(randomBytes(EPHEMERAL_BYTES)));
    await traderRecords.publish('capsule', { sealed });
    this.#last = what;
  }
}
