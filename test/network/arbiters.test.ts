import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Services } from '../../node/services.js';
import { commit } from '../../protocol/private.js';
import { signRecord } from '../../protocol/record.js';
import { verifyEvidenceFile } from '../../protocol/trade/evidence-file.js';
import { handlersOf, startMembers } from './members.js';
import { published, until } from './traders.js';

const { signal } = new AbortController();
const ADDRESS = 'Jl. Mawar 3, Bandung 40111';
const SAID = 'Kalau basah saya ganti.';
/** A busy machine has time. */
const TIMEOUT = 180_000;

let stop: () => Promise<void>;
let seller: Services;
let buyer: Services;
let arbiter: Services;
let trade: string;

const shown = (services: Services) => handlersOf(services).tradeShow({ trade }, { signal });
const sees = (services: Services, what: string, holds: (view: Awaited<ReturnType<typeof shown>>) => boolean) =>
  until(() => shown(services), holds, what);

async function exported(services: Services, what: { chat?: boolean; values?: boolean } = {}) {
  const input = { trade, language: 'id' as const, chat: what.chat === true, values: what.values === true };
  const { evidence } = await handlersOf(services).tradeExport(input, { signal });
  return verifyEvidenceFile(Buffer.from(evidence, 'base64'));
}

async function opened(services: Services) {
  const log = await services.trades.open(trade);
  if (log === undefined) throw new Error('no trade');
  return log;
}

/** Into a dispute, with an address that the seller knows and a promise in the chat. */
beforeAll(async () => {
  ({ seller, buyer, arbiter, stop } = await startMembers(['seller', 'buyer', 'arbiter']));
  for (const [services, name] of [
    [seller, 'Warung Sari'],
    [buyer, 'Rini'],
    [arbiter, 'Bu Tri'],
  ] as const)
    await services.traderRecords.publish('profile', { ...services.traderRecords.own('profile')?.payload.item, name });
  await arbiter.arbiters.offer({ fee: ['5000 IDR'] });
  const listing = await published(seller, 'satu');
  const wish = { listing, address: ADDRESS, arbiter: arbiter.identity.traderText };
  ({ trade } = await handlersOf(buyer).offer(wish, { signal }));
  await until(
    () => seller.trades.open(trade),
    (open) => open !== undefined,
    'the offer is there',
  );
  await seller.trades.step(trade, { kind: 'accept' });
  for (const each of [buyer, seller, arbiter])
    await sees(each, 'the consent', ({ messages }) => messages.some(({ kind }) => kind === 'consent'));
  await buyer.trades.step(trade, { kind: 'paid' });
  await sees(seller, 'the payment', ({ state }) => state === 'paid');
  await seller.chat.send({ with: trade, text: SAID });
  await until(
    () => buyer.chat.unread(),
    (all) => all.length > 0,
    'the message came',
  );
  await sees(seller, 'the address', ({ private: all }) => all[0]?.status === 'here');
  await buyer.trades.step(trade, { kind: 'dispute', reason: 'Basah.' });
  for (const each of [seller, arbiter]) await sees(each, 'the dispute', ({ state }) => state === 'disputed');
}, TIMEOUT);

afterAll(() => stop());

describe('the arbiter of a dispute', () => {
  it(
    'sees what a party keeps private once that party discloses it, and that the log commits to it',
    { timeout: TIMEOUT },
    async () => {
      expect((await shown(arbiter)).private).toMatchObject([{ what: 'address', of: 'buyer' }]);
      expect((await shown(arbiter)).private[0]?.status).not.toBe('here');
      // The seller may show it as well as the buyer: it has it, and the commitment says that it is the same.
      const { values } = await handlersOf(seller).tradeDisclose({ trade, what: ['address'] }, { signal });
      expect(values).toBe(1);
      const view = await sees(arbiter, 'the address', ({ private: all }) => all[0]?.status === 'here');
      expect(view.private).toMatchObject([{ what: 'address', of: 'buyer', value: ADDRESS }]);
      const [value] = await arbiter.privateValues.opened(trade);
      expect(value && commit(value.salt, value.value).join()).toBe(value?.commitment.join());
      await expect(handlersOf(arbiter).tradeDisclose({ trade, what: [] }, { signal })).rejects.toMatchObject({
        code: 'TRADE_ROLE',
      });
    },
  );

  it(
    'gets the chat in the file that a party gives it, signed by whoever wrote it, with the names of all three',
    { timeout: TIMEOUT },
    async () => {
      expect(await arbiter.chat.records((await opened(arbiter)).trade)).toEqual([]);
      const report = await exported(buyer, { chat: true, values: true });
      expect(report).toMatchObject({ valid: true, problems: [], state: { word: 'disputed' } });
      expect(report.chat.map(({ payload }) => payload.text)).toEqual([SAID]);
      expect(report.values.map(({ value }) => new TextDecoder().decode(value))).toEqual([ADDRESS]);
      const names = Object.fromEntries(report.profiles.map(({ role, record }) => [role, record.payload.item.name]));
      expect(names).toEqual({ buyer: 'Rini', seller: 'Warung Sari', arbiter: 'Bu Tri' });
      expect(await exported(buyer)).toMatchObject({ valid: true, chat: [], values: [] });
      expect(await exported(arbiter, { values: true })).toMatchObject({ valid: true, values: [{}] });
    },
  );

  it(
    'is sent the proof when a device contradicts itself, as the other side is; the evidence of each has both messages',
    { timeout: TIMEOUT },
    async () => {
      const { state, heads } = await opened(seller);
      // A home that was set back: it signs a second message after the same ones, and only the buyer is sent it.
      const draft = { trade: state.trade, heads: [...heads], text: 'Kering waktu dikirim.' };
      const { bytes } = signRecord('statement', draft, seller.identity, {
        network: 'main',
        created: Date.now(),
        inlineDelegation: true,
      });
      await seller.trades.step(trade, { kind: 'statement', text: 'Sudah basah waktu dikirim.' });
      const posted = seller.mail.post([{ to: buyer.identity.trader, kind: 'trade', bytes, about: state.trade }]);
      await seller.store.write([...posted.writes]);
      posted.send();

      for (const each of [buyer, arbiter, seller]) {
        const { proofs } = await sees(each, 'the proof', (view) => view.proofs.length > 0);
        expect(proofs).toMatchObject([{ of: 'seller', trader: seller.identity.traderText }]);
        expect(proofs[0]?.messages.map(({ kind }) => kind)).toEqual(['statement', 'statement']);
      }
      for (const each of [buyer, arbiter]) {
        const [pair] = await each.proofs.pairs(trade);
        const report = await exported(each);
        expect(report).toMatchObject({ valid: true, state: { equivocations: [{ role: 'seller' }] } });
        const inFile = report.messages.map(({ record }) => Buffer.from(record.bytes).toString('hex'));
        expect(inFile).toEqual(expect.arrayContaining((pair ?? []).map((one) => Buffer.from(one).toString('hex'))));
      }
    },
  );
});
