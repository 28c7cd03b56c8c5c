import { equalBytes, signRecord } from '../../dist/protocol/index.js';
import { KOPI_LISTING } from './catalog-samples.mjs';
import { changed, edit } from './edit.mjs';
import { budi, CREATED, KEYS, NETWORK, OTHER_NETWORK, sari, SHOP, signerOf, delegate } from './keys.mjs';
import { flipped, placeOfPart } from './seal.mjs';
import { SIGNERS, Story, termsBy } from './stories.mjs';

/** Evidence files: the record around them, and what is in them. */

const hour = 60 * 60 * 1000;
export const WRITTEN = CREATED + hour;
const ENCODER = new TextEncoder();

function receiptsOf(records) {
  return records.map(({ id, payload }, place) => {
    const recipient = equalBytes(payload.trader, budi.trader) ? sari : budi;
    const draft = { of: id, trade: records[0].id };
    const created = CREATED + place * 1000 + 500;
    return signRecord('receipt', draft, recipient, { network: NETWORK, created, inlineDelegation: true }).bytes;
  });
}

function draftOf({ records }, more = {}) {
  return {
    trade: records[0].id,
    messages: records.map(({ bytes }) => bytes),
    receipts: receiptsOf(records),
    listings: [KOPI_LISTING.bytes],
    delegations: [SHOP.bytes],
    profiles: [],
    ...more,
  };
}

const agreed = new Story().agree();

export const EVIDENCE_SAMPLES = {
  evidence: {
    signer: budi,
    valid: [
      [
        'nothing in it: the record holds, what is in it does not (see `bundles`)',
        { ...draftOf(agreed), messages: [], receipts: [], listings: [], delegations: [] },
      ],
      ['the evidence of an accepted offer', draftOf(agreed)],
    ],
    invalid: changed([
      ['a trade by the text of its id', edit('trade', 'bafyreib')],
      ['messages as one byte string', edit('messages', agreed.records[0].bytes)],
      ['a message as text', edit('messages', ['offer'])],
      [
        '9 profiles',
        edit(
          'profiles',
          Array.from({ length: 9 }, () => Uint8Array.of(0)),
        ),
      ],
      [
        '1101 messages',
        edit(
          'messages',
          Array.from({ length: 1101 }, () => Uint8Array.of(0)),
        ),
      ],
    ]),
  },
};

/** Evidence as `niaga verify` judges it: [description, word or null, codes of the problems, draft, signer]. */
export function bundles() {
  const whole = new Story().agree();
  whole.step('buyer', 'paid');
  whole.step('seller', 'payment-seen');
  whole.step('seller', 'shipped');
  whole.step('buyer', 'approved');
  const [offer, accept] = agreed.records;
  const forged = flipped(accept.bytes, placeOfPart(accept.bytes, ENCODER.encode('answers')) + 20);
  const stranger = signerOf(KEYS.stranger, KEYS.strangerDevice, delegate(KEYS.stranger, KEYS.strangerDevice));
  const early = new Story();
  early.step('buyer', 'offer');
  early.step('buyer', 'paid');
  const other = new Story();
  other.step('buyer', 'offer', { fields: { terms: termsBy('buyer', { note: 'another one' }) } });
  const foreign = new Story();
  const there = delegate(KEYS.budi, KEYS.budiPhone, { network: OTHER_NETWORK });
  foreign.step('buyer', 'offer', { network: OTHER_NETWORK, signer: signerOf(KEYS.budi, KEYS.budiPhone, there) });
  const ownReceipt = signRecord('receipt', { of: offer.id, trade: offer.id }, SIGNERS.buyer, {
    network: NETWORK,
    created: CREATED + 500,
    inlineDelegation: true,
  });
  return [
    ['a contract', 'accepted', [], draftOf(agreed)],
    ['a whole trade, exported by the seller', 'completed', [], draftOf(whole), sari],
    [
      'messages out of their order: the log says what comes after what',
      'accepted',
      [],
      draftOf(agreed, { messages: [accept.bytes, offer.bytes] }),
    ],
    ['no receipts: they are about delivery only', 'accepted', [], draftOf(agreed, { receipts: [] })],
    [
      'a changed bit in a message',
      'offered',
      ['RECORD_SIGNATURE', 'EVIDENCE_INVALID'],
      draftOf(agreed, { messages: [offer.bytes, forged] }),
    ],
    [
      'a message is missing in the middle',
      null,
      ['TRADE_HEADS'],
      draftOf(whole, { messages: whole.records.filter((_, at) => at !== 2).map(({ bytes }) => bytes) }),
    ],
    ['the offer is missing', null, ['TRADE_HEADS'], draftOf(agreed, { messages: [accept.bytes] })],
    ['a message that the rules refuse', null, ['TRADE_STATE'], draftOf(early)],
    [
      'a message of another trade beside it',
      null,
      ['TRADE_HEADS'],
      draftOf(agreed, { messages: [offer.bytes, accept.bytes, other.records[0].bytes], receipts: [] }),
    ],
    [
      'a message of another network',
      null,
      ['RECORD_NETWORK', 'EVIDENCE_INVALID'],
      draftOf(foreign, { receipts: [], listings: [] }),
    ],
    [
      'a receipt by the author of the message',
      'accepted',
      ['EVIDENCE_INVALID'],
      draftOf(agreed, { receipts: [ownReceipt.bytes] }),
    ],
    [
      'a receipt for a message that is not there',
      'accepted',
      ['EVIDENCE_INVALID'],
      draftOf(agreed, { receipts: receiptsOf([whole.records[3]]) }),
    ],
    ['the listing’s delegation is missing', 'accepted', ['DELEGATION_MISSING'], draftOf(agreed, { delegations: [] })],
    [
      'a listing that no terms name',
      'accepted',
      ['EVIDENCE_INVALID'],
      draftOf(agreed, { listings: [otherListing().bytes] }),
    ],
    ['a listing among the profiles', 'accepted', ['RECORD_KIND'], draftOf(agreed, { profiles: [KOPI_LISTING.bytes] })],
    ['written by a stranger', 'accepted', ['EVIDENCE_INVALID'], draftOf(agreed), stranger],
  ];
}

function otherListing() {
  const { slot, seq, item, network, created } = KOPI_LISTING.payload;
  return signRecord('listing', { slot, seq: seq + 1, item }, sari, { network, created: created + 1 });
}
