/**
 * Proofs of equivocation: two messages of one device that contradict each other. Kept for good, told to the user, and sent to the
 * others in the trade, who verify them by their own log.
 *
 * ```ts
 * const proofs = createProofs({ store, identity, mail, trades, events, networkName, verify, now: Date.now, logger });
 * await proofs.start();
 * for (const { of, messages } of await proofs.show(trade)) console.log(of, messages);
 * ```
 */
import type { Verify } from '../../protocol/record.js';
import type { ProofView } from '../api/rows/proof.js';
import type { Events } from '../events/index.js';
import type { Identity } from '../identity/index.js';
import type { Logger } from '../logger.js';
import type { Mail } from '../mail/index.js';
import type { Store } from '../store/index.js';
import type { Trades } from '../trades/index.js';
import { ProofService } from './service.js';

export interface Proofs {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The proofs of a trade. They count as seen then. */
  show(trade: string): Promise<ProofView[]>;
  /** Trades with proofs that nobody has seen here, and since when. */
  unseen(): Promise<{ readonly trade: string; readonly trader: string; readonly found: number }[]>;
  /** For the evidence of a trade: the two envelopes of each proof (protocol/trade/proof.ts). */
  pairs(trade: string): Promise<(readonly [Uint8Array, Uint8Array])[]>;
}

export interface ProofsDeps {
  readonly store: Store;
  readonly identity: Identity;
  readonly mail: Pick<Mail, 'handle' | 'post' | 'stateOf'>;
  readonly trades: Pick<Trades, 'open' | 'onChange' | 'takeCopies' | 'askFor' | 'logs'>;
  readonly events: Pick<Events, 'stage'>;
  readonly networkName: string;
  readonly verify: Verify;
  readonly now: () => number;
  readonly logger: Logger;
}

/** Takes proofs from now on: before the mail starts. */
export function createProofs(deps: ProofsDeps): Proofs {
  return new ProofService(deps);
}
