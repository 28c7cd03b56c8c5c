import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { DEADLINE_GRACE, isSide, nextHeads } from '../../protocol/trade/index.js';
import type { Logger } from '../logger.js';
import type { TradeBook } from './book.js';
import type { Ledger } from './ledger.js';
import type { Sign } from './steps.js';

export interface ExpiryDeps {
  readonly book: Pick<TradeBook, 'rows' | 'read'>;
  readonly ledger: Pick<Ledger, 'act'>;
  readonly sign: Sign;
  readonly mayWrite?: (() => boolean) | undefined;
  /** @throws NiagaError where a trade may not go on yet */
  readonly check?: ((trade: string) => Promise<void>) | undefined;
  /** Ends it; what is left is said at the next start. */
  readonly signal?: AbortSignal | undefined;
  readonly now: () => number;
  readonly logger: Logger;
}

/** Says of each deadline that has passed that it has, as a side of the trade. */
export async function sayExpired(deps: ExpiryDeps): Promise<void> {
  const { book, ledger, sign, mayWrite, check, signal, now, logger } = deps;
  const isOver = (): boolean => signal?.aborted === true;
  if (mayWrite?.() === false) return;
  for (const [id, row] of book.rows()) {
    if (isOver()) return;
    if (row.deadline === undefined || now() <= row.deadline + DEADLINE_GRACE) continue;
    // What goes wrong with one trade holds up no other.
    try {
      const trade = await book.read(id);
      // An arbiter waits as the sides do; that time has passed is theirs to say.
      if (trade !== undefined && !isSide(trade.role)) continue;
      await check?.(id);
      await ledger.act(id, (before) => {
        if (before === undefined) throw new NiagaError('TRADE_NOT_FOUND', 'The trade is not here.');
        const [first] = before.state.deadlines;
        if (first === undefined) throw new NiagaError('TRADE_STATE', 'No deadline runs any more.');
        const heads = [...nextHeads(before.state, before.role)];
        return sign('timeout', { trade: before.state.trade, heads, deadline: first.deadline });
      });
    } catch (error) {
      // What begins a deadline may have come later than it claims: then it runs longer here.
      if (isNiagaError(error) && error.details?.['retryAt'] !== undefined) continue;
      if (isOver()) return;
      logger.warn({ trade: id, error: String(error) }, 'a deadline that passed could not be said');
    }
  }
}
