import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { committing } from '../../../node/private/handlers.js';
import type { Services } from '../../../node/services.js';
import { blobId } from '../../../protocol/ids.js';
import { commit } from '../../../protocol/private.js';
import { commitmentsOf, writePrivate } from '../../../protocol/trade/index.js';
import { verifyEvidenceFile } from '../../../protocol/trade/evidence-file.js';
import { handlersOf, startMembers } from '../../network/members.js';
import { published, until } from '../../network/traders.js';
import { filesHolding } from '../store/support.js';

const ADDRESS = 'Jl. Mawar 3, Bandung 40111';
const BILL = new Uint8Array(randomBytes(150_000));
const { signal } = new AbortController();

let stop: () => Promise<void>;
let seller: Services;
let buyer: Services;
let trade: string;

const shown = (services: Services) => handlersOf(services).tradeShow({ trade }, { signal });
const sees = (services: Services, state: string) =>
  until(
    () => shown(services),
    (view) => view.state === state,
    state,
  );

beforeAll(async () => {
  ({ seller, buyer, stop } = await startMembers(['seller', 'buyer']));
  const listing = await published(seller, 'satu');
  ({ trade } = await handlersOf(buyer).offer({ listing, address: ADDRESS, phone: '+62 812 0000' }, { signal }));
  await until(
    async () => seller.trades.open(trade),
    (open) => open !== undefined,
    'the offer is there',
  );
}, 120_000);

afterAll(() => stop());

/** Whether a text stands in any signed message of the trade. */
async function inLog(services: Services, text: string): Promise<boolean> {
  const log = await services.trades.open(trade);
  return log?.records.some(({ bytes }) => Buffer.from(bytes).includes(text)) ?? false;
}

