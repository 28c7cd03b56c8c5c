import { describe, expect, it } from 'vitest';
import { cardKeys } from '../../../../protocol/catalog/make-card.js';
import type { Card } from '../../../../protocol/catalog/card.js';
import { encode } from '../../../../protocol/cbor.js';
import { openRecord, type SignedRecord } from '../../../../protocol/record.js';
import { ANALYSIS_VERSION } from '../../../../protocol/search/analysis.js';
import { readFalseIndex, writeFalseIndex } from '../../../../protocol/search/false-index.js';
import { expectRefused } from '../../../support/refusal.js';
import { batchOf, createHolder, createSeller } from '../support.js';

/** What a later version signs: terms by tables that this one does not have, and that it must have them to read the card. */
function ofLater(card: SignedRecord<Card>, sign: (payload: Uint8Array) => Uint8Array): Uint8Array {
  const index = [[1, 1, 'terms of other tables']];
  const payload = encode({ ...card.payload, index, analysis: ANALYSIS_VERSION + 1, crit: ['analysis'] });
  return encode({ payload, signature: sign(payload), delegation: card.delegation });
}

describe('a card whose terms are of a later version of the analysis', () => {
  it('is not judged: neither kept, nor shown, nor taken for false, and costs no other card its place', async () => {
    await using node = await createHolder();
    const seller = createSeller(node.clock.now);
    const [card, other] = [seller.card('a', 'payung lipat'), seller.card('b', 'payung pantai')];
    const later = ofLater(card, (payload) => seller.sign(payload));
    const put = batchOf(
      [
        [later, cardKeys(card.payload)],
        [other.bytes, cardKeys(other.payload)],
      ],
      [seller.delegation],
    );
    expect((await node.holder.put(put, seller.peer)).results).toEqual(['RECORD_CRITICAL', 'ok']);

    const delegation = () => openRecord(seller.delegation, { network: 'main', kinds: ['delegation'] });
    expectRefused(() => openRecord(later, { network: 'main', kinds: ['card'], delegation }), 'RECORD_CRITICAL');
    const file = writeFalseIndex({
      network: 'main',
      card: later,
      listing: seller.listing('a', 'payung lipat').bytes,
      delegations: [seller.delegation],
    });
    expect(expectRefused(() => readFalseIndex(file), 'RECORD_CRITICAL').next).toBe('Update niaga.');
  });
});
