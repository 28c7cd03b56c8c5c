import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { slotId, traderToText } from '../../protocol/ids.js';
import { quote } from '../../protocol/quote.js';
import { moneyToJson } from '../../protocol/money.js';
import { isFalseIndexFile, readFalseIndex } from '../../protocol/search/false-index.js';
import type { EvidenceReport } from '../../protocol/trade/evidence.js';
import { verifyEvidenceFile } from '../../protocol/trade/evidence-file.js';
import { WORDS } from '../../protocol/trade/index.js';
import type { EvidenceView } from './views.js';

/** Checks an evidence file offline and says in JSON what it proves. Never throws: what is wrong is in `problems`. */
export function viewEvidence(bytes: Uint8Array): EvidenceView {
  return isFalseIndexFile(bytes) ? viewFalseIndex(bytes) : viewTrade(bytes);
}

const NO_TRADE = {
  trade: null,
  state: null,
  asOf: null,
  parties: null,
  names: null,
  exportedBy: null,
  total: null,
  messages: [],
};

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
    return {
      ...view,
      valid: true,
      falseIndex,
      says: ['The card is signed by the seller and is not of its listing.'],
      problems: [],
    };
  } catch (error) {
    const told = isNiagaError(error) ? error : new NiagaError('EVIDENCE_INVALID', 'The file cannot be read.');
    return { ...view, valid: false, falseIndex: null, says: [told.message], problems: [told.toJSON()] };
  }
}

function viewTrade(bytes: Uint8Array): EvidenceView {
  const report = verifyEvidenceFile(bytes);
  const { valid, problems, evidence, state, messages, profiles } = report;
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
    names:
      state === undefined
        ? null
        : Object.fromEntries(profiles.map(({ role, record }) => [role, record.payload.item.name])),
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
    says: saysOf(report),
    problems: [...problems],
  };
}

/** What holds, what does not, and as of when. */
function saysOf({
  valid,
  problems,
  evidence,
  state,
  messages,
  listings,
  profiles,
  revoked,
  chat,
  values,
}: EvidenceReport): string[] {
  const wrong = problems.map(
    ({ message, where }) => `Does not hold${where === undefined ? '' : ` (${where})`}: ${message}`,
  );
  if (evidence === undefined || state === undefined) return wrong;
  const at = new Date(evidence.payload.created).toISOString();
  const receipted = messages.filter((message) => message.receipted).length;
  const names = profiles.map(
    ({ role, record: { payload } }) =>
      `The ${role} ${traderToText(payload.trader)} called itself ${quote(payload.item.name)} by a profile signed ${new Date(payload.created).toISOString()}.`,
  );
  const contradictions = state.equivocations.map(
    ({ role, device, messages: pair }) =>
      `The device ${traderToText(device)} of the ${role} contradicted itself: it signed ${pair.join(' and ')}, neither of which follows the other.`,
  );
  const disclosed = [
    ...(chat.length > 0
      ? [
          `${chat.length} ${chat.length === 1 ? 'message of the chat is disclosed, signed by its author' : 'messages of the chat are disclosed, each signed by its author'}.`,
        ]
      : []),
    ...(values.length > 0
      ? [
          `${values.length} ${values.length === 1 ? 'value is disclosed; it opens' : 'values are disclosed; each opens'} what the log commits to.`,
        ]
      : []),
  ];
  const devices = revoked.map(
    ({ device, since, stand, fall }) =>
      `The device ${traderToText(device)} was revoked ${new Date(since).toISOString()}: of its messages ${stand} stand and ${fall} do not.`,
  );
  return [
    ...wrong,
    ...(valid ? [`Holds: all ${messages.length} messages are signed and follow the rules; the log has no holes.`] : []),
    `The state according to this file is "${state.word}": ${WORDS[state.word].meaning}. The file was written ${at}; it cannot show what came later, or what its writer left out at the end.`,
    `${receipted} of ${messages.length} messages are receipted by another of those in the trade; ${listings.length} versions of listings are in the file.`,
    ...names,
    ...contradictions,
    ...disclosed,
    ...(revoked.length > 0 ? devices : [`No revocation of a device that signed is known as of ${at}, by its writer.`]),
  ];
}
