import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Card, Listing } from '../../../protocol/catalog/card.js';
import { makeCard } from '../../../protocol/catalog/make-card.js';
import { CUT, isCardTitle } from '../../../protocol/catalog/summary.js';
import { keyPairFromSeed, sign } from '../../../protocol/ed25519.js';
import { readItem } from '../../../protocol/listing/input.js';
import { LISTING_LIMITS, type ListingItem } from '../../../protocol/listing/item.js';
import { signRecord, type SignedRecord, type Signer } from '../../../protocol/record.js';
import { cardContradicts } from '../../../protocol/search/card-contradicts.js';
import { matches, parseFilters } from '../../../protocol/search/filters.js';
import { isIndexOf, ItemTerms, postedTerms } from '../../../protocol/search/index-terms.js';

const NOW = Date.UTC(2026, 0, 1);
const options = { network: 'pasar-bersama-nusantara-selatan', created: NOW };
const keys = keyPairFromSeed(new Uint8Array(32).fill(1));
const device = keyPairFromSeed(new Uint8Array(32).fill(2));
const root: Signer = {
  trader: keys.publicKey,
  device: keys.publicKey,
  sign: (message) => sign(message, keys.secretKey),
};
const delegation = signRecord(
  'delegation',
  { delegate: device.publicKey, may: ['publish'], expires: NOW + 1e9 },
  root,
  options,
);
const seller: Signer = {
  trader: keys.publicKey,
  device: device.publicKey,
  delegation,
  sign: (message) => sign(message, device.secretKey),
};

/** The signed card of what a seller wrote, and what it has no room for. */
function cardOf(written: Record<string, unknown>) {
  const { item } = readItem({ sku: 'a', ...written });
  const slot = `listing/${item.sku}`;
  const listing: SignedRecord<Listing> = signRecord('listing', { slot, seq: 1, item }, seller, options);
  const { draft, left } = makeCard(listing, { seq: Number.MAX_SAFE_INTEGER, available: 2, validUntil: NOW * 2 });
  const card: SignedRecord<Card> = signRecord('card', draft, seller, options);
  return { item, card, left, summary: card.payload.summary, posted: postedTerms(draft.index) };
}

/** A line of at most so many units, of any script. */
const line = (max: number) =>
  fc
    .oneof(
      fc.lorem({ maxCount: Math.ceil(max / 6) }),
      fc.string({ unit: 'grapheme', maxLength: max }),
      fc.string({ unit: fc.constantFrom('漢', '字', 'ß', '😀', 'a', ' '), minLength: max / 2, maxLength: max }),
    )
    .map((text) => text.slice(0, max).toWellFormed().replaceAll('\u{fffd}', '').trim())
    .filter((text) => /[\p{L}\p{N}]/u.test(text));
const sku = fc.stringMatching(/^[a-z0-9-]{1,128}$/);
const written = fc.record(
  {
    sku,
    title: line(LISTING_LIMITS.title),
    description: line(2_000),
    category: fc.array(line(LISTING_LIMITS.category), { maxLength: LISTING_LIMITS.categoryLevels }),
    brand: line(LISTING_LIMITS.brand),
    keywords: fc.array(line(LISTING_LIMITS.keyword), { maxLength: LISTING_LIMITS.keywords }),
    unitText: line(LISTING_LIMITS.unitText),
    price: fc.constantFrom('1 IDR', '90071992547409 IDR'),
    place: fc.record({
      country: line(LISTING_LIMITS.place),
      region: line(LISTING_LIMITS.place),
      town: line(LISTING_LIMITS.place),
    }),
    shipsTo: fc.array(line(LISTING_LIMITS.shippingDestination), { maxLength: LISTING_LIMITS.shippingDetails }),
    conditions: line(40).map((refund) => ({ refund })),
    lang: fc.constant('id'),
  },
  { requiredKeys: ['sku', 'title'] },
);