describe('personal data of a trade', () => {
  it('stays with the buyer while there is no contract', async () => {
    expect((await shown(seller)).private).toMatchObject([
      { what: 'address', of: 'buyer', status: 'withheld' },
      { what: 'phone', of: 'buyer', status: 'withheld' },
    ]);
    const own = await shown(buyer);
    expect(own.private).toMatchObject([{ value: ADDRESS }, { value: '+62 812 0000' }]);
    expect(own.private.some(({ sent }) => sent !== undefined)).toBe(false);
  });

  it('reaches the seller with the contract, and stands in no log', { timeout: 60_000 }, async () => {
    await seller.trades.step(trade, { kind: 'accept' });
    const view = await until(
      () => shown(seller),
      ({ private: all }) => all.every(({ status }) => status === 'here'),
      'there',
    );
    expect(view.private).toMatchObject([
      { what: 'address', value: ADDRESS },
      { what: 'phone', value: '+62 812 0000' },
    ]);
    await until(
      () => shown(buyer),
      ({ private: all }) => all[0]?.sent?.[0]?.delivery === 'delivered',
      'delivered',
    );
    expect([await inLog(seller, 'Mawar'), await inLog(buyer, 'Mawar')]).toEqual([false, false]);
  });

  it('may be a file in parts, of which the seller gets what the log commits to', { timeout: 60_000 }, async () => {
    await sees(buyer, 'accepted');
    const proof = { name: 'bill.jpg', content: Buffer.from(BILL).toString('base64') };
    await handlersOf(buyer).tradePay({ trade, proof }, { signal });
    const view = await until(
      () => shown(seller),
      ({ private: all }) => all.some(({ what, status }) => what === 'proof' && status === 'here'),
      'the proof is there',
    );
    const file = view.private.find(({ what }) => what === 'proof')?.file;
    expect(file).toEqual({ file: blobId(BILL).toString(), name: 'bill.jpg', size: BILL.length, here: true });
    const saved = await handlersOf(seller).fileSave({ with: trade, file: file?.file ?? '' }, { signal });
    expect(Buffer.from(saved.content, 'base64').equals(BILL)).toBe(true);
  });

  it('is refused where the log does not commit to it, or to something else', async () => {
    const state = (await seller.trades.open(trade))?.state;
    const [address] = state === undefined ? [] : commitmentsOf(state);
    if (state === undefined || address === undefined) throw new Error('no commitment');
    const [salt, value] = [new Uint8Array(16), Uint8Array.of(1)];
    const other = writePrivate({ trade: state.trade, commitment: address.commitment, salt, value });
    const unknown = writePrivate({ trade: state.trade, commitment: commit(salt, value), salt, value });
    const posted = buyer.mail.post(
      [other, unknown].map((bytes) => ({ to: seller.identity.trader, kind: 'private', bytes })),
    );
    await buyer.store.write([...posted.writes]);
    posted.send();
    await until(
      () => buyer.mail.stateOf(seller.identity.trader, posted.ids[0] ?? ''),
      (sent) => sent?.state === 'refused' && sent.code === 'PRIVATE_MISMATCH',
      'refused for good',
    );
    await until(
      () => Promise.resolve(seller.refusals.counts()['PRIVATE_UNKNOWN'] ?? 0),
      (count) => count > 0,
      'refused for now',
    );
    buyer.mail.recall(seller.identity.trader, posted.ids);
    await until(
      () => Promise.resolve(buyer.mail.outboxSize()),
      (size) => size === 0,
      'nothing waits any more',
    );
    expect((await shown(seller)).private[0]).toMatchObject({ what: 'address', value: ADDRESS });
  });

  it('cannot be forgotten while the trade goes on', async () => {
    await expect(handlersOf(seller).tradeForget({ trade, chat: false }, { signal })).rejects.toMatchObject({
      code: 'TRADE_STATE',
    });
  });

  it(
    'is forgotten after the end: nothing of it is on disk, and the evidence verifies',
    { timeout: 90_000 },
    async () => {
      await buyer.chat.send({ with: trade, text: 'Saya di rumah jam lima' });
      await until(
        () => seller.chat.unread(),
        (all) => all.length > 0,
        'the message came',
      );
      await seller.trades.step(trade, { kind: 'payment-seen' });
      await seller.trades.step(trade, { kind: 'shipped' });
      await sees(buyer, 'shipped');
      for (const kind of ['received', 'approved'] as const) await buyer.trades.step(trade, { kind });
      await sees(seller, 'completed');
      const before = await seller.trades.export(trade);
      const opened = await seller.privateValues.opened(trade);
      expect(opened.map(({ what }) => what).sort()).toEqual(['address', 'phone', 'proof']);
      expect(opened.every(({ commitment, salt, value }) => commit(salt, value).join() === commitment.join())).toBe(
        true,
      );

      const gone = await handlersOf(seller).tradeForget({ trade: trade.slice(0, 20), chat: true }, { signal });
      expect(gone).toMatchObject({ trade, messages: 1 });
      expect(gone.values.map(({ what, own }) => [what, own])).toEqual([
        ['address', false],
        ['phone', false],
        ['proof', false],
      ]);
      expect((await shown(seller)).private.map(({ status, value }) => [status, value])).toEqual(
        Array.from({ length: 3 }, () => ['forgotten', undefined]),
      );
      expect(await seller.privateValues.opened(trade)).toEqual([]);
      expect(await seller.files.progress(buyer.identity.trader, blobId(BILL))).toBeUndefined();
      expect(await seller.chat.show({ with: trade, limit: 9 })).toEqual([]);
      const words = [ADDRESS, '+62 812 0000', BILL.subarray(0, 64), BILL.subarray(-64), 'Saya di rumah jam lima'];
      for (const said of words) expect(await filesHolding(seller.store.path, said)).toEqual([]);
      const after = await seller.trades.export(trade);
      for (const { bytes } of [before, after])
        expect(verifyEvidenceFile(bytes)).toMatchObject({ valid: true, problems: [] });

      const own = await handlersOf(buyer).tradeForget({ trade, chat: false }, { signal });
      expect(own.values).toMatchObject([{ own: true, sentTo: ['seller'] }, {}, {}]);
      expect(own.remains).toContain('address (seller)');
      for (const said of words.slice(0, -1)) expect(await filesHolding(buyer.store.path, said)).toEqual([]);
      expect(verifyEvidenceFile((await buyer.trades.export(trade)).bytes).valid).toBe(true);
    },
  );
});

