import type { CID } from 'multiformats/cid';
import type { Listing } from '../catalog/card.js';
import { NiagaError, isNiagaError, type ErrorBody } from '../errors.js';
import { equalBytes } from '../ids.js';
import type { Delegation } from '../identity/delegation.js';
import { openRecord, peekHeader, type SignedRecord, type Verify } from '../record.js';
import { agreementIn } from './regions.js';
import type { Parties, Role } from './roles.js';
import { MESSAGE_KINDS, type MessageKind, type Receipt, type TradePayload } from './schema.js';
import { stateOf } from './replay.js';
import { messagesOf, roleOf, type TradeState } from './state.js';
import type { Terms } from './terms.js';
import type { Chat } from '../chat/message.js';
import { readExtras, type DisclosedValue, type PartyProfile, type RevokedDevice } from './evidence-extras.js';
import type { Evidence } from './evidence-schema.js';

/** What an evidence file proves, and what it does not. */
export interface EvidenceReport {
  /** Everything in the file holds. */
  readonly valid: boolean;
  readonly problems: readonly ErrorBody[];
  /** Undefined where the file cannot be read far enough. */
  readonly evidence?: SignedRecord<Evidence>;
  /** The state according to this file. */
  readonly state?: TradeState;
  readonly messages: readonly {
    readonly record: SignedRecord<TradePayload>;
    readonly role: Role;
    readonly receipted: boolean;
  }[];
  readonly listings: readonly SignedRecord<Listing>[];
  /** What those in the trade say of themselves, by profiles that they signed before the file was written. */
  readonly profiles: readonly PartyProfile[];
  /** Devices of the parties that signed messages of the log and were revoked, as far as the file knows. */
  readonly revoked: readonly RevokedDevice[];
  /** What the exporter discloses: messages of the chat, and values that the log commits to. */
  readonly chat: readonly SignedRecord<Chat>[];
  readonly values: readonly DisclosedValue[];
}

/**
 * Checks an evidence file offline: its own signature, each message, receipt, listing and delegation in it, that the log is
 * whole and valid under the rules of trading, and that the listings are those that the terms name.
 * It never throws: what is wrong is in `problems`.
 */
export function verifyEvidence(bytes: Uint8Array, options: { verify?: Verify } = {}): EvidenceReport {
  const problems: ErrorBody[] = [];
  const attempt = <T>(where: string, task: () => T): T | undefined => {
    try {
      return task();
    } catch (error) {
      const told = isNiagaError(error) ? error : new NiagaError('EVIDENCE_INVALID', 'That part cannot be read.');
      problems.push({ ...told.toJSON(), where });
      return undefined;
    }
  };
  const verify = options.verify === undefined ? {} : { verify: options.verify };
  const evidence = attempt('file', () => {
    const { network } = peekHeader(bytes, 'evidence');
    return openRecord(bytes, { network, kinds: ['evidence'], ...verify });
  });
  const nothing = { messages: [], listings: [], profiles: [], revoked: [], chat: [], values: [] };
  if (evidence === undefined) return { valid: false, problems, ...nothing };

  const { payload } = evidence;
  const context = { network: payload.network, ...verify };
  const delegations = new Map<string, SignedRecord<Delegation>>();
  for (const [at, envelope] of payload.delegations.entries()) {
    const delegation = attempt(`delegations[${at}]`, () => openRecord(envelope, { ...context, kinds: ['delegation'] }));
    if (delegation !== undefined) delegations.set(delegation.id.toString(), delegation);
  }
  const delegation = (id: CID): SignedRecord<Delegation> | undefined => delegations.get(id.toString());
  const records = payload.messages.flatMap(
    (envelope, at) =>
      attempt(`messages[${at}]`, () => openRecord<MessageKind>(envelope, { ...context, kinds: MESSAGE_KINDS })) ?? [],
  );
  const state = attempt('messages', () => replay(records, payload.trade));
  const receipts = payload.receipts.flatMap(
    (envelope, at) => attempt(`receipts[${at}]`, () => openRecord(envelope, { ...context, kinds: ['receipt'] })) ?? [],
  );
  const listings = payload.listings.flatMap(
    (envelope, at) =>
      attempt(`listings[${at}]`, () => openRecord(envelope, { ...context, kinds: ['listing'], delegation })) ?? [],
  );
  const profiles = payload.profiles.flatMap(
    (envelope, at) =>
      attempt(`profiles[${at}]`, () => openRecord(envelope, { ...context, kinds: ['profile'], delegation })) ?? [],
  );
  if (state === undefined) return { valid: false, problems, evidence, ...nothing, listings };

  attempt('file', () => {
    if (roleOf(state, payload.trader) === undefined)
      throw invalid('The file was written by somebody who is not in the trade.');
  });
  attempt('receipts', () =>
    checkReceipts(
      receipts.map((receipt) => receipt.payload),
      records,
      state,
    ),
  );
  attempt('listings', () => checkListings(listings, termsIn(state), state.parties));
  const receipted = new Set(receipts.map((receipt) => receipt.payload.of.toString()));
  const byId = new Map(records.map((record) => [record.id.toString(), record]));
  const messages = messagesOf(state).flatMap(({ id }) => {
    const record = byId.get(id.toString());
    const role = record === undefined ? undefined : roleOf(state, record.payload.trader);
    return record === undefined || role === undefined
      ? []
      : [{ record, role, receipted: receipted.has(id.toString()) }];
  });
  const extras = readExtras(payload, records, state, { attempt, context, profiles });
  return { valid: problems.length === 0, problems, evidence, state, messages, listings, ...extras };
}

