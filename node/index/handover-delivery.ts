import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { parseId } from '../../protocol/ids.js';
import { isNiagaError } from '../../protocol/errors.js';
import type { Logger } from '../logger.js';
import { readAnswer, writeBody, type Expected } from '../network/bodies.js';
import type { Network } from '../network/index.js';
import { TokenBucket } from '../network/limits.js';
import { BUSY_TRIES, BUSY_WAIT, DELIVERY_TIMEOUT, OFFER_CARDS, type HandoverOptions } from './handover-options.js';
import type { HandoverSource, NamedListing } from './handover-source.js';
import {
  MAX_PUT_BYTES,
  MAX_PUT_CARDS,
  MAX_PUT_DELEGATIONS,
  OFFER_METHOD,
  offerAnswerSchema,
  PUT_METHOD,
  putAnswerSchema,
  type Offer,
  type Put,
  type PutAnswer,
} from './wire.js';

/** Receivers whose draw is remembered: more than a node has neighbours in an hour. */
const MAX_BUDGETS = 1_000;
/** Answers to a card after which there is nothing left to bring. */
const SETTLED: readonly string[] = ['ok', 'LISTING_CHANGED', 'INDEX_FAR'];
/** In seconds. */
const HOUR = 60 * 60;
/** Of an id and a seq in an offer. */
const ID_BYTES = 50;
/** Of one offer, each name counted for each card: half of what a request may have. */
const OFFER_BYTES = 512 * 1024;

interface DeliveryDeps {
  readonly network: Network;
  readonly source: HandoverSource;
  readonly options: Pick<HandoverOptions, 'bytesPerSecond' | 'bytesPerReceiver' | 'timePerReceiver' | 'slowAnswer'>;
  readonly logger: Logger;
}

export interface BringOptions {
  /** Told of each card that the receiver has already, by its own word. */
  readonly onHeld?: ((card: NamedListing) => void) | undefined;
  /** Whether others wait for this receiver to be done. Default: nobody does. */
  readonly othersWait?: (() => boolean) | undefined;
}

/** The time that a receiver has in one pass or check. */
class Turn {
  readonly signal: AbortSignal;
  readonly #slowAnswer: number;
  readonly #othersWait: () => boolean;
  #until: number;
  #isSlow = false;

  constructor(
    { timePerReceiver, slowAnswer }: Pick<HandoverOptions, 'timePerReceiver' | 'slowAnswer'>,
    signal: AbortSignal,
    othersWait: () => boolean = () => false,
  ) {
    this.#until = performance.now() + timePerReceiver;
    this.#slowAnswer = slowAnswer;
    this.#othersWait = othersWait;
    this.signal = signal;
  }

  /** Milliseconds. */
  get left(): number {
    return this.#until - performance.now();
  }

  get isOver(): boolean {
    return this.left <= 0 || (this.#isSlow && this.#othersWait());
  }

  /** Waits for something else than the receiver. @throws the signal's reason */
  async pause(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: this.signal });
    this.#until += milliseconds;
  }

  async answer<T>(ask: (signal: AbortSignal, timeout: number) => Promise<T>): Promise<T> {
    const begun = performance.now();
    try {
      return await ask(this.signal, Math.max(1, Math.min(DELIVERY_TIMEOUT, this.left)));
    } finally {
      this.#isSlow = performance.now() - begun > this.#slowAnswer;
    }
  }
}

/** Brings cards to one node: says what there is, and sends what that node lacks. */
export class Delivery {
  readonly #deps: DeliveryDeps;
  readonly #line: TokenBucket;
  readonly #budgets = new Map<string, TokenBucket>();

  constructor(deps: DeliveryDeps) {
    this.#deps = deps;
    this.#line = new TokenBucket(deps.options.bytesPerSecond, 2 * MAX_PUT_BYTES, performance.now());
  }

