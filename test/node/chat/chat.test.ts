import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHandlers } from '../../../node/handlers.js';
import type { Services } from '../../../node/services.js';
import { rawCodec } from '../../../node/store/index.js';
import { openDisclosedChat } from '../../../protocol/chat/index.js';
import { blobId } from '../../../protocol/ids.js';
import { signRecord } from '../../../protocol/record.js';
import { writePart } from '../../../protocol/chat/file-part.js';
import { startMembers } from '../../network/members.js';
import { published, until } from '../../network/traders.js';

let stop: () => Promise<void>;
let seller: Services;
let buyer: Services;
let stranger: Services;
let trade: string;

beforeAll(async () => {
  ({ seller, buyer, stranger, stop } = await startMembers(['seller', 'buyer', 'stranger']));
  const listing = await published(seller, 'satu');
  ({ trade } = await buyer.trades.offer({ listing }));
  await until(
    async () => seller.trades.open(trade),
    (open) => open !== undefined,
    'the offer is there',
  );
}, 120_000);

afterAll(() => stop());

describe('chat beside a trade', () => {
  it('is shown on the other side, and its author sees it delivered, then read', { timeout: 60_000 }, async () => {
    const sent = await buyer.chat.send({ with: trade.slice(0, 20), text: 'Masih ada?\r\nSaya butuh dua.\n' });
    expect(sent).toMatchObject({ own: true, trade, text: 'Masih ada?\nSaya butuh dua.' });
    const [thread] = await until(
      () => seller.chat.unread(),
      (all) => all.length > 0,
      'it came',
    );
    expect(thread).toMatchObject({ with: buyer.identity.traderText, unread: 1, messages: 1, trade });
    await until(
      () => buyer.chat.show({ with: trade, limit: 9 }),
      ([last]) => last?.delivery === 'delivered',
      'delivered',
    );
    const [read] = await seller.chat.show({ with: trade, limit: 9 });
    expect(read).toMatchObject({ id: sent.id, own: false, unread: true, text: sent.text });
    expect(await seller.chat.unread()).toEqual([]);
    expect(await seller.chat.show({ with: trade, limit: 9 })).toMatchObject([{ id: sent.id }]);
    await until(
      () => buyer.chat.show({ with: trade, limit: 9 }),
      ([last]) => last?.delivery === 'read',
      'read',
    );
    const told: unknown[] = [];
    for await (const { type, data } of buyer.events.read({ types: ['chat-delivery'] }))
      told.push([type, data['delivery']]);
    expect(told).toContainEqual(['chat-delivery', 'delivered']);
  });

  it('is no part of the log, and waits for nothing of it', async () => {
    expect((await buyer.trades.show(trade)).messages.map(({ kind }) => kind)).not.toContain('chat');
    expect((await buyer.trades.open(trade))?.records).toHaveLength(1);
  });

  it('brings files whole, several parts of them too', { timeout: 60_000 }, async () => {
    const bytes = new Uint8Array(randomBytes(300_000));
    const sent = await seller.chat.send({ with: trade, text: '', files: [{ name: 'nota.jpg', bytes }] });
    expect(sent.files).toMatchObject([{ name: 'nota.jpg', size: 300_000, file: blobId(bytes).toString(), here: true }]);
    const [came] = await until(
      () => buyer.chat.show({ with: trade, limit: 1 }),
      ([last]) => last?.files?.[0]?.here === true,
      'all parts are there',
    );
    expect(came).toMatchObject({ id: sent.id, own: false });
    const handlers = createHandlers({ services: buyer, apiUrl: () => '', startedAt: 0, version: '0.0.0' });
    const signal = new AbortController().signal;
    const saved = await handlers.fileSave({ with: trade, file: blobId(bytes).toString() }, { signal });
    expect(Buffer.from(saved.content, 'base64').equals(bytes)).toBe(true);
    await until(
      () => seller.chat.show({ with: trade, limit: 1 }),
      ([last]) => last?.delivery === 'delivered' || last?.delivery === 'read',
      'its author sees it delivered with all parts',
    );
  });

  it('verifies by its signature where a party discloses it, for its own trade and parties only', async () => {
    const state = (await seller.trades.open(trade))?.state;
    if (state === undefined) throw new Error('no trade');
    const [record] = await seller.chat.records(state.trade);
    if (record === undefined) throw new Error('no message');
    const parties = [state.parties.buyer, state.parties.seller];
    const context = { network: 'main', trade: state.trade, parties };
    expect(openDisclosedChat(record.bytes, context).payload.text).toBe('Masih ada?\nSaya butuh dua.');
    const changed = record.bytes.slice();
    changed[changed.length >> 1] = (changed[changed.length >> 1] ?? 0) ^ 1;
    expect(() => openDisclosedChat(changed, context)).toThrow();
    expect(() => openDisclosedChat(record.bytes, { ...context, trade: blobId(record.bytes) })).toThrow('another trade');
    expect(() => openDisclosedChat(record.bytes, { ...context, parties: [state.parties.seller] })).toThrow('parties');
  });

  it('leaves no word of itself once it is forgotten, in the events neither', { timeout: 60_000 }, async () => {
    const open = await seller.trades.open(trade);
    if (open === undefined) throw new Error('no trade');
    await seller.chat.send({ with: trade, text: 'Rahasia kita' });
    await until(
      () => buyer.chat.show({ with: trade, limit: 1 }),
      ([last]) => last?.text === 'Rahasia kita',
      'it came',
    );
    const texts = async () => {
      const told: unknown[] = [];
      for await (const { type, data } of seller.events.read({ after: 0 }))
        if (type === 'chat-message') told.push(data['text'], data['files']);
      return told.filter((text) => text !== '' && text !== undefined);
    };
    expect(await texts()).toContain('Rahasia kita');
    expect(await seller.chat.forget(open.trade)).toBe(3);
    expect(await texts()).toEqual([]);
    const rows: string[] = [];
    for await (const [, bytes] of seller.store.table('events', rawCodec).range())
      rows.push(Buffer.from(bytes).toString());
    expect(rows.filter((row) => /Rahasia|Masih ada|nota/.test(row))).toEqual([]);
  });
});

