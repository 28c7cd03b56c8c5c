/**
 * Personal data of trades: addresses, phone numbers, proofs of payment, keys of digital goods. A log commits to them, and they go
 * sealed to the one who needs them when that is due; they are kept apart from the log and can be forgotten after the end.
 *
 * ```ts
 * const values = createPrivateValues({ store, identity, mail, files, trades, blocks, events, now: Date.now, logger });
 * await values.start();
 * const [address] = await values.prepare([{ what: 'address', value: utf8('Jl. Mawar 3, Bandung') }]);
 * await trades.offer({ listing, delivery: { method: 'shipping', address } }); // the value follows once there is a contract
 * const shown = await values.show(trade);
 * await values.forget(trade);
 * ```
 */
import type { CID } from 'multiformats/cid';
import type { PrivateKind } from '../../protocol/trade/index.js';
import type { ForgottenView, PrivateView } from '../api/rows/private.js';
import type { Blocks } from '../blocks/index.js';
import type { Events } from '../events/index.js';
import type { Files } from '../files/index.js';
import type { Identity } from '../identity/index.js';
import type { Logger } from '../logger.js';
import type { Mail } from '../mail/index.js';
import type { Store } from '../store/index.js';
import type { Trades } from '../trades/index.js';
import { PrivateService } from './service.js';

export interface NewValue {
  readonly what: PrivateKind;
  /** Text as UTF-8, a file as it is. */
  readonly value: Uint8Array;
  /** Of a pick-up code: what it is made of is its salt too. Default: random bytes. */
  readonly salt?: Uint8Array | undefined;
  /** Of a file: what the other side may call it. */
  readonly name?: string | undefined;
}

/** A value that opens a commitment, for whoever discloses it. */
export interface Opened {
  readonly what: PrivateKind;
  /** The message that commits to it. */
  readonly message: CID;
  readonly commitment: Uint8Array;
  readonly salt: Uint8Array;
  readonly value: Uint8Array;
  readonly name?: string;
}

export interface PrivateValues {
  start(): Promise<void>;
  stop(): Promise<void>;
  /**
   * Keeps values of one's own before a step commits to them, so that no log ever commits to what is lost. They go to the one who needs
   * them by themselves: an address once there is a contract, a proof at once, a key once the money was seen.
   * @returns the commitments, in order, for the message of the step
   * @throws NiagaError INPUT_INVALID for an empty value or a name that is none, INPUT_TOO_LARGE
   */
  prepare(values: readonly NewValue[]): Promise<Uint8Array[]>;
  /** The step was not taken: they are gone, but for those that a log names after all. */
  discard(commitments: readonly Uint8Array[]): Promise<void>;
  /** What a trade commits to, with the values that are here. */
  show(trade: string): Promise<PrivateView[]>;
  /** Values that are here, own and others': for evidence, where this party discloses them. */
  opened(trade: string): Promise<Opened[]>;
  /** A file among them, by its id. */
  file(trade: string, file: string): Promise<{ name: string; bytes: Uint8Array } | undefined>;
  /**
   * Gives the arbiter of the contract values that are here, all or of some kinds. @returns how many
   * @throws NiagaError TRADE_ROLE where the contract names none
   */
  disclose(trade: string, what?: readonly PrivateKind[]): Promise<number>;
  /**
   * Deletes the values of a trade that is over, for good; the log and its evidence verify as before.
   * @throws NiagaError TRADE_NOT_FOUND, TRADE_STATE while the trade goes on
   */
  forget(trade: string): Promise<ForgottenView['values']>;
}

export interface PrivateDeps {
  readonly store: Store;
  readonly identity: Identity;
  readonly mail: Pick<Mail, 'handle' | 'post' | 'recall' | 'stateOf' | 'onState'>;
  readonly files: Files;
  readonly trades: Pick<Trades, 'open' | 'onChange' | 'logs'>;
  readonly blocks: Pick<Blocks, 'isBlocked'>;
  readonly events: Pick<Events, 'stage'>;
  readonly now: () => number;
  readonly logger: Logger;
}

/** Takes values from now on: before the mail starts. */
export function createPrivateValues(deps: PrivateDeps): PrivateValues {
  return new PrivateService(deps);
}
