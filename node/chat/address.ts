import { NiagaError } from '../../protocol/errors.js';
import { equalBytes, parseTrader } from '../../protocol/ids.js';
import { isSide, type Role, type TradeState } from '../../protocol/trade/index.js';
import type { Identity } from '../identity/index.js';
import type { Trades } from '../trades/index.js';
import type { Address, Addressed } from './index.js';

const TRADER = /^z6Mk\w{20,}$/;

/** The trader that a person means. @throws NiagaError TRADE_NOT_FOUND, ID_AMBIGUOUS, ID_INVALID, TRADE_ROLE, USAGE */
export async function addressed(
  { with: text, to }: Address,
  deps: { trades: Pick<Trades, 'idOf' | 'open'>; identity: Identity },
): Promise<Addressed> {
  if (TRADER.test(text)) {
    if (to === undefined) return { trader: parseTrader(text, 'with') };
    throw new NiagaError('USAGE', 'Only a trade has a buyer, a seller and an arbiter.', { where: 'to' });
  }
  const open = await deps.trades.open(deps.trades.idOf(text));
  if (open === undefined) throw new NiagaError('TRADE_NOT_FOUND', `There is no trade ${text.slice(0, 64)} here.`);
  const role = to ?? otherOf(open.role);
  const trader = partyOf(open.state, role);
  if (trader === undefined)
    throw new NiagaError('TRADE_ROLE', 'The contract of that trade names no arbiter.', { where: 'to' });
  if (equalBytes(trader, deps.identity.trader))
    throw new NiagaError('TRADE_ROLE', `You are the ${role} of that trade yourself.`, { where: 'to' });
  return { trader, trade: open.state.trade };
}

function otherOf(role: Role): Role {
  if (isSide(role)) return role === 'buyer' ? 'seller' : 'buyer';
  throw new NiagaError('USAGE', 'An arbiter says to whom of the trade.', {
    where: 'to',
    next: 'Add --to buyer or --to seller',
  });
}

function partyOf(state: TradeState, role: Role): Uint8Array | undefined {
  return isSide(role) ? state.parties[role] : state.agreement?.terms.arbiter?.trader;
}
