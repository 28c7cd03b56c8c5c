import { CID } from 'multiformats/cid';
import type { Card } from '../../protocol/catalog/card.js';
import type { Delegation } from '../../protocol/identity/delegation.js';
import type { SignedRecord } from '../../protocol/record.js';

/** A card or end is kept so long after it was signed, whatever it says; sellers sign theirs anew every 15 days. */
export const MAX_HELD_TIME = 31 * 24 * 60 * 60 * 1000;

/**
 * What is kept in memory of a card: what filters and the order of versions need, and its bytes. Everything else is decoded
 * from them when it is asked for; a node keeps thousands of cards and hands out few.
 */
export class HeldCard {
  /** The card's record id, in text: a CID takes three buffers. */
  readonly #id: string;
  /** The delegation that it names, in text. */
  readonly delegation: string;
  readonly trader: Uint8Array;
  readonly summary: Card['summary'];
  readonly payload: { readonly seq: number; readonly device: Uint8Array };
  /** Milliseconds UTC: the card's own end, its delegation's, or that of {@link MAX_HELD_TIME}, whichever is first. */
  readonly validUntil: number;
  readonly bytes: Uint8Array;
  /** The signature was checked. Where the device itself brought the card it is before the card is first handed out. */
  verified = false;

  constructor({ id, payload, bytes, delegation }: SignedRecord<Card>, grant: SignedRecord<Delegation>) {
    const { trader, device, created, seq, summary, validUntil } = payload;
    this.trader = Uint8Array.from(trader);
    this.summary = summary;
    this.#id = id.toString();
    this.delegation = String(delegation);
    this.payload = { seq, device: Uint8Array.from(device) };
    this.validUntil = Math.min(validUntil, grant.payload.expires, created + MAX_HELD_TIME);
    // A copy of its own: what came is a view of a frame of a megabyte.
    this.bytes = Uint8Array.from(bytes);
  }

  get id(): CID {
    return CID.parse(this.#id);
  }
}
