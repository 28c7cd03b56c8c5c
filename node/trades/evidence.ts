import type { CID } from 'multiformats/cid';
import { signRecord, type Verify } from '../../protocol/record.js';
import { messagesOf } from '../../protocol/trade/index.js';
import type { ListingExchange } from '../catalog/listing-exchange.js';
import { writeEvidenceFile } from '../../protocol/trade/evidence-file.js';
import type { Evidence } from '../../protocol/trade/evidence-schema.js';
import type { PageLanguage } from '../../protocol/trade/evidence-words.js';
import type { OpenTrade } from './book.js';
import type { Journal } from './journal.js';
import { profilesOf, type ProfilesDeps } from './profiles.js';

export interface EvidenceDeps extends ProfilesDeps {
  readonly journal: Journal;
  readonly exchange: ListingExchange;
  readonly verify: Verify;
  readonly now: () => number;
}

export interface ExportOptions {
  /** Of the page for people. Default: English. */
  readonly language?: PageLanguage | undefined;
  /** What this party discloses: envelopes of chat messages about the trade, and values that its log commits to. */
  readonly chat?: readonly Uint8Array[] | undefined;
  readonly values?: Evidence['values'];
}

/** All that this node holds of a trade, in one signed record and with a page for people (protocol/trade/evidence-file.ts). */
export async function exportEvidence(
  trade: OpenTrade,
  deps: EvidenceDeps,
  { language = 'en', chat, values }: ExportOptions = {},
): Promise<Uint8Array> {
  const { identity, journal, now } = deps;
  const order = messagesOf(trade.state).map(({ id }) => id.toString());
  const messages = order.flatMap((id) => trade.records.get(id)?.bytes ?? []);
  const receipts = new Map<string, Uint8Array>();
  for await (const [message, bytes] of journal.receipts(trade.id)) receipts.set(message, bytes);
  const [{ listings, delegations }, profiles] = await Promise.all([
    listingsOf(trade, deps),
    profilesOf(trade.state, deps),
  ]);
  for (const { delegation } of profiles) delegations.set(delegation.id.toString(), delegation.bytes);
  const draft = {
    trade: trade.state.trade,
    messages,
    receipts: order.flatMap((id) => receipts.get(id) ?? []),
    listings,
    delegations: [...delegations.values()],
    profiles: profiles.map(({ record }) => record.bytes),
    ...devicesOf(trade, deps),
    ...(chat === undefined ? {} : { chat: [...chat] }),
    ...(values === undefined ? {} : { values: [...values] }),
  };
  const signing = { network: identity.network, created: now(), inlineDelegation: true };
  return writeEvidenceFile(signRecord('evidence', draft, identity, signing).bytes, language, { verify: deps.verify });
}

/** What is known of the devices that signed: their revocations, and who writes for each of their traders. */
function devicesOf(trade: OpenTrade, { devices }: EvidenceDeps): Pick<Evidence, 'revocations' | 'leases'> {
  const revocations = new Map<string, Uint8Array>();
  const leases = new Map<string, Uint8Array>();
  for (const { payload } of messagesOf(trade.state)) {
    for (const { id, bytes } of devices.revocationsOf(payload.trader, payload.device))
      revocations.set(id.toString(), bytes);
    const writer = devices.writerOf(payload.trader);
    if (writer !== undefined) leases.set(writer.id.toString(), writer.bytes);
  }
  return { revocations: [...revocations.values()], leases: [...leases.values()] };
}

async function listingsOf(
  trade: OpenTrade,
  deps: EvidenceDeps,
): Promise<{ listings: Uint8Array[]; delegations: Map<string, Uint8Array> }> {
  const { identity, exchange, delegations: book } = deps;
  const listings = new Map<string, Uint8Array>();
  const delegations = new Map<string, Uint8Array>();
  for (const version of versionsIn(trade)) {
    // A listing whose seller cannot be reached now is left out: the terms themselves are in the log.
    const record = await exchange.fetchVersion(version, trade.row.peer).catch(() => undefined);
    const named = record?.delegation;
    if (record === undefined || named === undefined) continue;
    const delegation = identity.delegationOf(named) ?? book.find(named);
    if (delegation === undefined) continue;
    listings.set(version.toString(), record.bytes);
    delegations.set(named.toString(), delegation.bytes);
  }
  return { listings: [...listings.values()], delegations };
}

function versionsIn(trade: OpenTrade): CID[] {
  const versions = new Map<string, CID>();
  for (const { payload } of messagesOf(trade.state)) {
    if (payload.kind !== 'offer' && payload.kind !== 'counter') continue;
    for (const line of payload.terms.lines) versions.set(line.listing.toString(), line.listing);
  }
  return [...versions.values()];
}
