import type { CID } from 'multiformats/cid';
import type { Delta, Summary } from '../../protocol/catalog/card.js';
import { compareBytes } from '../../protocol/ids.js';
import type { CardIndex } from '../../protocol/search/index-terms.js';
import type { Found } from '../../protocol/search/merge.js';
import { hex } from '../bytes.js';
import { MAX_HELD_TIME } from '../index/held/card.js';
import type { Opened, OpenedCard, OpenedEnd } from './opener.js';

/** A listing as a card sums it up, or a card and a delta together. */
export interface Version extends Found {
  readonly id: string;
  /** Of the newer of the two, as are `device` and `record`. */
  readonly seq: number;
  readonly device: string;
  readonly record: string;
  readonly index: CardIndex;
  readonly card: OpenedCard;
  readonly delta: Opened<Delta> | undefined;
  /** The card's, with what the delta changes. */
  readonly summary: Summary;
  /** The trader's key, in hexadecimal. */
  readonly trader: string;
}

export function versionOf(card: OpenedCard, delta?: Opened<Delta>): Version {
  const { payload } = card.record;
  const { listing, index } = card;
  const newer = delta ?? card;
  return {
    id: listing,
    seq: newer.record.payload.seq,
    device: newer.device,
    record: newer.id,
    index,
    card,
    delta,
    summary: delta === undefined ? payload.summary : { ...payload.summary, ...changesOf(delta) },
    trader: hex(payload.trader),
  };
}

function changesOf({ record }: Opened<Delta>): Pick<Summary, 'price' | 'availability'> {
  const { price, availability } = record.payload;
  return { price, availability };
}

export function orderOf({ record, device, id }: OpenedEnd): Ordered {
  return { seq: record.payload.seq, device, record: id };
}

/** Whether a delta changes this very card: it names it, in its slot and by its trader, and is newer. */
export function isDeltaOf(delta: Opened<Delta>, card: OpenedCard): boolean {
  const change = delta.record.payload;
  const { slot, trader, seq } = card.record.payload;
  return (
    change.card.equals(card.record.id) &&
    change.slot === slot &&
    change.seq > seq &&
    compareBytes(change.trader, trader) === 0
  );
}

/** What orders the records of a slot. */
export interface Ordered {
  readonly seq: number;
  readonly device: string;
  readonly record: string;
}

/** Negative where `a` is the newer of two versions of one listing: by seq, then device, then record (DESIGN section 3). */
export function newerFirst(a: Ordered, b: Ordered): number {
  if (a.seq !== b.seq) return b.seq - a.seq;
  if (a.device !== b.device) return a.device > b.device ? -1 : 1;
  return a.record > b.record ? -1 : a.record < b.record ? 1 : 0;
}

/**
 * Until when a version stands by itself, in milliseconds UTC: as index nodes reckon it, so that nobody keeps a card alive whose
 * seller has long gone.
 */
export function standsUntil({ card, delta }: Version): number {
  const { validUntil, created } = card.record.payload;
  return Math.min(validUntil, card.granted, delta?.granted ?? Number.POSITIVE_INFINITY, created + MAX_HELD_TIME);
}

/** The version of the listing that is summed up: of the delta, which speaks for both. */
export function listingVersion({ card, delta }: Version): CID {
  return (delta ?? card).record.payload.listing;
}
