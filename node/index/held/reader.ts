import { latin1 } from '../../bytes.js';
import { KINDS, MAX_CARD_PAYLOAD } from '../../../protocol/kinds.js';
import { CLOCK_SKEW } from '../../../protocol/record.js';
import { sha256Of } from '../../native-hash.js';
import { readCardFacts, type CardFacts } from './card-bytes.js';
import type { Grant } from './grants.js';
import { listingIdOf } from './ids.js';

/** A card's envelope, taken apart and found right but for its signature, which is not looked at. */
export interface ReadCard {
  readonly bytes: Uint8Array;
  readonly facts: CardFacts;
  /** Of the record's id. */
  readonly digest: Uint8Array;
  /** The listing's id in text. */
  readonly listing: string;
  readonly grant: Grant;
}

/** The three parts of an envelope with a delegation's id, as views of it. */
export interface EnvelopeParts {
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  /** The digest of the delegation's id. */
  readonly delegation: Uint8Array;
}

/** What stands around the parts in strict DAG-CBOR: the names in order of length, the heads of the parts, a link (tag 42) to a record. */
const PAYLOAD_NAME = Buffer.from('\xa3\x67payload', 'latin1');
const SIGNATURE_NAME = Buffer.from('\x69signature\x58\x40', 'latin1');
const DELEGATION_NAME = Buffer.from('\x6adelegation\xd8\x2a\x58\x25\x00\x01\x71\x12\x20', 'latin1');
const SIGNATURE_BYTES = 64;
const DIGEST_BYTES = 32;

/** Undefined for everything that is not an envelope with a payload of 24 to 65,535 bytes and a delegation's id. */
export function splitEnvelope(bytes: Uint8Array): EnvelopeParts | undefined {
  if (!stands(PAYLOAD_NAME, bytes, 0)) return undefined;
  let at = PAYLOAD_NAME.length;
  const head = bytes[at++];
  let length = 0;
  if (head === 0x58) length = bytes[at++] ?? 0;
  else if (head === 0x59) {
    length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    at += 2;
  }
  // Lengths are written in the shortest way.
  if (length < (head === 0x58 ? 24 : 256)) return undefined;
  const payload = bytes.subarray(at, at + length);
  at += length;
  if (!stands(SIGNATURE_NAME, bytes, at)) return undefined;
  at += SIGNATURE_NAME.length;
  const signature = bytes.subarray(at, at + SIGNATURE_BYTES);
  at += SIGNATURE_BYTES;
  if (!stands(DELEGATION_NAME, bytes, at)) return undefined;
  at += DELEGATION_NAME.length;
  if (bytes.length !== at + DIGEST_BYTES) return undefined;
  return { payload, signature, delegation: bytes.subarray(at) };
}

function stands(what: Uint8Array, bytes: Uint8Array, at: number): boolean {
  if (at + what.length > bytes.length) return false;
  for (let index = 0; index < what.length; index++) if (bytes[at + index] !== what[index]) return false;
  return true;
}

export interface ReaderContext {
  readonly network: string;
  /** Milliseconds UTC. */
  readonly now: number;
  /** @param digest of its id, a byte a character */
  readonly grant: (digest: string) => Grant | undefined;
}

/**
 * Reads the usual card in a twentieth of the time that `openRecord` takes, with its verdict. Undefined for whatever is not such a card, or
 * not in order: `openRecord` says then what it is, or what is wrong with it. The signature is not looked at.
 */
export function readCard(bytes: Uint8Array, { network, now, grant }: ReaderContext): ReadCard | undefined {
  if (bytes.length > KINDS.card.maxEnvelopeBytes) return undefined;
  const parts = splitEnvelope(bytes);
  if (parts === undefined || parts.payload.length > MAX_CARD_PAYLOAD) return undefined;
  const facts = readCardFacts(parts.payload, network);
  if (facts === undefined || facts.created > now + CLOCK_SKEW) return undefined;
  const found = grant(latin1(parts.delegation));
  if (found === undefined || !mayPublish(found, facts, network, now)) return undefined;
  const listing = listingIdOf(network, facts.trader, facts.slot);
  return { bytes, facts, digest: sha256Of(parts.payload), listing, grant: found };
}

function mayPublish({ record }: Grant, card: CardFacts, network: string, now: number): boolean {
  const { payload } = record;
  return (
    sameKey(payload.trader, card.trader) &&
    sameKey(payload.delegate, card.device) &&
    payload.network === network &&
    payload.may.includes('publish') &&
    card.created <= payload.expires &&
    card.created >= payload.created - CLOCK_SKEW &&
    now <= payload.expires + CLOCK_SKEW
  );
}

function sameKey(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
