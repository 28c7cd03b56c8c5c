import type { CID } from 'multiformats/cid';
import { createBoundedCache } from '../../protocol/bounded-cache.js';
import { NiagaError } from '../../protocol/errors.js';
import { equalBytes, parseId } from '../../protocol/ids.js';
import { compareHeads } from '../../protocol/mail/heads.js';
import type { DelegationBook, Identity } from '../identity/index.js';
import { unlessDamaged } from '../listed.js';
import { readBody, writeBody } from '../network/bodies.js';
import type { Network } from '../network/index.js';
import { TokenBucket } from '../network/limits.js';
import { roleOf } from '../../protocol/trade/index.js';
import type { TradeLog, Trades } from '../trades/index.js';
import { traderAsking } from './asker.js';
import {
  ANSWER_BYTES,
  LIST_LENGTH,
  LIST_METHOD,
  listAnswerSchema,
  listSchema,
  LOG_METHOD,
  logAnswerSchema,
  logSchema,
  MAX_ANSWER,
} from './log-wire.js';

const REQUEST_TIMEOUT = 10_000;
/** A restored shop asks for a thousand logs at once, and then seldom. */
const ASKS_PER_SECOND = 5;
const ASK_BURST = 2_000;
const MAX_PEERS = 4_096;
/** Rounds until a log is whole: each brings half a megabyte, and a log has at most eight. */
const MAX_ROUNDS = 40;
/** Rounds in which nothing was added, after which the rest is given up. */
const MAX_IDLE = 2;

export interface LogExchangeDeps {
  readonly network: Network;
  readonly identity: Identity;
  readonly delegations: DelegationBook;
  readonly trades: Pick<Trades, 'log' | 'has' | 'heads' | 'takeCopies'>;
  readonly now: () => number;
}

/** A trade as somebody else has it. */
export interface ListedTrade {
  readonly trade: CID;
  readonly heads: readonly CID[];
  readonly ended: boolean;
}

/** Reading logs at the other side of a trade, or at another device of this trader. */
export class LogExchange {
  readonly #deps: LogExchangeDeps;
  readonly #buckets = createBoundedCache<TokenBucket>(MAX_PEERS);
  #serving = false;

  constructor(deps: LogExchangeDeps) {
    this.#deps = deps;
  }

  serve(): void {
    if (this.#serving) return;
    this.#serving = true;
    const { network } = this.#deps;
    network.handle(LOG_METHOD, (body, { peer }) => this.#giveLog(body, peer));
    network.handle(LIST_METHOD, (body, { peer }) => this.#giveList(body, peer));
  }

  /**
   * Takes from a peer what it has of a trade and this node lacks.
   * @param options.judged it is the own device that writes. Default: false
   * @returns whether this node now has all that the peer has; false where the peer does not know the trade
   * @throws NiagaError PEER_UNREACHABLE, …, and what a message is refused with
   */
  async pull(
    peer: string,
    trade: CID,
    { signal, judged }: { signal?: AbortSignal; judged?: boolean } = {},
  ): Promise<boolean> {
    const { network, identity, trades } = this.#deps;
    let before: string | undefined;
    let idle = 0;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const have = (await trades.log(trade.toString()))?.heads ?? [];
      // One round may bring only what waits for another message; what brings nothing twice is not taken here.
      idle = have.join() === before ? idle + 1 : 0;
      if (idle === MAX_IDLE) break;
      before = have.join();
      const body = writeBody({ delegation: identity.delegation.bytes, trade, have });
      const options = { timeout: REQUEST_TIMEOUT, retry: true, force: true, maxResponse: MAX_ANSWER, signal };
      const answer = readBody(
        logAnswerSchema,
        await network.request(peer, LOG_METHOD, body, options),
        `answer to ${LOG_METHOD}`,
      );
      if (answer.heads.length === 0) return false;
      await trades.takeCopies(answer.messages, answer.receipts, judged);
      if (await trades.has(trade.toString(), answer.heads)) return true;
      if (answer.messages.length === 0) break;
    }
    throw new NiagaError('PEER_PROTOCOL', 'The other node does not give the log that it says it has.');
  }

  /** The trades of this trader that a peer knows. @throws NiagaError PEER_UNREACHABLE, … */
  async *list(peer: string, signal?: AbortSignal): AsyncGenerator<ListedTrade> {
    const { network, identity } = this.#deps;
    let after: string | undefined;
    do {
      const body = writeBody({ delegation: identity.delegation.bytes, ...(after === undefined ? {} : { after }) });
      const options = { timeout: REQUEST_TIMEOUT, retry: true, force: true, maxResponse: MAX_ANSWER, signal };
      const answer = await network.request(peer, LIST_METHOD, body, options);
      const { trades, more } = readBody(listAnswerSchema, answer, `answer to ${LIST_METHOD}`);
      yield* trades;
      const last = trades.at(-1)?.trade.toString();
      after = more && last !== after ? last : undefined;
    } while (after !== undefined);
  }

  async #giveLog(body: Uint8Array, peer: string): Promise<Uint8Array> {
    const { delegation, trade, have } = readBody(logSchema, body, LOG_METHOD);
    const asker = this.#asker(delegation, peer);
    // What the disk has damaged here is had from somebody else.
    const log = await unlessDamaged(this.#deps.trades.log(trade.toString()));
    if (log === undefined || !this.#mayRead(asker, log)) return writeBody({ heads: [], messages: [], receipts: [] });
    const messages = log.records.map(({ id, payload }) => ({ id, heads: payload.heads }));
    const lacking = new Set(compareHeads({ messages }, have).lacking.map(String));
    let bytes = 0;
    const take = (record: Uint8Array): boolean => (bytes += record.length) <= ANSWER_BYTES;
    const sent = log.records.filter(({ id }) => lacking.has(id.toString())).map((record) => record.bytes);
    const some = sent.filter((record, at) => at === 0 || take(record));
    const receipts = some.length < sent.length ? [] : log.receipts.filter(take);
    return writeBody({ heads: log.heads, messages: some, receipts });
  }

  async #giveList(body: Uint8Array, peer: string): Promise<Uint8Array> {
    const { delegation, after } = readBody(listSchema, body, LIST_METHOD);
    const asker = this.#asker(delegation, peer);
    const isOwn = equalBytes(asker, this.#deps.identity.trader);
    const page: ListedTrade[] = [];
    let more = false;
    for await (const { id, participants, heads, ended } of this.#deps.trades.heads({ after })) {
      if (!isOwn && !participants.some((one) => equalBytes(one, asker))) continue;
      more = page.length === LIST_LENGTH;
      if (more) break;
      page.push({ trade: parseId(id), heads, ended });
    }
    return writeBody({ trades: page, more });
  }

  /** A log belongs to the sides of the trade and to the arbiter of its contract, on all of their devices. */
  #mayRead(asker: Uint8Array, { state }: Pick<TradeLog, 'state'>): boolean {
    return equalBytes(asker, this.#deps.identity.trader) || roleOf(state, asker) !== undefined;
  }

  /** @throws NiagaError RATE_LIMITED, and as {@link traderAsking} */
  #asker(delegation: Uint8Array, peer: string): Uint8Array {
    const now = this.#deps.now();
    const bucket = this.#buckets.get(peer) ?? new TokenBucket(ASKS_PER_SECOND, ASK_BURST, now);
    this.#buckets.set(peer, bucket);
    if (bucket.take(1, now) > 0) throw new NiagaError('RATE_LIMITED', 'You ask for logs too often.');
    return traderAsking(delegation, peer, this.#deps);
  }
}
