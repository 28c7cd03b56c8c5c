import type { ErrorCode } from '../../protocol/errors.js';

/** Refusals of a trade's message that no further try can change: what was judged is the message itself. */
export const FINAL_TRADE_CODES: ReadonlySet<string> = new Set<ErrorCode>([
  // Only a person takes a block back; whoever still wants to trade then offers again.
  'TRADER_BLOCKED',
  'TRADE_ROLE',
  'TRADE_STATE',
  'TRADE_TURN',
  'TRADE_TERMS',
  'TRADE_EXPIRED',
  'TRADE_FULL',
  // With messages that are missing it is not final, whatever the code.
  'TRADE_HEADS',
  'LISTING_NOT_FOUND',
  'LISTING_REMOVED',
  'STOCK_SHORT',
]);
