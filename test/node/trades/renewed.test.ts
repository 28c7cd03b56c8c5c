import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DELIVER_METHOD, deliverAnswerSchema, type DeliveryVerdict } from '../../../node/mail/wire.js';
import { checkInTime } from '../../../node/identity/standing.js';
import { readBody } from '../../../node/network/bodies.js';
import type { Services } from '../../../node/services.js';
import { keyPairFromSeed, sign } from '../../../protocol/ed25519.js';
import { nextEpoch } from '../../../protocol/identity/writer.js';
import { signRecord, type Draft, type SignedRecord, type Signer } from '../../../protocol/record.js';
import { writeProof, type MessageKind } from '../../../protocol/trade/index.js';
import { startMember } from '../../network/members.js';
import { rootOf } from '../../protocol/signers.js';
import { temporaryFolder } from '../../support/processes.js';
import { DAY, NETWORK, terms } from './log.js';

const begin = Date.now();
const [YEAR_AGO, ENDED] = [begin - 366 * DAY, begin - DAY];
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let shop: Services;
let traders = 90;

/** A buyer whose machine was renewed half a year ago: what it signed before that is under a delegation that has ended since. */
function buyer() {
  const root = rootOf(traders++);
  const keys = keyPairFromSeed(new Uint8Array(32).fill(traders++));
  const under = (created: number, expires: number): Signer => {
    const grant = { delegate: keys.publicKey, may: ['trade'], expires };
    const delegation = signRecord('delegation', grant, root, { network: NETWORK, created });
    return { trader: root.trader, device: keys.publicKey, delegation, sign: (bytes) => sign(bytes, keys.secretKey) };
  };
  const [before, today] = [under(YEAR_AGO, ENDED), under(begin - 180 * DAY, begin + 180 * DAY)];
  let clock = begin - 200 * DAY;
  const signed = <K extends MessageKind>(kind: K, draft: object, by: Signer) =>
    signRecord(kind, draft as unknown as Draft<K>, by, {
      network: NETWORK,
      created: by === before ? ++clock : begin,
      inlineDelegation: true,
    });
  const proposed = { ...terms(false), expires: begin + DAY };
  const draft = { heads: [], buyer: root.trader, seller: shop.identity.trader, terms: proposed };
  const offer = signed('offer', draft, before);
  const back = { trade: offer.id, heads: [offer.id], answers: offer.id };
  return { before, today, offer, signed, back };
}

const copies = (records: readonly SignedRecord[], judged?: boolean) =>
  shop.trades.takeCopies(
    records.map(({ bytes }) => bytes),
    [],
    judged,
  );
const kindsOf = async ({ id }: SignedRecord) =>
  (await shop.trades.open(id.toString()))?.records.map(({ payload }) => payload.kind);

beforeAll(async () => {
  folder = await temporaryFolder();
  shop = await startMember(folder.path, 'seller', {});
}, 60_000);

afterAll(async () => {
  await shop.stop();
  await folder.remove();
});

