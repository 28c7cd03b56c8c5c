import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inboxOf } from '../../../node/inbox/index.js';
import type { Services } from '../../../node/services.js';
import { handlersOf, startMembers } from '../../network/members.js';
import { published, until } from '../../network/traders.js';

const { signal } = new AbortController();
/** As many as are told of at once (node/inbox/index.ts), and some more. */
const TOLD = 200;
const MORE = 10;
let stop: () => Promise<void>;
let seller: Services;
let buyer: Services;
let trade: string;

beforeAll(async () => {
  ({ seller, buyer, stop } = await startMembers(['seller', 'buyer'], { readReceipts: false }));
  const listing = await published(seller, 'satu');
  ({ trade } = await buyer.trades.offer({ listing }));
}, 120_000);

afterAll(() => stop());

const trades = async (services: Services) => (await inboxOf(services)).filter(({ kind }) => kind === 'trade');

describe('the inbox', () => {
  it('names the trade to whoever is next, and to nobody else', { timeout: 90_000 }, async () => {
    const [offer] = await until(
      () => trades(seller),
      (items) => items.length > 0,
      'the offer waits',
    );
    expect(offer).toMatchObject({ trade, state: 'offered', command: `niaga trade show ${trade}` });
    expect(offer?.deadline).toBeGreaterThan(Date.now());
    expect(await trades(buyer)).toEqual([]);
    await seller.trades.step(trade, { kind: 'accept' });
    expect(await trades(seller)).toEqual([]);
    const [pay] = await until(
      () => trades(buyer),
      (items) => items.length > 0,
      'the payment waits',
    );
    expect(pay).toMatchObject({ trade, state: 'accepted', command: `niaga trade pay ${trade}` });
    await buyer.trades.step(trade, { kind: 'paid' });
    const [confirm] = await until(
      () => trades(seller),
      (items) => items.length > 0,
      'the claim waits',
    );
    expect(confirm).toMatchObject({ command: `niaga trade confirm ${trade}` });
  });

  it('counts what nobody has read, until it was shown', { timeout: 60_000 }, async () => {
    for (const text of ['satu', 'dua']) await buyer.chat.send({ with: trade, text });
    const read = handlersOf(seller).inbox;
    const { items } = await until(
      () => read({ limit: 100 }, { signal }),
      (page) => page.items.some(({ count }) => count === 2),
      'both came',
    );
    const chat = items.find(({ kind }) => kind === 'chat');
    const trader = buyer.identity.traderText;
    expect(chat).toMatchObject({ with: trader, text: 'dua', command: `niaga chat show ${trader}` });
    const first = await read({ limit: 1 }, { signal });
    const rest = await read({ limit: 100, after: first.next }, { signal });
    expect([...first.items, ...rest.items]).toEqual(items);
    await seller.chat.show({ with: trader, limit: 9 });
    expect((await inboxOf(seller)).filter(({ kind }) => kind === 'chat')).toEqual([]);
  });

  it('tells nobody that their messages were read, where read receipts are off', async () => {
    const shown = await buyer.chat.show({ with: trade, limit: 9 });
    expect(shown.map(({ delivery }) => delivery)).toEqual(['delivered', 'delivered']);
  });

  it('says what was refused, and why', { timeout: 60_000 }, async () => {
    await seller.blocks.add(buyer.identity.traderText, {});
    const { id } = await buyer.chat.send({ with: trade, text: 'halo?' });
    const [item] = await until(
      async () => (await inboxOf(buyer)).filter(({ kind }) => kind === 'undelivered'),
      (items) => items.length > 0,
      'it is refused',
    );
    expect(item?.item).toContain(id);
    expect(item).toMatchObject({
      with: seller.identity.traderText,
      text: expect.stringContaining('refused') as string,
    });
  });

  it('is cleared of it by whoever knows it, and the message stays refused', { timeout: 60_000 }, async () => {
    const { inboxClear } = handlersOf(buyer);
    const undelivered = async () => (await inboxOf(buyer)).filter(({ kind }) => kind === 'undelivered');
    const [first] = await undelivered();
    const { id } = await buyer.chat.send({ with: trade, text: 'masih?' });
    await until(undelivered, (items) => items.length === 2, 'both are refused');
    await expect(inboxClear({ item: 'undelivered/nobody/nothing' }, { signal })).rejects.toMatchObject({
      code: 'USAGE',
    });
    expect(await inboxClear({ item: first?.item }, { signal })).toEqual({ cleared: 1 });
    expect((await undelivered()).map(({ item }) => item)).toEqual([expect.stringContaining(id)]);
    expect(await inboxClear({}, { signal })).toEqual({ cleared: 1 });
    expect(await undelivered()).toEqual([]);
    await until(
      () => buyer.chat.show({ with: trade, limit: 2 }),
      (shown) => shown.every(({ delivery, reason }) => delivery === 'refused' && reason !== undefined),
      'both are known to be refused',
    );
  });

  it('tells of so many that were refused, those of late, and is cleared of all', { timeout: 120_000 }, async () => {
    const ids: string[] = [];
    for (let at = 0; at < TOLD + MORE; at++) ids.push((await buyer.chat.send({ with: trade, text: `${at}` })).id);
    const sent = new Set(ids);
    const refused = async () => buyer.mail.waiting().filter(({ id, state }) => sent.has(id) && state === 'refused');
    const all = await until(refused, ({ length }) => length === TOLD + MORE, 'all are refused');
    const told = (await inboxOf(buyer)).filter(({ kind }) => kind === 'undelivered');
    expect(told).toHaveLength(TOLD);
    const isTold = (id: string) => told.some(({ item }) => item.endsWith(`/${id}`));
    const times = (some: typeof all) => some.map(({ since }) => since);
    const untold = all.filter(({ id }) => !isTold(id));
    expect(untold).toHaveLength(MORE);
    expect(Math.max(...times(untold))).toBeLessThanOrEqual(Math.min(...times(all.filter(({ id }) => isTold(id)))));
    expect(await handlersOf(buyer).inboxClear({}, { signal })).toEqual({ cleared: TOLD + MORE });
    expect((await inboxOf(buyer)).filter(({ kind }) => kind === 'undelivered')).toEqual([]);
  });
});

describe('the mailboxes of a trader', () => {
  it('are told to itself and, by its profile, to others', { timeout: 90_000 }, async () => {
    const { mailboxes } = await until(
      async () => handlersOf(seller).status({}, { signal }),
      (status) => status.mailboxes.length > 0,
      'one is named',
    );
    expect(mailboxes).toEqual([buyer.identity.peerId]);
    const { profile } = await until(
      async () =>
        handlersOf(buyer)
          .traderShow({ trader: seller.identity.traderText }, { signal })
          .catch(() => ({ profile: null })),
      (view) => (view.profile?.mailboxes.length ?? 0) > 0,
      'the profile names it',
    );
    expect(profile?.mailboxes).toEqual(mailboxes);
    expect((await handlersOf(buyer).status({}, { signal })).letters).toEqual(buyer.mail.kept());
  });
});