describe('files of a dispute', () => {
  it('go sealed to the other side, and the log has commitments only', { timeout: 60_000 }, async () => {
    const listing = await published(seller, 'dua');
    ({ trade } = await handlersOf(buyer).offer({ listing }, { signal }));
    await until(
      () => seller.trades.open(trade),
      (open) => open !== undefined,
      'the offer is there',
    );
    await seller.trades.step(trade, { kind: 'accept' });
    await sees(buyer, 'accepted');
    await buyer.trades.step(trade, { kind: 'paid' });
    const picture = Buffer.from('a picture of an empty box');
    const files = [{ name: 'box.jpg', content: picture.toString('base64') }];
    await handlersOf(buyer).tradeDispute({ trade, reason: 'Nothing in it', files }, { signal });
    const view = await until(
      () => shown(seller),
      ({ private: all }) => all[0]?.status === 'here',
      'the picture is there',
    );
    expect(view.private).toMatchObject([{ what: 'attachment', of: 'buyer', file: { name: 'box.jpg', here: true } }]);
    const saved = await handlersOf(seller).fileSave(
      { with: trade, file: view.private[0]?.file?.file ?? '' },
      { signal },
    );
    expect(Buffer.from(saved.content, 'base64').equals(picture)).toBe(true);
    expect(await inLog(seller, 'empty box')).toBe(false);
  });
});

describe('a file that is said to be a value', () => {
  it('is not waited for while there is an offer only', { timeout: 60_000 }, async () => {
    const listing = await published(seller, 'tiga');
    const { trade: offered } = await handlersOf(buyer).offer({ listing, address: ADDRESS }, { signal });
    const open = await until(
      async () => seller.trades.open(offered),
      (log) => log !== undefined,
      'the offer is there',
    );
    const [address] = open === undefined ? [] : commitmentsOf(open.state);
    if (open === undefined || address === undefined) throw new Error('no commitment');
    const file = { cid: blobId(BILL), size: 1024 * 1024, name: 'x' };
    const bytes = writePrivate({ trade: open.trade, commitment: address.commitment, salt: new Uint8Array(32), file });
    const before = seller.refusals.counts()['TRADE_STATE'] ?? 0;
    const posted = buyer.mail.post([{ to: seller.identity.trader, kind: 'private', bytes }]);
    await buyer.store.write([...posted.writes]);
    posted.send();
    await until(
      () => Promise.resolve(seller.refusals.counts()['TRADE_STATE'] ?? 0),
      (count) => count > before,
      'refused for now',
    );
    buyer.mail.recall(seller.identity.trader, posted.ids);
    expect(await seller.files.progress(buyer.identity.trader, file.cid)).toBeUndefined();
  });
});

describe('a value that a step has just committed to', () => {
  it('is here as soon as the step is done, and never lost on the way', async () => {
    const listing = await published(seller, 'kode');
    for (let at = 0; at < 5; at++) {
      const offered = await handlersOf(buyer).offer({ listing, phone: `0812 ${at}` }, { signal });
      // What was noted of the step is still on its way to the disk.
      expect(await buyer.privateValues.show(offered.trade)).toMatchObject([{ status: 'here', value: `0812 ${at}` }]);
    }
  });
});

describe('a step that is not taken', () => {
  it('keeps the values that its message names where it fails after that was written', async () => {
    const { privateValues } = buyer;
    const value = new TextEncoder().encode('said late');
    await expect(
      committing(privateValues, [{ what: 'attachment', value, name: 'late.txt' }], async ([commitment]) => {
        const attachments = commitment === undefined ? [] : [commitment];
        await buyer.trades.step(trade, { kind: 'statement', text: 'Late', attachments });
        throw new Error('after the batch');
      }),
    ).rejects.toThrow('after the batch');
    const opened = await privateValues.opened(trade);
    expect(opened.some((each) => new TextDecoder().decode(each.value) === 'said late')).toBe(true);
  });

  it('commits to no file whose name its recipient would refuse', async () => {
    const value = Uint8Array.of(1);
    for (const name of ['a/b.jpg', 'x'.repeat(201), ''])
      await expect(buyer.privateValues.prepare([{ what: 'proof', value, name }])).rejects.toMatchObject({
        code: 'INPUT_INVALID',
      });
  });

  it('leaves no value behind', async () => {
    const table: string[] = [];
    await expect(handlersOf(buyer).offer({ listing: 'nowhere', address: ADDRESS }, { signal })).rejects.toThrow();
    const prepared = buyer.store.table('private-prepared', {
      encode: () => new Uint8Array(),
      decode: (bytes) => bytes,
    });
    for await (const [key] of prepared.range()) table.push(key);
    expect(table).toEqual([]);
  });
});
