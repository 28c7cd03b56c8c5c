import { AVAILABILITY, CARD_PREFIX } from '../../../protocol/catalog/card.js';
import { isCurrency, MAX_CURRENCY_LENGTH } from '../../../protocol/currencies.js';
import { ITEM_CONDITIONS, LISTING_KINDS } from '../../../protocol/listing/item.js';
import { LAST_TIME } from '../../../protocol/schema.js';
import type { CardIndex } from '../../../protocol/search/index-terms.js';
import { Cursor } from './cursor.js';
import type { HeldSummary } from './summary.js';

/** What an index node needs of a card's payload. */
export interface CardFacts {
  readonly seq: number;
  readonly slot: string;
  readonly index: CardIndex;
  /** 32 bytes each; views. */
  readonly device: Uint8Array;
  readonly trader: Uint8Array;
  readonly created: number;
  readonly summary: HeldSummary;
  readonly validUntil: number;
}

/** A text of up to 23 bytes with its head. */
const item = (text: string): Buffer => Buffer.concat([Buffer.of(0x60 | text.length), Buffer.from(text)]);
const after = (name: string, ...bytes: readonly number[]): Buffer => Buffer.concat([item(name), Buffer.of(...bytes)]);

const KEY = [0x58, 0x20];
/** Tag 42, 37 bytes: 0x00, CIDv1; its codec follows. */
const LINK = [0xd8, 0x2a, 0x58, 0x25, 0x00, 0x01];
const SHA2_256 = Buffer.of(0x12, 0x20);
const RECORD = Buffer.of(0x71);
const BLOB = Buffer.of(0x55);
const NULL = Buffer.of(0xf6);

/** A map of these 11 fields, which all cards have, in the order of DAG-CBOR: by length, then by bytes. */
const SEQ = Buffer.concat([Buffer.of(0xab), item('seq')]);
const KIND_AND_SLOT = Buffer.concat([item('kind'), item('card'), item('slot')]);
const INDEX = item('index');
const DEVICE = after('device', ...KEY);
const TRADER = after('trader', ...KEY);
const CREATED = item('created');
const LISTING = after('listing', ...LINK);
const NETWORK = item('network');
const SUMMARY = item('summary');
const VALID_UNTIL = item('validUntil');
/** The fields of a summary in the same order; a triple is a map of price. */
const KIND = item('kind');
const BRAND = item('brand');
const PLACE = item('place');
const PRICE = item('price');
const AMOUNT = Buffer.concat([Buffer.of(0xa2), item('amount')]);
const CURRENCY = item('currency');
const TITLE = item('title');
const SHIPS_TO = item('shipsTo');
const CATEGORY = item('category');
const UNIT_TEXT = item('unitText');
const CONDITIONS = after('conditions', ...LINK);
const IN_LANGUAGE = item('inLanguage');
const AVAILABLE = item('availability');
const ITEM_CONDITION = item('itemCondition');

const DIGEST_BYTES = 32;
const MAX_SUMMARY_FIELDS = 12;
const MAX_GROUPS = 128;
const MAX_TERMS_LENGTH = 1_024;

/**
 * What the payload of a card says, read in one pass over its bytes, with every check of `cardSchema` and of strict DAG-CBOR. Undefined
 * for what is not of the usual form: with fields that this version does not know (or `crit`), or with anything wrong. The
 * general reader judges those.
 */
export function readCardFacts(payload: Uint8Array, network: string): CardFacts | undefined {
  const cursor = new Cursor(payload);
  cursor.expect(SEQ);
  const seq = cursor.uint();
  cursor.expect(KIND_AND_SLOT);
  const slot = cursor.line(160);
  cursor.expect(INDEX);
  const index = readGroups(cursor);
  cursor.expect(DEVICE);
  const device = cursor.raw(DIGEST_BYTES);
  cursor.expect(TRADER);
  const trader = cursor.raw(DIGEST_BYTES);
  cursor.expect(CREATED);
  const created = cursor.uint();
  cursor.expect(LISTING);
  skipId(cursor);
  cursor.expect(NETWORK);
  const named = cursor.text(32);
  cursor.expect(SUMMARY);
  const summary = readSummary(cursor);
  cursor.expect(VALID_UNTIL);
  const validUntil = cursor.uint();
  if (cursor.failed || !cursor.isAtEnd || summary === undefined || named !== network) return undefined;
  if (!slot.startsWith(CARD_PREFIX) || slot.length === CARD_PREFIX.length) return undefined;
  if (created > LAST_TIME || validUntil > LAST_TIME) return undefined;
  return { seq, slot, index, device, trader, created, summary, validUntil };
}