  /**
   * Offers the cards and brings those that are wanted, as far as the receiver's time allows.
   * @returns whether the receiver has all of them now that it has room for, by its own word
   * @throws what asking it failed with; the signal's reason
   */
  async bring(
    receiver: string,
    cards: Iterable<NamedListing>,
    signal: AbortSignal,
    { onHeld = () => undefined, othersWait }: BringOptions = {},
  ): Promise<boolean> {
    const turn = new Turn(this.#deps.options, signal, othersWait);
    let whole = true;
    for (const batch of batches(cards)) {
      if (turn.isOver) return false;
      const { wanted, declined } = await this.#offer(receiver, batch, turn);
      batch.forEach((card, at) => wanted.has(at) || declined.has(at) || onHeld(card));
      const lacking = batch.filter((_, at) => wanted.has(at));
      if (lacking.length > 0 && !(await this.#put(receiver, lacking, turn))) whole = false;
    }
    return whole;
  }

  /** Brings cards that the receiver is known to lack. @returns whether it took all of them @throws as {@link bring} */
  put(receiver: string, cards: readonly NamedListing[], signal: AbortSignal): Promise<boolean> {
    return this.#put(receiver, cards, new Turn(this.#deps.options, signal));
  }

  async #put(receiver: string, cards: readonly NamedListing[], turn: Turn): Promise<boolean> {
    let whole = true;
    for (const put of this.#putsOf(cards)) {
      const body = writeBody(put);
      if (turn.isOver || !this.#mayDraw(receiver, body.length)) return false;
      const wait = this.#line.take(body.length, performance.now());
      // What all receivers share is not the fault of this one.
      if (wait > 0) await turn.pause(wait);
      const fits = ({ results }: PutAnswer): boolean => results.length === put.cards.length;
      const expected = { peer: receiver, method: PUT_METHOD, schema: putAnswerSchema, fits };
      const { results } = await this.#ask(expected, body, turn);
      // What it is far from by its own view it gets not, also not when it is asked again.
      const refused = results.filter((result) => !SETTLED.includes(result));
      if (refused.length > 0) this.#deps.logger.debug({ receiver, refused }, 'cards handed over were refused');
      whole &&= refused.length === 0;
    }
    return whole;
  }

  async #offer(
    receiver: string,
    batch: readonly NamedListing[],
    turn: Turn,
  ): Promise<{ readonly wanted: ReadonlySet<number>; readonly declined: ReadonlySet<number> }> {
    const keys = new Map<string, number>();
    const place = (name: string): number => {
      const known = keys.get(name) ?? keys.size;
      keys.set(name, known);
      return known;
    };
    const cards = batch.map(([listing, names]) => [
      parseId(listing),
      this.#deps.source.held(listing)?.seq ?? 0,
      names.map(place),
    ]);
    const body = writeBody({ keys: [...keys.keys()], cards });
    const expected = { peer: receiver, method: OFFER_METHOD, schema: offerAnswerSchema };
    const { wanted, declined } = await this.#ask(expected, body, turn);
    return { wanted: new Set(wanted), declined: new Set(declined) };
  }

  /** In one put as many as fit; how large a card with its delta, delegations and proof is shows only when it is made. */
  *#putsOf(cards: readonly NamedListing[]): Generator<Put> {
    const put = this.#deps.source.putOf(cards);
    const bytes = put.cards.reduce((sum, [envelope, places]) => sum + envelope.length + 12 + 3 * places.length, 0);
    const fits =
      put.cards.length <= MAX_PUT_CARDS &&
      bytes <= MAX_PUT_BYTES / 2 &&
      put.delegations.length <= MAX_PUT_DELEGATIONS &&
      put.leases.length <= MAX_PUT_DELEGATIONS;
    if (fits || cards.length === 1) {
      if (put.cards.length > 0) yield put;
      return;
    }
    const half = Math.ceil(cards.length / 2);
    yield* this.#putsOf(cards.slice(0, half));
    yield* this.#putsOf(cards.slice(half));
  }

  /** Asks, and once more after a while where the receiver has too much to do. */
  async #ask<S extends z.ZodType>(expected: Expected<S>, body: Uint8Array, turn: Turn): Promise<z.output<S>> {
    const { network } = this.#deps;
    const { peer, method } = expected;
    for (let tries = 1; ; tries++) {
      try {
        const answer = await turn.answer((signal, timeout) =>
          network.request(peer, method, body, { signal, timeout, retry: true }),
        );
        return readAnswer(network, expected, answer);
      } catch (error) {
        turn.signal.throwIfAborted();
        if (!isNiagaError(error, 'RATE_LIMITED') || tries === BUSY_TRIES || turn.left < BUSY_WAIT) throw error;
        await sleep(BUSY_WAIT, undefined, { signal: turn.signal });
      }
    }
  }

  #mayDraw(receiver: string, bytes: number): boolean {
    const now = performance.now();
    let budget = this.#budgets.get(receiver);
    if (budget === undefined) {
      for (const [id, other] of this.#budgets) if (other.isFull(now)) this.#budgets.delete(id);
      if (this.#budgets.size >= MAX_BUDGETS) return false;
      const { bytesPerReceiver } = this.#deps.options;
      budget = new TokenBucket(bytesPerReceiver / HOUR, bytesPerReceiver, now);
      this.#budgets.set(receiver, budget);
    }
    if (budget.take(0, now) > 0) return false;
    budget.take(bytes, now);
    return true;
  }
}

function* batches(cards: Iterable<NamedListing>): Generator<NamedListing[]> {
  let batch: NamedListing[] = [];
  let bytes = 0;
  for (const card of cards) {
    if (card[1].length === 0) continue;
    const size = card[1].reduce((sum, name) => sum + name.length + 3, ID_BYTES);
    if (batch.length === OFFER_CARDS || (batch.length > 0 && bytes + size > OFFER_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(card);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

/** Places in an offer of what is neither wanted nor held for all of its keys: who offered it must not rely on this node. */
export function declinedOf(
  { keys, cards }: Offer,
  wanted: readonly number[],
  source: Pick<HandoverSource, 'held'>,
): number[] {
  const asked = new Set(wanted);
  return cards.flatMap(([id, seq, places], at) => {
    if (asked.has(at)) return [];
    const here = source.held(id.toString());
    const names = new Set(here?.names);
    const isHeld = here !== undefined && here.seq >= seq && places.every((place) => names.has(keys[place] ?? ''));
    return isHeld ? [] : [at];
  });
}
