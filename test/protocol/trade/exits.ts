import { allowed, apply, WORDS, type MessageKind, type Side, type TradeState } from '../../../protocol/trade/index.js';
import { draft } from './traders.js';

/** What somebody does who only wants out: end it, else contest it, else say that the time has passed. */
const WAY_OUT: readonly MessageKind[] = ['cancel', 'dispute', 'timeout'];
const LONGEST_WAY = 12;

/** Where a trade comes when one side alone wants it to end and the others do nothing. */
export function exitOf(state: TradeState, side: Side): TradeState {
  let now = state;
  for (let steps = 0; steps < LONGEST_WAY && WORDS[now.word].phase !== 'final'; steps++) {
    const may = allowed(now, side);
    const next = WAY_OUT.filter((kind) => may.includes(kind))
      .map((kind) => apply(now, draft(now, side, kind)))
      .find((outcome) => outcome.ok);
    if (next?.ok !== true) return now;
    now = next.state;
  }
  return now;
}
