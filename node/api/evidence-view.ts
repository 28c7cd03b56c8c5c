import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { slotId, traderToText } from '../../protocol/ids.js';
import { moneyToJson } from '../../protocol/money.js';
import { isFalseIndexFile, readFalseIndex } from '../../protocol/search/false-index.js';
import { verifyEvidence } from '../../protocol/trade/evidence.js';
import type { EvidenceView } from './views.js';

/** Checks an evidence file offline and says in JSON what it proves. Never throws: what is wrong is in `problems`. */
export function viewEvidence(bytes: Uint8Array): EvidenceView {
  return isFalseIndexFile(bytes) ? viewFalseIndex(bytes) : viewTrade(bytes);
}

const NO_TRADE = { trade: null, state: null, asOf: null, parties: null, exportedBy: null, total: null, messages: [] };

function viewFalseIndex(bytes: Uint8Array): EvidenceView {
  const view = { ...NO_TRADE, about: 'false-index' as const };
  try {
    const { listing, terms } = readFalseIndex(bytes);
    const { network, trader, slot, item } = listing.payload;
    const falseIndex = {
      listing: slotId(network, trader, slot).toString(),
      version: listing.id.toString(),
      seller: traderToText(trader),
      title: item.title,
      terms: [...terms],
    };
    return { ...view, valid: true, falseIndex, problems: [] };
  } catch (error) {
    const told = isNiagaError(error) ? error : new NiagaError('EVIDENCE_INVALID', 'The file cannot be read.');
    return { ...view, valid: false, falseIndex: null, problems: [told.toJSON()] };
  }
}

function viewTrade(bytes: Uint8Array): EvidenceView {
  const { valid, problems, evidence, state, messages } = verifyEvidence(bytes);
  return {
    about: evidence === undefined ? null : 'trade',
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
    falseIndex: null,
    problems: [...problems],
  };
}
