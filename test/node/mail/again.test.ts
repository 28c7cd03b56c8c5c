import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Services } from '../../../node/services.js';
import { cborCodec } from '../../../node/store/index.js';
import { caseFor } from '../../../node/trades/cases.js';
import { decode, encode } from '../../../protocol/cbor.js';
import { partsOfFile, writePart } from '../../../protocol/chat/file-part.js';
import { blobId } from '../../../protocol/ids.js';
import type { ParcelKind } from '../../../protocol/mail/index.js';
import { signRecord } from '../../../protocol/record.js';
import { writePrivate, writeProof } from '../../../protocol/trade/index.js';
import { handlersOf, startMembers } from '../../network/members.js';
import { published, until } from '../../network/traders.js';

const PATIENCE = { timeout: 120_000 };
const BILL = new Uint8Array(randomBytes(150_000));
const { signal } = new AbortController();
let stop: () => Promise<void>;
let seller: Services;
let buyer: Services;
let arbiter: Services;
let trade: string;

async function logIn(services: Services) {
  const log = await services.trades.open(trade);
  if (log === undefined) throw new Error('the trade is not there');
  return log;
}

beforeAll(async () => {
  ({ seller, buyer, arbiter, stop } = await startMembers(['seller', 'buyer', 'arbiter']));
  await handlersOf(arbiter).arbiterOffer(
    { close: false, fee: ['5000 IDR'], language: ['id'], terms: 'Seminggu.' },
    { signal },
  );
  const listing = await published(seller, 'satu');
  const named = { address: 'Jl. Mawar 3', arbiter: arbiter.identity.traderText };
  ({ trade } = await handlersOf(buyer).offer({ listing, ...named }, { signal }));
  await until(
    () => seller.trades.open(trade),
    (log) => log !== undefined,
    'the offer came',
  );
  await seller.trades.step(trade, { kind: 'accept' });
  await until(
    () => logIn(buyer),
    ({ state }) => state.word === 'accepted',
    'the accept came',
  );
  const proof = { name: 'bill.jpg', content: Buffer.from(BILL).toString('base64') };
  await handlersOf(buyer).tradePay({ trade, proof }, { signal });
  await until(
    () => handlersOf(seller).tradeShow({ trade }, { signal }),
    ({ private: values }) => values.length === 2 && values.every(({ status }) => status === 'here'),
    'address and bill came',
  );
  await until(
    async () => arbiter.trades.open(trade),
    (log) => log !== undefined,
    'the case came',
  );
}, 120_000);

afterAll(() => stop());

/** Sends what is there already in other bytes, with a field more; of each: what became of it, and whether a row is left of it. */
async function sentAgain(to: Services, kind: ParcelKind, bytes: Uint8Array): Promise<[string | undefined, boolean][]> {
  const value = decode(bytes) as Record<string, unknown>;
  const parcels = [1, 2, 3].map((junk) => ({ to: to.identity.trader, kind, bytes: encode({ ...value, junk }) }));
  const posted = buyer.mail.post(parcels);
  await buyer.store.write(posted.writes);
  posted.send();
  const kept = to.store.table('mail-kept', cborCodec());
  return Promise.all(
    posted.ids.map(async (id) => {
      const sent = await until(
        () => buyer.mail.stateOf(to.identity.trader, id),
        (state) => state?.state === 'delivered' || state?.state === 'refused',
        `${kind} was answered`,
      );
      return [sent?.state, await kept.has(`${buyer.identity.traderText}/${id.toString()}`)];
    }),
  );
}

const NOTHING_LEFT = Array.from({ length: 3 }, () => ['delivered', false]);

describe('what is here already, in other bytes, leaves nothing behind', () => {
  it('a private value, and a file that is one', PATIENCE, async () => {
    const { state } = await logIn(buyer);
    const values = await buyer.privateValues.opened(trade);
    expect(values.map(({ what }) => what).sort()).toEqual(['address', 'proof']);
    for (const { what, commitment, salt, value } of values) {
      const file = { cid: blobId(value), size: value.length, name: 'bill.jpg' };
      const said = what === 'proof' ? { file } : { value };
      const bytes = writePrivate({ trade: state.trade, commitment, salt, ...said });
      expect(await sentAgain(seller, 'private', bytes)).toEqual(NOTHING_LEFT);
    }
  });

  it('a part of a file', PATIENCE, async () => {
    for (const part of partsOfFile(blobId(BILL), BILL))
      expect(await sentAgain(seller, 'file-part', writePart(part))).toEqual(NOTHING_LEFT);
  });

  it('a case', PATIENCE, async () => {
    const { state, records } = await logIn(buyer);
    const whole = caseFor(state, new Map(records.map((record) => [record.id.toString(), record])));
    expect(await sentAgain(arbiter, 'case', whole?.bytes ?? new Uint8Array())).toEqual(NOTHING_LEFT);
  });

  it('a proof', PATIENCE, async () => {
    const { state } = await logIn(seller);
    const draft = { trade: state.trade, heads: [state.trade], answers: state.trade, reason: 'habis' };
    const options = { network: 'main', created: Date.now(), inlineDelegation: true };
    const { bytes } = signRecord('decline', draft, seller.identity, options);
    const posted = seller.mail.post([{ to: buyer.identity.trader, kind: 'trade', bytes, about: state.trade }]);
    await seller.store.write(posted.writes);
    posted.send();
    const [messages] = await until(
      () => buyer.proofs.pairs(trade),
      (pairs) => pairs.length > 0,
      'the fork was seen',
    );
    await until(
      () => seller.proofs.pairs(trade),
      (pairs) => pairs.length > 0,
      'its author was told',
    );
    const proof = messages && writeProof({ trade: state.trade, messages });
    expect(await sentAgain(seller, 'proof', proof ?? new Uint8Array())).toEqual(NOTHING_LEFT);
  });
});
