import { createBoundedCache } from '../../protocol/bounded-cache.js';
import { NiagaError } from '../../protocol/errors.js';
import { equalBytes, traderToText } from '../../protocol/ids.js';
import {
  commitmentsOf,
  isSide,
  readWanted,
  roleOf,
  writeWanted,
  type Committed,
  type Role,
  type TradeState,
} from '../../protocol/trade/index.js';
import { hex } from '../bytes.js';
import type { Incoming } from '../mail/index.js';
import { TokenBucket } from '../network/limits.js';
import type { TradeLog } from '../trades/index.js';
import type { PrivateDeps } from './index.js';

/** Values that one trader is sent anew: those of a shop that was restored, and then one a minute. */
const VALUES_PER_SECOND = 1 / 60;
const VALUE_BURST = 200;
const MAX_TRADERS = 4_096;

/** What a restored home lacks of a log's values: it asks for them, and others are given what they may have. */
export class Wanted {
  readonly #deps: PrivateDeps;
  /** Commitments for which this run has asked. */
  readonly #asked = new Set<string>();
  readonly #buckets = createBoundedCache<TokenBucket>(MAX_TRADERS);

  constructor(deps: PrivateDeps) {
    this.#deps = deps;
  }

  /**
   * Asks those who may have them for values that should be here and are not, where the log came from elsewhere: messages of this
   * trader in it are another device's.
   * @param isHere whether a value is here, on its way, or was forgotten
   */
  async ask(log: TradeLog, isHere: (commitment: Uint8Array) => Promise<boolean>): Promise<void> {
    const { identity, mail, store, now } = this.#deps;
    const isForeign = log.records.some(
      ({ payload }) => equalBytes(payload.trader, identity.trader) && !equalBytes(payload.device, identity.device),
    );
    if (!isForeign) return;
    const wanted = new Map<Role, Uint8Array[]>();
    for (const { commitment, by, to, due } of commitmentsOf(log.state)) {
      const isOwn = by === log.role;
      const name = `${log.trade.toString()}/${hex(commitment)}`;
      if (this.#asked.has(name) || !(isOwn || (due && to.includes(log.role))) || (await isHere(commitment))) continue;
      this.#asked.add(name);
      for (const role of isOwn ? to : [by]) wanted.set(role, [...(wanted.get(role) ?? []), commitment]);
    }
    const parcels = [...wanted].flatMap(([role, commitments]) => {
      const trader = partyOf(log.state, role);
      const bytes = writeWanted({ trade: log.trade, commitments, asked: now() });
      return trader === undefined ? [] : [{ to: trader, kind: 'wanted' as const, bytes, about: log.trade }];
    });
    if (parcels.length === 0) return;
    const posted = mail.post(parcels);
    await store.write([...posted.writes]);
    posted.send();
  }

  /**
   * The values that somebody asks for and may have: its own, and what it needs by now.
   * @throws NiagaError RECORD_SCHEMA, TRADE_NOT_FOUND, TRADE_ROLE, RATE_LIMITED
   */
  async asked({ from, bytes }: Incoming): Promise<{ readonly log: TradeLog; readonly wanted: readonly Committed[] }> {
    const { trades, now } = this.#deps;
    const { trade, commitments } = readWanted(bytes);
    const log = await trades.open(trade.toString());
    if (log === undefined) throw new NiagaError('TRADE_NOT_FOUND', 'The trade of those values is not here.');
    const role = roleOf(log.state, from);
    if (role === undefined) throw new NiagaError('TRADE_ROLE', 'They are wanted by nobody who is in the trade.');
    const name = traderToText(from);
    const bucket = this.#buckets.get(name) ?? new TokenBucket(VALUES_PER_SECOND, VALUE_BURST, now());
    this.#buckets.set(name, bucket);
    const wait = bucket.take(commitments.length, now());
    if (wait > 0)
      throw new NiagaError('RATE_LIMITED', 'You ask for private values too often.', {
        details: { retryAt: now() + wait },
      });
    const names = new Set(commitments.map(hex));
    const wanted = commitmentsOf(log.state).filter(
      ({ commitment, by, to, due }) =>
        names.has(hex(commitment)) && (by === role || (by === log.role && due && to.includes(role))),
    );
    return { log, wanted };
  }
}

export function partyOf(state: TradeState, role: Role): Uint8Array | undefined {
  return isSide(role) ? state.parties[role] : state.agreement?.terms.arbiter?.trader;
}
