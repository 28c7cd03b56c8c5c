import { NiagaError } from '../../protocol/errors.js';

const second = 1000;
const minute = 60 * second;
const MiB = 1024 * 1024;

// Requests of one peer

/** Requests of one peer that are answered side by side, and that one peer is asked side by side. */
export const MAX_IN_FLIGHT = 64;
/** Requests to one peer that wait for a place in flight. */
export const MAX_WAITING = 1024;
export const MAX_WAITING_BYTES = 64 * MiB;
/** Requests that were given up and may still be answered late. A stream with more is taken for dead and replaced. */
export const MAX_ABANDONED = 1024;
export const DEFAULT_REQUEST_TIMEOUT = 10 * second;
/** Answers that are written and not yet taken by the peer before no more of its requests are read. */
export const MAX_UNSENT_BYTES = 4 * MiB;

// What a method takes unless it says otherwise

export const DEFAULT_MAX_REQUEST = MiB;
/** Requests that wait for a place of a method with `maxConcurrent`. */
export const MAX_QUEUED_PER_METHOD = 1024;
/** Bytes of their bodies, which stay in memory while they wait; and of those that one peer sent. */
export const MAX_QUEUED_BYTES_PER_METHOD = 64 * MiB;
export const MAX_QUEUED_BYTES_PER_PEER = 8 * MiB;
export const HANDLER_TIME_LIMIT = 30 * second;

// How fast one peer may ask. Beyond it nothing is refused: its stream is read no faster, so that an honest peer in a
// hurry waits and a flood costs its sender. 7,000 cards come as some ten requests of up to 1 MiB.

export const REQUESTS_PER_SECOND = 5_000;
export const REQUEST_BURST = 20_000;
export const BYTES_PER_SECOND = 32 * MiB;
export const BYTE_BURST = 64 * MiB;

// Misbehaviour

/** A frame that was begun must go on: this many bytes, or its end, within the time. */
export const STALL_TIME_LIMIT = 10 * second;
export const STALL_PROGRESS = 64 * 1024;
/** Offences within {@link OFFENCE_WINDOW} after which the peer is blocked; on a stream each costs that stream. */
export const OFFENCE_BUDGET = 5;
export const OFFENCE_WINDOW = 10 * minute;
export const BLOCK_TIME = 10 * minute;
/** Peers whose conduct is remembered; beyond it the oldest record goes. */
const MAX_REMEMBERED = 4096;

// Idle streams

/** A connection with an open stream of ours is never pruned by libp2p, so a stream that is not used must go. */
export const IDLE_STREAM_TIME = 5 * minute;
/** The same when more than {@link CROWDED_CONNECTIONS} are open: libp2p prunes above 300. */
export const IDLE_STREAM_TIME_CROWDED = 15 * second;
export const CROWDED_CONNECTIONS = 240;
export const SWEEP_INTERVAL = 15 * second;

/** Answers that are not of their method's form count once in so long: one search may ask a node several times. */
export const MALFORMED_SPACING = second;

/** What a peer can do wrong. */
export type Offence = 'malformed' | 'oversize' | 'unknown-id' | 'stalled' | 'truncated';

/**
 * A token bucket that may be overdrawn: what was taken is taken, and the answer says how long the taker must be kept
 * waiting until the bucket is level again.
 */
export class TokenBucket {
  #tokens: number;
  #filledAt: number;

  constructor(
    readonly perSecond: number,
    readonly burst: number,
    now: number,
  ) {
    this.#tokens = burst;
    this.#filledAt = now;
  }

  /** Takes `amount` at `now` (ms); the milliseconds to wait, 0 while there are tokens. */
  take(amount: number, now: number): number {
    this.#fill(now);
    this.#tokens -= amount;
    return this.#tokens >= 0 ? 0 : Math.ceil((-this.#tokens / this.perSecond) * second);
  }

  isFull(now: number): boolean {
    this.#fill(now);
    return this.#tokens >= this.burst;
  }

