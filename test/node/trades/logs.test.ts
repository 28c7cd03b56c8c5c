import { expect, it } from 'vitest';
import { TradeBook } from '../../../node/trades/book.js';
import { headsIn, hasMessages } from '../../../node/trades/logs.js';
import { Journal, type MessageRecord, type TradeRow } from '../../../node/trades/journal.js';
import { createBulkVerifier, type Identity } from '../../../node/identity/index.js';
import { cborCodec, rawCodec, type Store } from '../../../node/store/index.js';
import { stateOf } from '../../../protocol/trade/index.js';
import { openStore } from '../store/support.js';
import { BEGIN, freshOffer, NETWORK, seller, withdrawal } from './log.js';

/** The seller's trades as they are on this disk, and how often the log of one was read. */
async function openBook(store: Store) {
  let read = 0;
  const journal = new Journal(store, NETWORK, createBulkVerifier());
  const messages = journal.messages.bind(journal);
  journal.messages = (trade) => {
    read++;
    return messages(trade);
  };
  const book = new TradeBook(journal, seller as unknown as Identity);
  await book.load();
  const add = async (record: MessageRecord, log: readonly MessageRecord[] = []): Promise<void> => {
    const before = log[0] === undefined ? undefined : await book.read(log[0].id.toString());
    const { state } = stateOf([...log, record]);
    if (state === undefined) throw new Error('no state');
    const { trade, writes } = book.admit(before, record, state, 'seller', BEGIN);
    await store.write(writes);
    book.commit(trade);
  };
  const heads = async (after?: string) => {
    const all: Record<string, string[]> = {};
    for await (const one of headsIn(book, { after })) all[one.id] = one.heads.map(String);
    return all;
  };
  return { book, add, heads, read: () => read };
}

/** A store in which one offer waits and one was taken back. */
async function twoTrades() {
  const store = await openStore();
  const [waiting, ended] = [1, 2].map((more) => freshOffer(seller.trader, BEGIN + more));
  if (waiting === undefined || ended === undefined) throw new Error('no offers');
  const back = withdrawal(ended, 'Tidak jadi.');
  const { add } = await openBook(store);
  await add(waiting);
  await add(ended);
  await add(back, [ended]);
  const expected = { [String(waiting.id)]: [String(waiting.id)], [String(ended.id)]: [String(back.id)] };
  return { store, waiting, ended, back, expected };
}

it('how far trades are is told without reading a log, after a start too, in the order of their ids', async () => {
  const { store, expected } = await twoTrades();
  const { heads, read } = await openBook(store);
  expect(await heads()).toEqual(expected);
  const [first = '', second = ''] = Object.keys(expected).sort();
  expect(Object.keys(await heads())).toEqual([first, second]);
  expect(Object.keys(await heads(first))).toEqual([second]);
  expect(read()).toBe(0);
});

it('a log is read to say what it has only where it is further on than what is asked for', async () => {
  const { store, waiting, ended, back } = await twoTrades();
  const { book, read } = await openBook(store);
  expect(await hasMessages(book, String(ended.id), [back.id])).toBe(true);
  expect(read()).toBe(0);
  expect(await hasMessages(book, String(ended.id), [ended.id])).toBe(true);
  expect(read()).toBe(1);
  expect(await hasMessages(book, String(waiting.id), [back.id])).toBe(false);
  expect(await hasMessages(book, String(back.id), [back.id])).toBe(false);
});

it('rows of earlier versions are completed from their logs, once; a damaged log is left out', async () => {
  const { store, waiting, ended, expected } = await twoTrades();
  const rows = store.table('trades', cborCodec<TradeRow>());
  for await (const [key, row] of rows.range()) {
    const { role: _, heads: __, ...earlier } = row;
    await store.write([rows.put(key, earlier)]);
  }
  const first = await openBook(store);
  expect(await first.heads()).toEqual(expected);
  expect(first.read()).toBe(2);
  const second = await openBook(store);
  expect(await second.heads()).toEqual(expected);
  expect(second.read()).toBe(0);

  const log = store.table('trade-log', rawCodec);
  for (const id of [waiting, ended].map((offer) => String(offer.id))) {
    const { role: _, heads: __, ...earlier } = (await rows.get(id)) ?? ({} as TradeRow);
    await store.write([rows.put(id, earlier), ...(id === String(ended.id) ? [] : [log.del(`${id}/000001`)])]);
  }
  expect(Object.keys(await (await openBook(store)).heads())).toEqual([String(ended.id)]);
});
