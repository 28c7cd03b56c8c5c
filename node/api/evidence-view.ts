import { traderToText } from '../../protocol/ids.js';
import { moneyToJson } from '../../protocol/money.js';
import { verifyEvidence } from '../../protocol/trade/evidence.js';
import type { EvidenceView } from './views.js';

/** Checks an evidence file offline and says in JSON what it proves. Never throws: what is wrong is in `problems`. */
export function viewEvidence(bytes: Uint8Array): EvidenceView {
  const { valid, problems, evidence, state, messages } = verifyEvidence(bytes);
  return {
    valid,
    trade: evidence?.payload.trade.toString() ?? null,
    state: state?.word ?? null,
    asOf: evidence?.payload.created ?? null,
    parties:
      state === undefined
        ? null
        : { buyer: traderToText(state.parties.buyer), seller: traderToText(state.parties.seller) },
    exportedBy: evidence === undefined ? null : traderToText(evidence.payload.trader),
    total: state === undefined ? null : moneyToJson(state.total),
    messages: messages.map(({ record: { id, payload }, role, receipted }) => ({
      id: id.toString(),
      kind: payload.kind,
      author: traderToText(payload.trader),
      role,
      time: payload.created,
      receipted,
    })),
    problems: [...problems],
  };
}
