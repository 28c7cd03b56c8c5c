import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { DEADLINE_GRACE, isSide, nextHeads } from '../../protocol/trade/index.js';
import type { Logger } from '../logger.js';
import type { TradeBook } from './book.js';
import type { Ledger } from './ledger.js';
import type { Sign } from './steps.js';

/** Pause before what could not be said is tried again; each further one is twice as long. */
const FIRST_PAUSE = 10_000;
const LONGEST_PAUSE = 60 * 60 * 1000;

export interface ExpiryDeps {
  readonly book: Pick<TradeBook, 'rows' | 'read'>;
  readonly ledger: Pick<Ledger, 'act'>;
  readonly sign: Sign;
  readonly mayWrite?: (() => boolean) | undefined;
  /** @throws NiagaError where a trade may not go on yet */
  readonly check?: ((trade: string) => Promise<void>) | undefined;
  readonly now: () => number;
  readonly logger: Logger;
}

/** Says of each deadline that has passed that it has, as a side of the trade. */
export class Expiry {
  readonly #deps: ExpiryDeps;
  /** Trades whose deadline could not be said: whether it may be costs a look into the network. */
  readonly #later = new Map<string, { readonly deadline: number; readonly pause: number; readonly at: number }>();

  constructor(deps: ExpiryDeps) {
    this.#deps = deps;
  }

  /** @param signal ends it; what is left is said in the next run */
  async run(signal: AbortSignal): Promise<void> {
    const { book, mayWrite, now, logger } = this.#deps;
    if (mayWrite?.() === false) return;
    for (const [id, { deadline }] of book.rows()) {
      if (signal.aborted) return;
      if (deadline === undefined || now() <= deadline + DEADLINE_GRACE) {
        this.#later.delete(id);
        continue;
      }
      const before = this.#later.get(id);
      const again = before?.deadline === deadline ? before : undefined;
      if (again !== undefined && now() < again.at) continue;
      // What goes wrong with one trade holds up no other.
      try {
        await this.#say(id);
        this.#later.delete(id);
      } catch (error) {
        if (signal.aborted) return;
        const pause = Math.min(again === undefined ? FIRST_PAUSE : 2 * again.pause, LONGEST_PAUSE);
        this.#later.set(id, { deadline, pause, at: now() + pause });
        // What begins a deadline may have come later than it claims: then it runs longer here.
        if (isNiagaError(error) && error.details?.['retryAt'] !== undefined) continue;
        logger.warn({ trade: id, error: String(error) }, 'a deadline that passed could not be said');
      }
    }
  }

  async #say(id: string): Promise<void> {
    const { book, ledger, sign, check } = this.#deps;
    const trade = await book.read(id);
    // An arbiter waits as the sides do; that time has passed is theirs to say.
    if (trade !== undefined && !isSide(trade.role)) return;
    await check?.(id);
    await ledger.act(id, (before) => {
      if (before === undefined) throw new NiagaError('TRADE_NOT_FOUND', 'The trade is not here.');
      const [first] = before.state.deadlines;
      if (first === undefined) throw new NiagaError('TRADE_STATE', 'No deadline runs any more.');
      const heads = [...nextHeads(before.state, before.role)];
      return sign('timeout', { trade: before.state.trade, heads, deadline: first.deadline });
    });
  }
}
