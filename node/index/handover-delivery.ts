import { setTimeout as sleep } from 'node:timers/promises';
import { parseId } from '../../protocol/ids.js';
import { isNiagaError } from '../../protocol/errors.js';
import type { Logger } from '../logger.js';
import type { Network } from '../network/index.js';
import { TokenBucket } from '../network/limits.js';
import { BUSY_TRIES, BUSY_WAIT, DELIVERY_TIMEOUT, OFFER_CARDS, type HandoverOptions } from './handover-options.js';
import type { HandoverSource, NamedListing } from './handover-source.js';
import {
  MAX_PUT_BYTES,
  MAX_PUT_CARDS,
  OFFER_METHOD,
  offerAnswerSchema,
  PUT_METHOD,
  putAnswerSchema,
  readBody,
  writeBody,
  type Offer,
  type Put,
} from './wire.js';

/** Delegations and leases of one put at most, as its schema has it. */
const MAX_PUT_DELEGATIONS = 64;
/** Receivers whose draw is remembered: more than a node has neighbours in an hour. */
const MAX_BUDGETS = 1_000;
/** In seconds. */
const HOUR = 60 * 60;
/** Of an id and a seq in an offer. */
const ID_BYTES = 50;
/** Of one offer, each name counted for each card: half of what a request may have. */
const OFFER_BYTES = 512 * 1024;

interface DeliveryDeps {
  readonly network: Network;
  readonly source: HandoverSource;
  readonly options: Pick<HandoverOptions, 'bytesPerSecond' | 'bytesPerReceiver'>;
  readonly logger: Logger;
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
   * Offers the cards and brings those that are wanted.
   * @param onHeld told of each that the receiver has already, by its own word
   * @returns whether the receiver has all of them now that it has room for, by its own word
   * @throws what asking it failed with; the signal's reason
   */
  async bring(
    receiver: string,
    cards: Iterable<NamedListing>,
    signal: AbortSignal,
    onHeld: (card: NamedListing) => void = () => undefined,
  ): Promise<boolean> {
    let whole = true;
    for (const batch of batches(cards)) {
      const { wanted, declined } = await this.#offer(receiver, batch, signal);
      batch.forEach((card, at) => wanted.has(at) || declined.has(at) || onHeld(card));
      const lacking = batch.filter((_, at) => wanted.has(at));
      if (lacking.length > 0 && !(await this.put(receiver, lacking, signal))) whole = false;
    }
    return whole;
  }

  /** Brings cards that the receiver is known to lack. @returns whether it took all of them @throws as {@link bring} */
  async put(receiver: string, cards: readonly NamedListing[], signal: AbortSignal): Promise<boolean> {
    let whole = true;
    for (const put of this.#putsOf(cards)) {
      const body = writeBody(put);
      if (!this.#mayDraw(receiver, body.length)) return false;
      const wait = this.#line.take(body.length, performance.now());
      if (wait > 0) await sleep(wait, undefined, { signal });
      const answer = await this.#request(receiver, PUT_METHOD, body, signal);
      const { results } = readBody(putAnswerSchema, answer, 'answer to index.put');
      const refused = results.filter((result) => result !== 'ok' && result !== 'LISTING_CHANGED');
      if (refused.length > 0) this.#deps.logger.debug({ receiver, refused }, 'cards handed over were refused');
      whole &&= refused.length === 0 && results.length === put.cards.length;
    }
    return whole;
  }

  async #offer(
    receiver: string,
    batch: readonly NamedListing[],
    signal: AbortSignal,
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
    const answer = await this.#request(receiver, OFFER_METHOD, body, signal);
    const { wanted, declined } = readBody(offerAnswerSchema, answer, 'answer to index.offer');
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

  async #request(receiver: string, method: string, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#deps.network.request(receiver, method, body, {
          signal,
          timeout: DELIVERY_TIMEOUT,
          retry: true,
        });
      } catch (error) {
        signal.throwIfAborted();
        if (!isNiagaError(error, 'RATE_LIMITED') || tries === BUSY_TRIES) throw error;
        await sleep(BUSY_WAIT, undefined, { signal });
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