  #fill(now: number): void {
    // A clock that was set back fills nothing and takes nothing.
    const elapsed = Math.max(0, now - this.#filledAt);
    this.#filledAt = now;
    this.#tokens = Math.min(this.burst, this.#tokens + (elapsed / second) * this.perSecond);
  }
}

/** What may wait at a {@link ConcurrencyLimit}. */
export interface WaitingLimit {
  readonly requests: number;
  /** Of all together, and of one peer. Default: no limit. */
  readonly bytes?: number;
  readonly bytesOfPeer?: number;
}

/** At most `limit` at a time; more wait in order, as many as `waiting` says. */
export class ConcurrencyLimit {
  readonly #limit: number;
  readonly #most: Required<WaitingLimit>;
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  #bytes = 0;
  readonly #bytesOf = new Map<string, number>();

  constructor(limit: number, waiting: WaitingLimit) {
    this.#limit = limit;
    this.#most = { bytes: Number.POSITIVE_INFINITY, bytesOfPeer: Number.POSITIVE_INFINITY, ...waiting };
  }

  /**
   * @param bytes what the task keeps in memory while it waits
   * @throws NiagaError RATE_LIMITED when too much waits already
   */
  async run<T>(task: () => Promise<T>, { peer = '', bytes = 0 }: { peer?: string; bytes?: number } = {}): Promise<T> {
    if (this.#running >= this.#limit) {
      const ofPeer = (this.#bytesOf.get(peer) ?? 0) + bytes;
      const most = this.#most;
      if (this.#waiting.length >= most.requests || this.#bytes + bytes > most.bytes || ofPeer > most.bytesOfPeer)
        throw new NiagaError('RATE_LIMITED', 'Too many requests wait here already.', { next: 'Wait a few seconds.' });
      this.#bytes += bytes;
      this.#bytesOf.set(peer, ofPeer);
      // The one who ends hands its place over, so the count stays as it is.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      this.#bytes -= bytes;
      const left = (this.#bytesOf.get(peer) ?? 0) - bytes;
      if (left > 0) this.#bytesOf.set(peer, left);
      else this.#bytesOf.delete(peer);
    } else {
      this.#running += 1;
    }
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}

interface ConductRecord {
  since: number;
  offences: number;
  malformedAt: number;
  blockedUntil: number;
}

/** Who misbehaved how often, and who is blocked for it. */
export class Conduct {
  readonly #records = new Map<string, ConductRecord>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Counts an offence; true when the peer is blocked because of it, from now on. */
  offence(peer: string): boolean {
    const record = this.#record(peer);
    record.offences += 1;
    if (record.offences < OFFENCE_BUDGET || record.blockedUntil > this.#now()) return false;
    record.blockedUntil = this.#now() + BLOCK_TIME;
    return true;
  }

  /** Notes an answer that is not of its form; true when it counts as an offence, for those of one moment are one. */
  countsMalformed(peer: string): boolean {
    const record = this.#record(peer);
    if (this.#now() - record.malformedAt < MALFORMED_SPACING) return false;
    record.malformedAt = this.#now();
    return true;
  }

  isBlocked(peer: string): boolean {
    return (this.#records.get(peer)?.blockedUntil ?? Number.NEGATIVE_INFINITY) > this.#now();
  }

  get blocked(): number {
    let count = 0;
    for (const peer of this.#records.keys()) if (this.isBlocked(peer)) count += 1;
    return count;
  }

  #record(peer: string): ConductRecord {
    const now = this.#now();
    const known = this.#records.get(peer);
    if (known !== undefined && (now - known.since < OFFENCE_WINDOW || known.blockedUntil > now)) return known;
    const fresh = {
      since: now,
      offences: 0,
      malformedAt: Number.NEGATIVE_INFINITY,
      blockedUntil: Number.NEGATIVE_INFINITY,
    };
    this.#records.delete(peer);
    this.#records.set(peer, fresh);
    if (this.#records.size > MAX_REMEMBERED) {
      // Those who are blocked stay: else thousands of throw-away ids would free one.
      for (const [oldest, record] of this.#records) {
        if (record.blockedUntil > now) continue;
        this.#records.delete(oldest);
        break;
      }
    }
    return fresh;
  }
}