function readGroups(cursor: Cursor): CardIndex {
  const groups: CardIndex = [];
  for (let left = cursor.arrayLength(MAX_GROUPS); left > 0 && !cursor.failed; left--) {
    if (cursor.arrayLength(3) !== 3) cursor.failed = true;
    const fields = cursor.uint();
    const count = cursor.uint();
    const terms = cursor.text(3 * MAX_TERMS_LENGTH);
    if (fields < 1 || fields > 31 || count < 1 || count > 15) cursor.failed = true;
    if (terms.length < 1 || terms.length > MAX_TERMS_LENGTH) cursor.failed = true;
    groups.push([fields, count, terms]);
  }
  return groups;
}

/** Undefined unless it has the fields that all summaries have. */
function readSummary(cursor: Cursor): HeldSummary | undefined {
  const size = cursor.mapSize(MAX_SUMMARY_FIELDS);
  let fields = 0;
  const has = (name: Uint8Array): boolean => {
    const stands = cursor.skip(name);
    if (stands) fields++;
    return stands;
  };
  const kind = has(KIND) ? oneOf(LISTING_KINDS, cursor.text(16)) : undefined;
  const brand = has(BRAND) ? cursor.line(120) : undefined;
  const place = has(PLACE) ? readTexts(cursor, 3, 120) : undefined;
  const price = has(PRICE) ? readPrice(cursor) : undefined;
  const hasTitle = has(TITLE);
  if (hasTitle) cursor.skipLine(300);
  const shipsTo = has(SHIPS_TO) ? readTexts(cursor, 8, 80) : undefined;
  const category = has(CATEGORY) ? readTexts(cursor, 10, 120) : undefined;
  if (has(UNIT_TEXT)) cursor.skipLine(40);
  if (has(CONDITIONS)) skipId(cursor);
  if (has(IN_LANGUAGE)) cursor.skipLine(16, 2);
  const availability = has(AVAILABLE) ? oneOf(AVAILABILITY, cursor.text(32)) : undefined;
  const hasCondition = has(ITEM_CONDITION);
  const itemCondition = hasCondition ? oneOf(ITEM_CONDITIONS, cursor.text(16)) : undefined;
  if (fields !== size || !hasTitle || hasCondition !== (itemCondition !== undefined)) return undefined;
  if (kind === undefined || price === undefined || category === undefined || availability === undefined)
    return undefined;
  const summary: { -readonly [K in keyof HeldSummary]: HeldSummary[K] } = { kind, category, price, availability };
  if (brand !== undefined) summary.brand = brand;
  if (itemCondition !== undefined) summary.itemCondition = itemCondition;
  if (place !== undefined) summary.place = place;
  if (shipsTo !== undefined) summary.shipsTo = shipsTo;
  return summary;
}

function readPrice(cursor: Cursor): HeldSummary['price'] {
  if (cursor.skip(NULL)) return null;
  cursor.expect(AMOUNT);
  const amount = cursor.uint();
  cursor.expect(CURRENCY);
  const currency = cursor.text(MAX_CURRENCY_LENGTH);
  if (!isCurrency(currency)) cursor.failed = true;
  return { amount, currency };
}

function readTexts(cursor: Cursor, most: number, longest: number): string[] {
  const texts: string[] = [];
  for (let left = cursor.arrayLength(most); left > 0 && !cursor.failed; left--) texts.push(cursor.line(longest));
  return texts;
}

/** The rest of an id behind {@link LINK}. */
function skipId(cursor: Cursor): void {
  if (!cursor.skip(RECORD)) cursor.expect(BLOB);
  cursor.expect(SHA2_256);
  cursor.raw(DIGEST_BYTES);
}

function oneOf<T extends string>(known: readonly T[], text: string): T | undefined {
  return known.find((one) => one === text);
}