describe('the card of a listing', () => {
  it('fits into its size whatever may be listed, contradicts nothing, and has the words that it is found by first', () => {
    fc.assert(
      fc.property(written, (fields) => {
        const { item, card, left, summary, posted } = cardOf(fields);
        expect(card.bytes.length).toBeLessThanOrEqual(1_024);
        expect(isIndexOf(card.payload.index as never, item)).toBe(true);
        expect(cardContradicts({ summary, index: card.payload.index })).toBe(false);
        expect(isCardTitle(summary.title, item.title)).toBe(true);
        const terms = new ItemTerms(item);
        expect([...posted, ...left].sort()).toEqual([...terms.posted].sort());
        // A listing of some thirty words has all of them, however long its names are.
        if (terms.postedBytes < 200 && item.sku.length < 40) expect(left).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('has the same to sign but price and availability, whatever they become: a small change tells of them', () => {
    const price = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }).map((amount) => ({ amount, currency: 'IDR' }));
    const available = fc.constantFrom(null, 0, 2, 1_000);
    fc.assert(
      fc.property(written, price, price, available, available, (fields, one, other, left, later) => {
        const { item } = readItem({ ...fields, sku: 'a' });
        const rest = (changed: ListingItem, pieces: number | null) => {
          const listing = signRecord('listing', { slot: 'listing/a', seq: 1, item: changed }, seller, options);
          const { draft } = makeCard(listing, { seq: 1, available: pieces, validUntil: NOW * 2 });
          const { price: _price, availability: _availability, ...summary } = draft.summary;
          return { index: draft.index, summary };
        };
        expect(rest({ ...item, price: other }, later)).toEqual(rest({ ...item, price: one }, left));
      }),
      { numRuns: 200 },
    );
  });

  it('shows the start of a long title before it shows the widest levels of the category, and these before more of it', () => {
    const levels = ['Rumah Tangga', 'Peralatan Dapur', 'Alat Masak', 'Wajan'];
    const words = (count: number) => Array.from({ length: count }, (_, at) => `kata${at}`).join(' ');
    const { summary } = cardOf({ title: words(42), category: levels.join(' > ') });
    expect(summary.category).toEqual(levels);
    expect(summary.title).toMatch(/^kata0 .{90,}…$/);
  });

  it('keeps all words of a long title, and shows as much of it as there is room for', () => {
    const title = Array.from({ length: 40 }, (_, at) => `kata${at}`).join(' ');
    const place = { country: 'Indonesia', region: 'DKI Jakarta', town: 'Jakarta Selatan' };
    const { left, summary, posted } = cardOf({ title, place, category: 'Makanan > Minuman > Kopi' });
    expect(left).toEqual([]);
    expect(posted).toHaveLength(42);
    expect(summary.title).toMatch(/^kata0 kata1 .*…$/);
    expect(summary.category).toContain('Kopi');
  });

  it('has each destination once, and where it has no room for all of them leaves nobody out', () => {
    const places = (names: readonly string[]) => names.map((destination) => ({ destination }));
    const twice = cardOf({ title: 'Kopi', shipsTo: places(['Jawa', 'Jawa', 'Bali', 'Bali', 'Papua']) }).summary;
    expect(twice.shipsTo).toEqual(['Jawa', 'Bali', 'Papua']);
    const many = Array.from({ length: 30 }, (_, at) => `Kabupaten ${String.fromCharCode(65 + at)} Tenggara Barat Daya`);
    const { summary, left } = cardOf({ title: 'Kopi arabika gayo', shipsTo: places(many) });
    expect(left).toEqual([]);
    expect(summary.shipsTo?.at(-1)).toBe(CUT);
    expect(summary.shipsTo?.length).toBeGreaterThan(2);
    for (const shipsTo of ['Kabupaten Z Tenggara Barat Daya', 'Kabupaten A Tenggara'])
      expect(matches(parseFilters({ shipsTo }), { trader: keys.publicKey, summary })).toBe(true);
    expect(matches(parseFilters({ shipsTo: 'Papua' }), { trader: keys.publicKey, summary: twice })).toBe(true);
    expect(matches(parseFilters({ shipsTo: 'Ambon' }), { trader: keys.publicKey, summary: twice })).toBe(false);
  });

  it('says which words it has no room for', () => {
    const keywords = Array.from({ length: 50 }, (_, at) => `${'kata'.repeat(4)}${at}`);
    const { left, posted } = cardOf({ title: 'Kopi arabika', keywords });
    expect(posted).toContain('kopi');
    expect(left.length).toBeGreaterThan(0);
  });
});