function replay(records: readonly SignedRecord<TradePayload>[], trade: CID): TradeState {
  const { state, refused, waiting } = stateOf(records, { trade });
  const first = refused[0];
  if (first !== undefined)
    throw new NiagaError(
      first.refusal.code,
      `The message ${first.message.id.toString()} is not valid: ${first.refusal.message}`,
    );
  if (waiting.length > 0)
    throw new NiagaError('TRADE_HEADS', `${waiting.length} messages name others that are not in the file.`);
  if (state === undefined || !state.trade.equals(trade))
    throw invalid('The offer that opens the trade is not in the file.');
  return state;
}

function checkReceipts(
  receipts: readonly Receipt[],
  records: readonly SignedRecord<TradePayload>[],
  state: TradeState,
): void {
  const authors = new Map(records.map((record) => [record.id.toString(), roleOf(state, record.payload.trader)]));
  for (const receipt of receipts) {
    const author = authors.get(receipt.of.toString());
    const by = roleOf(state, receipt.trader);
    if (receipt.trade?.equals(state.trade) !== true || author === undefined)
      throw invalid('A receipt is for a message that is not in the file.');
    if (by === undefined || by === author) throw invalid('A receipt is not signed by another of those in the trade.');
  }
}

function checkListings(listings: readonly SignedRecord<Listing>[], terms: readonly Terms[], parties: Parties): void {
  const slots = new Map(terms.flatMap(({ lines }) => lines.map((line) => [line.listing.toString(), line.slot])));
  for (const listing of listings) {
    const slot = slots.get(listing.id.toString());
    if (slot === undefined) throw invalid('A listing is in the file that no terms name.');
    if (!equalBytes(listing.payload.trader, parties.seller)) throw invalid('A listing is not the seller’s.');
    if (slot !== listing.payload.slot) throw invalid('The terms name a listing under another slot than its own.');
  }
}

/** All terms that were ever proposed, the contract's first. */
function termsIn(state: TradeState): Terms[] {
  const agreed = agreementIn(state.contract)?.terms;
  const proposed = messagesOf(state).flatMap(({ payload }) =>
    payload.kind === 'offer' || payload.kind === 'counter' ? [payload.terms] : [],
  );
  return agreed === undefined ? proposed : [agreed, ...proposed];
}

function invalid(message: string): NiagaError {
  return new NiagaError('EVIDENCE_INVALID', message);
}
