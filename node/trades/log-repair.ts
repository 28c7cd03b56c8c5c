import type { CID } from 'multiformats/cid';
import { z } from 'zod';
import { createBoundedCache } from '../../protocol/bounded-cache.js';
import { encode } from '../../protocol/cbor.js';
import { NiagaError } from '../../protocol/errors.js';
import { equalBytes, parseId, traderToText } from '../../protocol/ids.js';
import { compareHeads } from '../../protocol/mail/index.js';
import { cidSchema } from '../../protocol/schema.js';
import { MAX_MESSAGES, messagesOf } from '../../protocol/trade/index.js';
import { unlessDamaged } from '../listed.js';
import type { Logger } from '../logger.js';
import type { Mail, Outgoing } from '../mail/index.js';
import { readBody } from '../network/bodies.js';
import { TokenBucket } from '../network/limits.js';
import type { OpenTrade, TradeBook } from './book.js';
import { caseFor } from './cases.js';
import { participants, takesPart } from './journal.js';

const DAY = 24 * 60 * 60 * 1000;
/** Trades in one parcel. */
const MAX_TRADES = 64;
/** Trades of one counterparty that are compared when it connects, those that changed last first. */
const MAX_COMPARED = 512;
/** The other side of a trade that has ended may still lack its last message. */
const COMPARED_AFTER_END = 30 * DAY;
/** Messages of logs that one trader is sent because it says to lack them: two whole logs, and then one a second. */
const REPAIRS_PER_SECOND = 1;
const REPAIR_BURST = 2_000;
const MAX_TRADERS = 4_096;

const headsSchema = z.object({
  trades: z.array(z.object({ trade: cidSchema, heads: z.array(cidSchema).max(MAX_MESSAGES) })).max(MAX_TRADES),
});
type Heads = z.infer<typeof headsSchema>['trades'];

export interface LogRepairDeps {
  readonly book: TradeBook;
  readonly mail: Pick<Mail, 'post'>;
  readonly now: () => number;
  readonly logger: Logger;
}

/** Makes the logs of both sides the same: heads are compared when they meet, and what is missing is sent. */
export class LogRepair {
  readonly #deps: LogRepairDeps;
  readonly #buckets = createBoundedCache<TokenBucket>(MAX_TRADERS);

  constructor(deps: LogRepairDeps) {
    this.#deps = deps;
  }

  /**
   * Tells everybody with whom something may not be through: what a device wrote that was revoked since stays in its letters, and what
   * stands of it is sent as copies.
   */
  async compareAll(): Promise<void> {
    const traders = new Map(
      this.#rows().flatMap(([, row]) => participants(row).map((trader) => [traderToText(trader), trader] as const)),
    );
    for (const trader of traders.values()) await this.compare(trader);
  }

  /** Tells a trader the heads of the trades with it. */
  async compare(trader: Uint8Array): Promise<void> {
    const { book } = this.#deps;
    const rows = this.#rows()
      .filter(([, row]) => takesPart(row, trader))
      .sort(([, a], [, b]) => b.updated - a.updated)
      .slice(0, MAX_COMPARED);
    const heads: Heads = [];
    for (const [id] of rows) {
      const trade = await unlessDamaged(book.read(id));
      if (trade !== undefined) heads.push(headsOf(trade));
    }
    this.#tell(trader, heads);
  }

  #rows() {
    const { book, now } = this.#deps;
    return [...book.rows()].filter(([, row]) => !row.ended || now() - row.updated < COMPARED_AFTER_END);
  }

  /** Asks a trader for what is missing here of these trades. */
  async askFor(trader: Uint8Array, trades: readonly CID[]): Promise<void> {
    const heads: Heads = [];
    for (const id of trades) {
      const trade = await this.#deps.book.read(id.toString());
      heads.push(trade === undefined ? { trade: id, heads: [] } : headsOf(trade));
    }
    this.#tell(trader, heads);
  }

  /**
   * A trader's heads: it is sent what it lacks, and asked for what is missing here.
   * @throws NiagaError PEER_PROTOCOL, RATE_LIMITED
   */
  async compared(from: Uint8Array, bytes: Uint8Array): Promise<void> {
    const { trades } = readBody(headsSchema, bytes, 'heads of trades');
    const asked: Heads = [];
    for (const { trade: id, heads } of trades) {
      const { book } = this.#deps;
      const trade = await unlessDamaged(book.read(id.toString()));
      // One that is not known here was lost here, or is being begun; with one that is damaged nothing goes on.
      if (trade === undefined) {
        if (heads.length > 0 && !book.rows().has(id.toString())) asked.push({ trade: id, heads: [] });
        continue;
      }
      if (!takesPart(trade.row, from)) continue;
      const messages = messagesOf(trade.state).map((message) => ({ id: message.id, heads: message.payload.heads }));
      const { lacking, unknown } = compareHeads({ messages }, heads);
      this.#send(from, trade, lacking);
      if (unknown.length > 0) asked.push(headsOf(trade));
    }
    this.#tell(from, asked);
  }

  /** Sends again what the other side says to lack of a log, whoever wrote it. @throws NiagaError RATE_LIMITED */
  async repair(to: Uint8Array, id: string, missing: readonly CID[]): Promise<void> {
    const trade = await this.#deps.book.read(id);
    if (trade !== undefined && takesPart(trade.row, to)) this.#send(to, trade, missing);
  }

  #send(to: Uint8Array, trade: OpenTrade, ids: readonly CID[]): void {
    const wanted = new Set(ids.map(String));
    const about = trade.state.trade;
    // In the order of the log, so that each message finds those before it.
    const parcels: Outgoing[] = messagesOf(trade.state).flatMap(({ id }) => {
      const record = wanted.has(id.toString()) ? trade.records.get(id.toString()) : undefined;
      return record === undefined ? [] : [{ to, kind: 'log' as const, bytes: record.bytes, about }];
    });
    // An arbiter that lacks the beginning has no trade to put the rest into.
    const whole = wanted.has(about.toString()) ? caseFor(trade.state, trade.records) : undefined;
    if (whole !== undefined && equalBytes(whole.to, to)) parcels.splice(0, Infinity, whole);
    if (parcels.length === 0) return;
    const name = traderToText(to);
    const now = this.#deps.now();
    const bucket = this.#buckets.get(name) ?? new TokenBucket(REPAIRS_PER_SECOND, REPAIR_BURST, now);
    this.#buckets.set(name, bucket);
    if (bucket.take(parcels.length, now) > 0)
      throw new NiagaError('RATE_LIMITED', 'Too many messages were asked for again.', { next: 'Wait a few minutes.' });
    // Not on disk: whoever still lacks them when both meet again is sent them then.
    this.#deps.mail.post(parcels).send();
  }

  #tell(to: Uint8Array, heads: Heads): void {
    for (let from = 0; from < heads.length; from += MAX_TRADES) {
      const bytes = encode({ trades: heads.slice(from, from + MAX_TRADES) });
      this.#deps.mail.post([{ to, kind: 'heads', bytes }]).send();
    }
  }
}

function headsOf({ id, state }: OpenTrade): Heads[number] {
  return { trade: parseId(id), heads: state.log.heads.map((head) => head.message.id) };
}
