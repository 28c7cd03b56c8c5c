import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Grant } from '../../../../node/index/held/grants.js';
import { idText, listingIdOf } from '../../../../node/index/held/ids.js';
import { readCard } from '../../../../node/index/held/reader.js';
import { sha256Of } from '../../../../node/native-hash.js';
import { encode } from '../../../../protocol/cbor.js';
import { isNiagaError } from '../../../../protocol/errors.js';
import { recordId, slotId } from '../../../../protocol/ids.js';
import { openRecord } from '../../../../protocol/record.js';
import { createSeller, DAY } from '../support.js';

const NOW = 1_800_000_000_000;
const seller = createSeller(NOW);
const grant = new Grant(openRecord(seller.delegation, { network: 'main', kinds: ['delegation'] }));
const context = { network: 'main', now: NOW, grant: (digest: string) => (digest === grant.digest ? grant : undefined) };

const items = [
  {},
  { category: ['Makanan', 'Kopi & Teh'], brand: 'Gayo', itemCondition: 'new', inLanguage: 'id' },
  { description: 'Café crème, 5 µm — „süß“ 咖啡', keywords: ['日本'], unitText: 'kg', priceless: 1 },
  { availableAtOrFrom: { addressCountry: 'ID', addressRegion: 'Aceh', addressLocality: 'Takengon' } },
];
const cards = items.map((item, at) => seller.card(`sku-${at}-ñ`, `Kopi Gayo № ${at} 250 g`, at + 1, { item }));

/** How openRecord, without verifying, judges an envelope. Whether a signature has the right form is for whoever checks it. */
function slowly(bytes: Uint8Array) {
  try {
    const delegation = () => grant.record;
    return openRecord(bytes, { network: 'main', kinds: ['card'], delegation, verify: () => true, now: NOW });
  } catch (error) {
    if (isNiagaError(error, 'RECORD_SIGNATURE')) return 'malformed signature';
    if (isNiagaError(error)) return undefined;
    throw error;
  }
}

describe('the quick reading of cards', () => {
  it('reads the usual card as openRecord does', () => {
    for (const card of cards) {
      const read = readCard(card.bytes, context);
      expect(slowly(card.bytes)).toMatchObject({ payload: card.payload });
      const { seq, slot, index, device, trader, created, validUntil, summary } = card.payload;
      const { title: _, unitText: __, inLanguage: ___, conditions: ____, ...kept } = summary;
      expect(read?.facts).toMatchObject({ seq, slot, index, created, validUntil, summary: kept });
      expect([read?.facts.device, read?.facts.trader].map((view) => [...(view ?? [])])).toEqual([
        [...device],
        [...trader],
      ]);
      expect(read?.listing).toBe(slotId('main', trader, slot.replace('card/', 'listing/')).toString());
      expect(idText(read?.digest ?? new Uint8Array())).toBe(card.id.toString());
      expect(read?.grant).toBe(grant);
    }
  });

  it('takes nothing that openRecord would not, whatever bytes are changed', () => {
    let taken = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...cards),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        ({ bytes }, changes, inPlace) => {
          const changed = bytes.slice();
          for (const [at, byte] of changed.length === 0 ? [] : changes) {
            const place = at % changed.length;
            changed[place] = inPlace ? byte : (changed[place] ?? 0) ^ (1 << (byte & 7));
          }
          const read = readCard(changed, context);
          if (read === undefined) return;
          taken++;
          const slow = slowly(changed);
          expect(slow).toBeDefined();
          if (typeof slow !== 'object') return;
          expect([read.facts.seq, read.facts.slot, read.facts.index]).toEqual([
            slow.payload.seq,
            slow.payload.slot,
            slow.payload.index,
          ]);
          expect(idText(read.digest)).toBe(slow.id.toString());
        },
      ),
      { numRuns: 4_000 },
    );
    // Most changes are in texts and in the signature, which is not looked at: the property is not empty.
    expect(taken).toBeGreaterThan(100);
  });

  it('takes nothing that openRecord would not, whatever fields are changed', () => {
    const odd = fc.constantFrom<unknown>(
      null,
      0,
      -1,
      'x',
      '',
      'Main',
      'card/',
      NOW + DAY,
      2 ** 53 - 1,
      [],
      [1],
      {},
      new Uint8Array(32),
      'a\u0007',
      'a\u202e',
      'x'.repeat(400),
    );
    for (const { payload, signature, delegation } of cards) {
      const fields = Object.keys(payload);
      fc.assert(
        fc.property(fc.constantFrom(...fields, 'more', 'crit'), odd, fc.boolean(), (field, value, inSummary) => {
          const changed = inSummary
            ? { ...payload, summary: { ...payload.summary, [field === 'seq' ? 'brand' : field]: value } }
            : { ...payload, [field]: value };
          const bytes = encode({ payload: encode(changed), signature, delegation });
          if (readCard(bytes, context) !== undefined) expect(slowly(bytes)).toBeDefined();
        }),
      );
    }
  });

  it('leaves to the general reader what it does not know: other fields, other delegations, other networks', () => {
    const [card] = cards;
    if (card === undefined) throw new Error('no card');
    const { payload, signature, delegation } = card;
    const more = encode({ payload: encode({ ...payload, more: 1 }), signature, delegation });
    expect(readCard(more, context)).toBeUndefined();
    expect(slowly(more)).toBeDefined();
    expect(readCard(card.bytes, { ...context, grant: () => undefined })).toBeUndefined();
    expect(readCard(card.bytes, { ...context, network: 'other' })).toBeUndefined();
    expect(readCard(card.bytes, { ...context, now: NOW + 61 * DAY })).toBeUndefined();
    expect(readCard(card.bytes, { ...context, now: NOW - DAY })).toBeUndefined();
  });
});

describe('ids without CIDs', () => {
  it('are those of protocol/ids.ts', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(idText(sha256Of(bytes))).toBe(recordId(bytes).toString());
      }),
    );
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z0-9-]{1,32}$/),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.string({ minLength: 1, maxLength: 155, unit: 'grapheme' }).filter((text) => text.length <= 155),
        (network, trader, sku) => {
          const slot = slotId(network, trader, `listing/${sku}`).toString();
          expect(listingIdOf(network, trader, `card/${sku}`)).toBe(slot);
        },
      ),
    );
  });
});
