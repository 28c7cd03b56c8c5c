import { CID } from 'multiformats/cid';
import { cardSlot, type Card, type Listing, type Summary } from '../../protocol/catalog/card.js';
import { slotId, traderToText } from '../../protocol/ids.js';
import { moneySchema, moneyToJson } from '../../protocol/money.js';
import type { SignedRecord } from '../../protocol/record.js';
import { remembered } from '../remembered.js';
import type { ListingView } from './views.js';

/** A decoded record's value as JSON: ids as text, bytes as base64, money in minor units as text. */
function toJson(value: unknown): unknown {
  const cid = CID.asCID(value);
  if (cid !== null) return cid.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== 'object' || value === null) return value;
  const money = Object.keys(value).length === 2 ? moneySchema.safeParse(value) : undefined;
  if (money?.success === true) return moneyToJson(money.data);
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, toJson(field)]));
}

/** What a record is called: to find that out takes longer than all else that is shown of it. */
const namesOf = remembered(({ id, payload: { network, trader, slot } }: SignedRecord<Listing>) => ({
  listing: slotId(network, trader, slot).toString(),
  version: id.toString(),
  seller: traderToText(trader),
}));

export function listingToView(record: SignedRecord<Listing>, status: ListingView['status']): ListingView {
  const { seq, item, created } = record.payload;
  const { listing, version, seller } = namesOf(record);
  return {
    ...(toJson(item) as Record<string, unknown>),
    listing,
    version,
    seq,
    seller,
    status,
    sku: item.sku,
    title: item.title,
    kind: item.kind,
    price: item.price === null ? null : moneyToJson(item.price),
    published: created,
  };
}

/** A listing that nobody who can be reached has, as far as its card tells it: `partial` says so. */
export function cardToView(
  listing: string,
  { card, summary, version }: { card: SignedRecord<Card>; summary: Summary; version: CID },
): ListingView {
  const { trader, seq, created, validUntil, slot } = card.payload;
  const { price, ...rest } = summary;
  return {
    ...(toJson(rest) as Record<string, unknown>),
    listing,
    version: version.toString(),
    seq,
    seller: traderToText(trader),
    status: 'active',
    sku: slot.slice(cardSlot('').length),
    title: summary.title,
    kind: summary.kind,
    price: price === null ? null : moneyToJson(price),
    published: created,
    validUntil,
    partial: true,
  };
}
