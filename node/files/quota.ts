import { createBoundedCache } from '../../protocol/bounded-cache.js';
import { NiagaError } from '../../protocol/errors.js';
import { endOf, today } from '../today.js';

const MiB = 1024 * 1024;
/** Bytes of files that one trader may name in a day: pictures of many trades. */
const FILE_BYTES_A_DAY = 64 * MiB;
/** Files of all others together: a node is not somebody's disk. */
const MAX_KEPT_BYTES = 4 * 1024 * MiB;
/** Traders of whom it is remembered what they named today. */
const REMEMBERED = 10_000;

/** How much others may make this node keep. What they name counts, whether it comes or not. */
export class FileQuota {
  readonly #max: number;
  readonly #now: () => number;
  readonly #named = createBoundedCache<{ readonly since: number; readonly bytes: number }>(REMEMBERED);
  #kept = 0;

  constructor({ max = MAX_KEPT_BYTES, now }: { max?: number | undefined; now: () => number }) {
    this.#max = max;
    this.#now = now;
  }

  /** Was there at the start. */
  found(bytes: number): void {
    this.#kept += bytes;
  }

  /** @throws NiagaError RATE_LIMITED with `details.retryAt` */
  take(trader: string, bytes: number): void {
    const now = this.#now();
    const day = today(this.#named.get(trader), now) ?? { since: now, bytes: 0 };
    const details = { retryAt: endOf(day) };
    if (day.bytes + bytes > FILE_BYTES_A_DAY)
      throw new NiagaError('RATE_LIMITED', 'Those are more files than one trader may send in a day.', { details });
    if (this.#kept + bytes > this.#max)
      throw new NiagaError('RATE_LIMITED', 'There is no room for more files of others here.', { details });
    this.#named.set(trader, { since: day.since, bytes: day.bytes + bytes });
    this.#kept += bytes;
  }

  gone(bytes: number): void {
    this.#kept = Math.max(0, this.#kept - bytes);
  }
}
