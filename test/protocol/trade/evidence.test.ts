import { describe, expect, it } from 'vitest';
import { createBulkVerifier } from '../../../node/identity/verifier.js';
import { blobId, recordId } from '../../../protocol/ids.js';
import { readItem } from '../../../protocol/listing/input.js';
import { signRecord, type SignedRecord, type Signer } from '../../../protocol/record.js';
import { DEFAULT_DURATIONS } from '../../../protocol/trade/index.js';
import { verifyEvidence } from '../../../protocol/trade/evidence.js';
import { traderOf } from '../signers.js';

const NETWORK = 'main';
const BEGIN = Date.UTC(2026, 0, 1);
const DAY = 24 * 60 * 60 * 1000;
const verify = createBulkVerifier();

const [buyer, seller, outsider] = [1, 2, 3].map((seed) => traderOf(seed, BEGIN)) as [Signer, Signer, Signer];
let clock = BEGIN;
const options = () => ({ network: NETWORK, created: ++clock, inlineDelegation: true });
const { item } = readItem({ sku: 'kopi-1', title: 'Kopi Gayo', price: '85000 IDR' });
const listing = signRecord('listing', { slot: 'listing/kopi-1', seq: 1, item }, seller, {
  network: NETWORK,
  created: BEGIN,
});
const price = { amount: 8_500_000, currency: 'IDR' };
const line = { listing: listing.id, slot: 'listing/kopi-1', title: 'Kopi Gayo', quantity: 1, price };
const terms = {
  lines: [line],
  total: price,
  settlement: { method: 'direct' as const },
  deadlines: DEFAULT_DURATIONS,
  expires: BEGIN + DAY,
};

const offer = signRecord('offer', { heads: [], buyer: buyer.trader, seller: seller.trader, terms }, buyer, options());
const after = (last: SignedRecord) => ({ trade: offer.id, heads: [last.id] });
const accept = signRecord('accept', { ...after(offer), answers: offer.id }, seller, options());
const paid = signRecord('paid', { ...after(accept), amount: price }, buyer, options());
const seen = signRecord('payment-seen', { ...after(paid), amount: price }, seller, options());
const shipped = signRecord('shipped', after(seen), seller, options());
const received = signRecord('approved', after(shipped), buyer, options());
const log: SignedRecord[] = [offer, accept, paid, seen, shipped, received];
const receiptOf = (message: SignedRecord, by: Signer) =>
  signRecord('receipt', { of: message.id, trade: offer.id }, by, options());
const receipts = [receiptOf(offer, seller), receiptOf(accept, buyer)];

interface Parts {
  readonly messages?: readonly SignedRecord[];
  readonly receipts?: readonly SignedRecord[];
  readonly listings?: readonly SignedRecord[];
  readonly by?: Signer;
}

function bundle(parts: Parts = {}): Uint8Array {
  const bytes = (records: readonly SignedRecord[]) => records.map((record) => record.bytes);
  const draft = {
    trade: offer.id,
    messages: bytes(parts.messages ?? log),
    receipts: bytes(parts.receipts ?? receipts),
    listings: bytes(parts.listings ?? [listing]),
    delegations: seller.delegation === undefined ? [] : [seller.delegation.bytes],
    profiles: [],
  };
  return signRecord('evidence', draft, parts.by ?? buyer, options()).bytes;
}

const check = (bytes: Uint8Array) => verifyEvidence(bytes, { verify });

describe('an evidence file', () => {
  it('holds, and says the state and who signed what', () => {
    const report = check(bundle());
    expect(report).toMatchObject({ valid: true, problems: [], state: { word: 'completed' } });
    expect(report.messages.map(({ record, role, receipted }) => [record.payload.kind, role, receipted])).toEqual([
      ['offer', 'buyer', true],
      ['accept', 'seller', true],
      ['paid', 'buyer', false],
      ['payment-seen', 'seller', false],
      ['shipped', 'seller', false],
      ['approved', 'buyer', false],
    ]);
    expect(verifyEvidence(bundle()).valid).toBe(true);
  });

  it('does not hold with any one bit changed, whichever it is', { timeout: 240_000 }, () => {
    const bytes = bundle();
    const held: number[] = [];
    // A bit of each byte, each time another one; all of them take a minute: NIAGA_EXHAUSTIVE=1 npm test.
    for (let bit = 0; bit < bytes.length * 8; bit += process.env['NIAGA_EXHAUSTIVE'] === '1' ? 1 : 9) {
      const changed = bytes.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      if (check(changed).valid) held.push(bit);
    }
    expect(held).toEqual([]);
  });

  it('does not hold when it is cut short or has bytes behind it', () => {
    const bytes = bundle();
    for (const cut of [0, 1, 100, bytes.length - 1]) expect(check(bytes.slice(0, cut)).valid).toBe(false);
    expect(check(Uint8Array.from([...bytes, 0])).valid).toBe(false);
    expect(check(new TextEncoder().encode('{"not":"evidence"}')).valid).toBe(false);
  });

  it.each([
    ['a message is missing in the middle', { messages: log.filter((record) => record !== paid) }, 'TRADE_HEADS'],
    ['the offer is missing', { messages: log.slice(1), receipts: [] }, 'TRADE_HEADS'],
    ['an outsider wrote it', { by: outsider }, 'EVIDENCE_INVALID'],
    ['a receipt is by the author of the message', { receipts: [receiptOf(offer, buyer)] }, 'EVIDENCE_INVALID'],
    ['a receipt is by an outsider', { receipts: [receiptOf(offer, outsider)] }, 'EVIDENCE_INVALID'],
    [
      'a message that is not valid was added',
      { messages: [...log, signRecord('shipped', after(received), seller, options())] },
      'TRADE_STATE',
    ],
    [
      'an outsider’s message was added',
      { messages: [...log, signRecord('cancel', after(received), outsider, options())] },
      'TRADE_ROLE',
    ],
    [
      'a listing is not the one that the terms name',
      {
        listings: [
          signRecord('listing', { slot: 'listing/kopi-1', seq: 2, item }, seller, { network: NETWORK, created: BEGIN }),
        ],
      },
      'EVIDENCE_INVALID',
    ],
  ] as [string, Parts, string][])('does not hold when %s, and says why', (_, parts, code) => {
    const report = check(bundle(parts));
    expect(report.valid).toBe(false);
    expect(report.problems.map((problem) => problem.code)).toContain(code);
  });

  it('speaks of the state so far when the newest messages are left out: it says "according to this file"', () => {
    expect(check(bundle({ messages: log.slice(0, 2) }))).toMatchObject({ valid: true, state: { word: 'accepted' } });
  });
});

it('a listing’s version is named by the id of its bytes', () => {
  expect(recordId(listing.payloadBytes).equals(listing.id)).toBe(true);
  expect(blobId(listing.payloadBytes).equals(listing.id)).toBe(false);
});