describe('a stranger', () => {
  it('may ask a few things until somebody answers, and may send no files', { timeout: 120_000 }, async () => {
    const to = buyer.identity.traderText;
    for (let at = 0; at < 22; at++) await stranger.chat.send({ with: to, text: `halo ${at}` });
    const withFile = await stranger.chat.send({ with: to, text: '', files: [{ name: 'a', bytes: Uint8Array.of(1) }] });
    const own = await until(
      () => stranger.chat.show({ with: to, limit: 100 }),
      (all) => all.filter(({ delivery }) => delivery === 'delivered').length === 20 && all[0]?.delivery === 'refused',
      'twenty are taken',
    );
    expect(own.find(({ id }) => id === withFile.id)).toMatchObject({ delivery: 'refused' });
    // Two messages still wait; the parts of the refused one do not.
    await until(
      () => Promise.resolve(stranger.mail.waiting().filter(({ kind }) => kind === 'file-part')),
      (parts) => parts.length === 0,
      'its parts are not sent any more',
    );
    expect(await buyer.chat.unread()).toMatchObject([{ unread: 20, messages: 20 }]);
    await buyer.chat.send({ with: stranger.identity.traderText, text: 'Ya?' });
    await stranger.chat.send({ with: to, text: 'dan ini' });
    await until(
      () => buyer.chat.list({ limit: 9 }),
      (all) => all.some(({ text }) => text === 'dan ini'),
      'more are taken',
    );
  });

  it('is no partner by an offer alone', { timeout: 60_000 }, async () => {
    const listing = await published(seller, 'tiga');
    const { trade: unasked } = await stranger.trades.offer({ listing });
    await until(
      async () => seller.trades.open(unasked),
      (open) => open !== undefined,
      'the offer is there',
    );
    expect(await seller.trades.isPartner(stranger.identity.trader)).toBe(false);
    expect(await stranger.trades.isPartner(seller.identity.trader)).toBe(true);
    const files = [{ name: 'a', bytes: Uint8Array.of(9) }];
    const sent = await stranger.chat.send({ with: unasked, text: '', files });
    await until(
      () => stranger.mail.stateOf(seller.identity.trader, sent.id),
      (state) => state?.state === 'refused' && state.code === 'CHAT_REFUSED',
      'the file is refused',
    );
    await seller.trades.step(unasked, { kind: 'accept' });
    expect(await seller.trades.isPartner(stranger.identity.trader)).toBe(true);
  });

  it('cannot write about a trade that is not theirs, nor in the name of another', async () => {
    const { identity } = stranger;
    const open = await seller.trades.open(trade);
    if (open === undefined) throw new Error('no trade');
    const write = (fields: object) =>
      signRecord('chat', { to: seller.identity.trader, text: 'x', ...fields }, identity, {
        network: 'main',
        created: Date.now(),
        inlineDelegation: true,
      });
    stranger.mail.meet(seller.identity.trader, seller.identity.peerId);
    const parcels = [write({ trade: open.trade }), write({ to: buyer.identity.trader })];
    const posted = stranger.mail.post(
      parcels.map(({ bytes }) => ({ to: seller.identity.trader, kind: 'chat' as const, bytes })),
    );
    await stranger.store.write([...posted.writes]);
    posted.send();
    for (const [at, code] of ['TRADE_ROLE', 'RECORD_ID'].entries()) {
      const id = posted.ids[at]?.toString() ?? '';
      await until(
        () => stranger.mail.stateOf(seller.identity.trader, id),
        (sent) => sent?.state === 'refused' && sent.code === code,
        code,
      );
    }
    const written = await seller.chat.show({ with: identity.traderText, limit: 9 });
    expect(written.map(({ text }) => text)).not.toContain('x');
  });

  it('fills no disk with parts of files that no message names', async () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const part = writePart({ of: blobId(bytes), at: 0, bytes });
    const posted = stranger.mail.post([{ to: seller.identity.trader, kind: 'file-part', bytes: part }]);
    await stranger.store.write([...posted.writes]);
    posted.send();
    await until(
      () => Promise.resolve(seller.refusals.counts()['FILE_NOT_FOUND'] ?? 0),
      (count) => count > 0,
      'it is refused',
    );
    expect(await seller.files.progress(stranger.identity.trader, blobId(bytes))).toBeUndefined();
  });
});
