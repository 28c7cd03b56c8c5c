import { z } from 'zod';
import type { Card, Delta, Listing } from '../catalog/card.js';
import { listingSlotOfCard } from '../catalog/card.js';
import { decode, encode } from '../cbor.js';
import { NiagaError } from '../errors.js';
import { equalBytes } from '../ids.js';
import type { Delegation } from '../identity/delegation.js';
import { openRecord, type SignedRecord, type Verify } from '../record.js';
import { indexOf, isIndexOf, termsOf, type CardIndex, type IndexedItem } from './index-terms.js';

/** What such a file begins with, so that it is not taken for another one. */
const FORMAT = 'niaga/false-index/1';
const MAX_BYTES = 256 * 1024;
const MAX_DEPTH = 4;
/** Terms that are named: enough to see what was claimed. */
const MAX_TERMS_SHOWN = 20;

const envelope = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'not bytes');
const schema = z.object({
  format: z.literal(FORMAT),
  network: z.string().max(64),
  card: envelope,
  /** Where the card names an earlier version, what made it stand for this one. */
  delta: envelope.optional(),
  listing: envelope,
  /** Those that the others name. */
  delegations: z.array(envelope).max(3),
});

/**
 * Proof that a seller signed a card whose index is not that of the listing that it names: both envelopes, which nobody else
 * could have made. Anybody can check it with nothing else at hand.
 */
export interface FalseIndexProof {
  readonly card: SignedRecord<Card>;
  readonly delta?: SignedRecord<Delta> | undefined;
  readonly listing: SignedRecord<Listing>;
  /** Terms of the index that the listing does not have, or not so; none where the index leaves out what must stand there. */
  readonly terms: readonly string[];
}

/**
 * What of an index is not that of a listing; undefined where it is.
 * @see isIndexOf
 */
function falseTerms(index: CardIndex, item: IndexedItem): string[] | undefined {
  if (isIndexOf(index, item)) return undefined;
  const real = termsOf(indexOf(item, { maxBytes: Number.MAX_SAFE_INTEGER }));
  const wrong = [...termsOf(index)].filter(([term, { fields, count }]) => {
    const entry = real.get(term);
    return entry?.fields !== fields || entry.count !== count;
  });
  return wrong.slice(0, MAX_TERMS_SHOWN).map(([term]) => term);
}

/** The proof as one file. `delegations`: the envelopes that the others name. */
export function writeFalseIndex(proof: {
  readonly network: string;
  readonly card: Uint8Array;
  readonly delta?: Uint8Array | undefined;
  readonly listing: Uint8Array;
  readonly delegations: readonly Uint8Array[];
}): Uint8Array {
  const { delta, delegations, ...rest } = proof;
  const file = { format: FORMAT, ...rest, ...(delta === undefined ? {} : { delta }), delegations: [...delegations] };
  return encode(file, { maxBytes: MAX_BYTES });
}

/** Whether bytes say that they are such a file; nothing else of them is checked. */
export function isFalseIndexFile(bytes: Uint8Array): boolean {
  try {
    const value = decode(bytes, { maxBytes: MAX_BYTES, maxDepth: MAX_DEPTH });
    return typeof value === 'object' && value !== null && 'format' in value && value.format === FORMAT;
  } catch {
    return false;
  }
}

/**
 * Checks such a file offline: both signatures, that both are one seller's, that the card names this very listing, and that
 * the card's index is not the listing's.
 * @throws NiagaError EVIDENCE_INVALID, RECORD_…, DELEGATION_…
 */
export function readFalseIndex(bytes: Uint8Array, options: { readonly verify?: Verify } = {}): FalseIndexProof {
  const parsed = schema.safeParse(decode(bytes, { maxBytes: MAX_BYTES, maxDepth: MAX_DEPTH }));
  if (!parsed.success) throw invalid('The file is not of its form.');
  const { network, delegations: envelopes } = parsed.data;
  const context = { network, ...(options.verify === undefined ? {} : { verify: options.verify }) };
  const delegations = envelopes.map((each) => openRecord(each, { ...context, kinds: ['delegation'] }));
  const delegation = (id: { toString(): string }): SignedRecord<Delegation> | undefined =>
    delegations.find((each) => each.id.toString() === id.toString());
  const card = openRecord(parsed.data.card, { ...context, kinds: ['card'], delegation });
  const listing = openRecord(parsed.data.listing, { ...context, kinds: ['listing'], delegation });
  const delta =
    parsed.data.delta === undefined
      ? undefined
      : openRecord(parsed.data.delta, { ...context, kinds: ['delta'], delegation });
  const terms = proofOf(card, listing, delta);
  if (terms === undefined) throw invalid('The index of the card is that of its listing: the file proves nothing.');
  return { card, delta, listing, terms };
}

/**
 * What is false in the index of a card, by its own listing; undefined where nothing is.
 * @throws NiagaError EVIDENCE_INVALID where the listing is not the one that the card sums up
 */
export function proofOf(
  card: SignedRecord<Card>,
  listing: SignedRecord<Listing>,
  delta?: SignedRecord<Delta>,
): string[] | undefined {
  const { trader, slot, index } = card.payload;
  const author = listing.payload;
  const own = equalBytes(author.trader, trader) && author.slot === listingSlotOfCard(slot);
  const named = delta === undefined ? card.payload.listing : delta.payload.listing;
  const changed =
    delta === undefined ||
    (delta.payload.card.equals(card.id) && equalBytes(delta.payload.trader, trader) && delta.payload.slot === slot);
  if (!own || !changed || !listing.id.equals(named))
    throw invalid('The card names another listing than the one in the file.');
  return falseTerms(index, author.item);
}

function invalid(message: string): NiagaError {
  return new NiagaError('EVIDENCE_INVALID', message);
}
