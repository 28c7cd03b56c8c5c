import type { CID } from 'multiformats/cid';
import { NiagaError } from '../errors.js';
import { equalBytes } from '../ids.js';
import { openRecord, type SignedRecord, type Verify } from '../record.js';
import { checkChat, type Chat } from './message.js';

/**
 * Opens a message that somebody shows, and says whether it counts for a trade: signed by one of its parties, to another, about it.
 * @param parties root keys of all who are in the trade
 * @throws NiagaError RECORD_…, DELEGATION_… where the signature does not hold; EVIDENCE_INVALID where it is not of that trade
 */
export function openDisclosedChat(
  bytes: Uint8Array,
  context: { network: string; trade: CID; parties: readonly Uint8Array[]; verify?: Verify | undefined },
): SignedRecord<Chat> {
  const { network, trade, parties, verify } = context;
  const record = openRecord(bytes, { network, kinds: ['chat'], ...(verify === undefined ? {} : { verify }) });
  const { payload } = record;
  checkChat(payload);
  const isParty = (trader: Uint8Array): boolean => parties.some((party) => equalBytes(party, trader));
  if (payload.trade?.equals(trade) !== true)
    throw new NiagaError('EVIDENCE_INVALID', 'A chat message is about another trade.');
  if (!isParty(payload.trader) || !isParty(payload.to))
    throw new NiagaError('EVIDENCE_INVALID', 'A chat message is not between parties of the trade.');
  return record;
}
