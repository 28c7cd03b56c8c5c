/**
 * Arbiters: traders who offer to rule where the sides of a contract do not agree. This one's own offer, those of others, and whether a
 * contract fits the own.
 *
 * ```ts
 * const arbiters = createArbiters({ traderRecords, trader });
 * await arbiters.offer({ fee: ['50000 IDR'], language: ['id'] });
 * const chosen = await arbiters.choose('z6Mk…');
 * const { fee } = chosen({ amount: 16_000_000, currency: 'IDR' });
 * ```
 */
import type { Money } from '../../protocol/money.js';
import type { ArbiterOffer, Terms } from '../../protocol/trade/index.js';
import type { ArbiterView } from '../api/rows/arbiter.js';
import type { TraderRecords } from '../trader-records/index.js';
import { ArbiterService } from './service.js';

/** What a person says who offers to be an arbiter. */
export interface ArbiterInput {
  /** One amount a currency, as text; those of before unless said. */
  readonly fee?: readonly string[] | undefined;
  /** Per cent of the contract's total. */
  readonly share?: number | undefined;
  readonly language?: readonly string[] | undefined;
  readonly terms?: string | undefined;
  /** Take no new contracts. */
  readonly close?: boolean | undefined;
}

export interface Arbiters {
  /** Publishes the own offer. @throws NiagaError INPUT_MISSING without a fee the first time, MONEY_INVALID, WRITER_OTHER */
  offer(input: ArbiterInput): Promise<ArbiterView>;
  /** Arbiters that take contracts: these traders, or those whom the network knows of, and this one. @throws NiagaError ID_INVALID, PEER_UNREACHABLE */
  list(traders: readonly string[], signal?: AbortSignal): Promise<ArbiterView[]>;
  /**
   * Who is chosen as the arbiter of a contract. @throws NiagaError ID_INVALID, TRADER_NOT_FOUND, PEER_UNREACHABLE
   */
  choose(trader: string, signal?: AbortSignal): Promise<ChosenArbiter>;
  /** The own offer as this device made it; undefined where it made none. */
  own(): ArbiterOffer['item'] | undefined;
  /** Whether this trader offers to be an arbiter, by whichever of its devices. @throws NiagaError PEER_UNREACHABLE where only others could know */
  offers(signal?: AbortSignal): Promise<boolean>;
  /**
   * Whether a contract names this trader as the arbiter on the terms that it offers now, by whichever of its devices.
   * @throws NiagaError PEER_UNREACHABLE where only others could know
   */
  fits(terms: Terms, signal?: AbortSignal): Promise<boolean>;
}

/** What the terms of a contract of this total say of the arbiter. @throws NiagaError TRADE_TERMS where it takes no such contract */
export type ChosenArbiter = (total: Money) => NonNullable<Terms['arbiter']>;

export interface ArbitersDeps {
  readonly traderRecords: Pick<TraderRecords, 'publish' | 'own' | 'earlier' | 'newest' | 'get' | 'list'>;
  /** The own root key. */
  readonly trader: Uint8Array;
  /** Whether the trader has other devices, which may have made the offer. Default: none. */
  readonly hasOthers?: (() => boolean) | undefined;
}

export function createArbiters(deps: ArbitersDeps): Arbiters {
  return new ArbiterService(deps);
}