describe('a message whose delegation has ended since', () => {
  it('is refused from whoever has it alone: an old machine’s keys can date back what they sign', async () => {
    const { offer } = buyer();
    const before = shop.refusals.counts()['DELEGATION_EXPIRED'] ?? 0;
    await copies([offer]);
    expect(await kindsOf(offer)).toBeUndefined();
    expect(shop.refusals.counts()['DELEGATION_EXPIRED']).toBe(before + 1);
  });

  it('is taken from the own machine that writes, which took it in time', async () => {
    const { offer, signed, back, before } = buyer();
    await copies([offer, signed('withdraw', back, before)], true);
    expect(await kindsOf(offer)).toEqual(['offer', 'withdraw']);
  });

  it('is taken with what its trader has built upon it since', async () => {
    const { offer, signed, back, today } = buyer();
    await copies([offer, signed('withdraw', back, today)]);
    expect(await kindsOf(offer)).toEqual(['offer', 'withdraw']);
  });

  it('is not taken beside what its trader signed since and that does not build upon it', async () => {
    const { offer, signed, back, before, today } = buyer();
    const known = signed('withdraw', back, today);
    const slipped = signed('withdraw', { ...back, note: 'Dari ponsel lama.' }, before);
    await copies([offer, slipped, known]);
    expect(await kindsOf(offer)).toEqual(['offer', 'withdraw']);
    await copies([slipped]);
    const log = await shop.trades.open(offer.id.toString());
    expect(log?.records.map(({ id }) => id.toString())).toEqual([offer, known].map(({ id }) => id.toString()));
  });

  it('is not taken because of what builds upon it under a delegation that has ended, too', async () => {
    const { offer, signed, back, before } = buyer();
    await copies([offer, signed('withdraw', back, before)]);
    expect(await kindsOf(offer)).toBeUndefined();
  });

  it('is not taken because a lease names it that was signed under a delegation that has ended, too', () => {
    const { offer, before, today } = buyer();
    const leaseBy = (by: Signer, created: number) => {
      const stands = [{ trade: offer.id, last: offer.id }];
      const draft = { epoch: nextEpoch(undefined, begin), holder: shop.identity.device, expires: begin + DAY, stands };
      return signRecord('writer', draft, by, { network: NETWORK, created, inlineDelegation: true });
    };
    const checkBy = (by: Signer, created: number) => () =>
      checkInTime(offer, {
        book: { revocationsOf: () => [], writerOf: () => leaseBy(by, created) },
        known: new Map(),
        reader: shop.identity.trader,
        listed: [],
        now: begin,
      });
    expect(checkBy(before, ENDED - DAY)).toThrow(expect.objectContaining({ code: 'DELEGATION_EXPIRED' }));
    expect(checkBy(today, begin)).not.toThrow();
  });

  it('comes back with all before it where the own list of open trades names it, and nothing else does', async () => {
    const { offer, signed, back, before } = buyer();
    const last = signed('withdraw', back, before);
    const slipped = signed('withdraw', { ...back, note: 'Dari ponsel lama.' }, before);
    const named = vi.spyOn(shop.continuity.restoration, 'named', 'get');
    named.mockReturnValue([{ trade: offer.id, last: last.id }]);
    await copies([offer, last, slipped]);
    named.mockRestore();
    const log = await shop.trades.open(offer.id.toString());
    expect(log?.records.map(({ id }) => id.toString())).toEqual([offer, last].map(({ id }) => id.toString()));
  });
});

/** What the shop says to one parcel of a letter that this device signs now. */
async function deliver(
  kind: 'trade' | 'chat' | 'proof',
  bytes: Uint8Array,
  by: Signer,
): Promise<DeliveryVerdict | undefined> {
  const draft = { to: shop.identity.trader, parcels: [{ kind, bytes }] };
  const created = Math.min(Date.now(), by.delegation?.payload.expires ?? 0);
  const letter = signRecord('letter', draft, by, { network: NETWORK, created, inlineDelegation: true });
  const answer = await shop.network.request(shop.network.peerId, DELIVER_METHOD, letter.bytes);
  return readBody(deliverAnswerSchema, answer, DELIVER_METHOD).results[0];
}

describe('what was signed in time and comes in a letter after the delegation has ended', () => {
  const chat = (by: Signer, created: number) =>
    signRecord('chat', { to: shop.identity.trader, text: 'Masih ada?' }, by, {
      network: NETWORK,
      created,
      inlineDelegation: true,
    });

  it('is taken where its trader’s letter is under one that has not', async () => {
    const { offer, signed, back, before, today } = buyer();
    await copies([offer], true);
    const step = await deliver('trade', signed('withdraw', back, before).bytes, today);
    expect(step?.receipt).toBeDefined();
    expect(await kindsOf(offer)).toEqual(['offer', 'withdraw']);
    expect((await deliver('chat', chat(before, begin - 200 * DAY).bytes, today))?.receipt).toBeDefined();
  });

  it('convicts whoever contradicted itself by it, where the log has it', async () => {
    const { offer, signed, back, before, today } = buyer();
    const forks = ['Batal.', 'Tidak jadi.'].map((note) => signed('withdraw', { ...back, note }, before));
    const messages = forks.map(({ bytes }) => bytes) as [Uint8Array, Uint8Array];
    await copies([offer, ...forks], true);
    const proof = writeProof({ trade: offer.id, messages });
    expect((await deliver('proof', proof ?? new Uint8Array(), today))?.receipt).toBeDefined();
  });

  it('is refused from anybody else, and in a letter under the one that has ended', async () => {
    const { offer, signed, back, before } = buyer();
    await copies([offer], true);
    const withdrawn = signed('withdraw', back, before);
    const said = chat(before, begin - 200 * DAY);
    const other = buyer().today;
    for (const [kind, { bytes }] of [['trade', withdrawn] as const, ['chat', said] as const]) {
      expect(await deliver(kind, bytes, other)).toMatchObject({ code: 'DELEGATION_EXPIRED' });
      await expect(deliver(kind, bytes, before)).rejects.toMatchObject({ code: 'DELEGATION_EXPIRED' });
    }
    expect(await kindsOf(offer)).toEqual(['offer']);
  });
});
