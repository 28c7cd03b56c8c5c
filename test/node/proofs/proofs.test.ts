import fc from 'fast-check';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProofs } from '../../../node/proofs/index.js';
import { inboxOf } from '../../../node/inbox/index.js';
import type { Services } from '../../../node/services.js';
import { equalBytes } from '../../../protocol/ids.js';
import { signRecord } from '../../../protocol/record.js';
import { contradict, openProof, readProof, writeProof } from '../../../protocol/trade/index.js';
import { handlersOf, startMembers } from '../../network/members.js';
import { published, until } from '../../network/traders.js';

const { signal } = new AbortController();
let stop: () => Promise<void>;
let seller: Services;
let buyer: Services;
let trade: string;

const shown = (services: Services) => handlersOf(services).tradeShow({ trade }, { signal });

async function opened(services: Services) {
  const log = await services.trades.open(trade);
  if (log === undefined) throw new Error('no trade');
  return log;
}

beforeAll(async () => {
  ({ seller, buyer, stop } = await startMembers(['seller', 'buyer']));
  const listing = await published(seller, 'satu');
  ({ trade } = await buyer.trades.offer({ listing }));
  await until(
    () => seller.trades.open(trade),
    (log) => log !== undefined,
    'the offer is there',
  );
}, 120_000);

afterAll(() => stop());

/** The seller's device signs a second answer to the offer, as one that was set back would, and sends it. */
async function fork(): Promise<void> {
  const { state } = await opened(seller);
  const draft = { trade: state.trade, heads: [state.trade], answers: state.trade, reason: 'habis' };
  const { bytes } = signRecord('decline', draft, seller.identity, {
    network: 'main',
    created: Date.now(),
    inlineDelegation: true,
  });
  await seller.trades.step(trade, { kind: 'accept' });
  const posted = seller.mail.post([{ to: buyer.identity.trader, kind: 'trade', bytes, about: state.trade }]);
  await seller.store.write([...posted.writes]);
  posted.send();
}

describe('a device that contradicts itself', () => {
  it('is shown to the other side with both messages, and told as an event', { timeout: 60_000 }, async () => {
    await fork();
    await until(
      () => buyer.proofs.unseen(),
      (all) => all.length > 0,
      'the proof is kept',
    );
    const [waits] = (await inboxOf(buyer)).filter(({ kind }) => kind === 'equivocation');
    expect(waits).toMatchObject({ trade, with: seller.identity.traderText, command: `niaga trade show ${trade}` });
    const { proofs, equivocations } = await shown(buyer);
    expect(equivocations).toBe(1);
    expect(proofs).toMatchObject([{ of: 'seller', trader: seller.identity.traderText }]);
    expect(proofs[0]?.messages.map(({ kind }) => kind).sort()).toEqual(['accept', 'decline']);
    expect((await inboxOf(buyer)).filter(({ kind }) => kind === 'equivocation')).toEqual([]);
    const told = [];
    for await (const { data } of buyer.events.read({ types: ['equivocation'] })) told.push(data);
    expect(told).toMatchObject([{ trade, of: 'seller' }]);
  });

  it('and to itself: the proof arrives there, is verified and kept', { timeout: 60_000 }, async () => {
    const { proofs } = await until(
      () => shown(seller),
      (view) => view.proofs.length > 0,
      'the proof came',
    );
    expect(proofs).toMatchObject([{ of: 'seller' }]);
    await until(
      () => shown(buyer),
      (view) => view.proofs[0]?.sent.some(({ to, delivery }) => to === 'seller' && delivery === 'delivered') === true,
      'its sender has the receipt',
    );
  });

  it('is shown after a restart, too', async () => {
    const mail = {
      handle: () => undefined,
      post: buyer.mail.post.bind(buyer.mail),
      stateOf: buyer.mail.stateOf.bind(buyer.mail),
    };
    const { store, identity, trades, events, now } = buyer;
    const proofs = createProofs({
      ...{ store, identity, trades, events, now, mail },
      networkName: identity.network,
      verify: () => false,
      logger: pino({ level: 'silent' }),
    });
    await proofs.start();
    expect(await proofs.show(trade)).toMatchObject([{ of: 'seller', trader: seller.identity.traderText }]);
    await proofs.stop();
  });

  it('is convicted by the two messages with the log, for whoever gets the evidence', async () => {
    const { state } = await opened(buyer);
    const [messages] = await buyer.proofs.pairs(trade);
    if (messages === undefined) throw new Error('no proof');
    const bytes = writeProof({ trade: state.trade, messages });
    if (bytes === undefined) throw new Error('it does not fit');
    const [a, b] = openProof(readProof(bytes), { network: 'main' });
    expect(contradict(state, a.id, b.id)).toBe(true);
  });
});

describe('a proof', () => {
  it('holds for no two messages of which one knows the other, nor of two devices', async () => {
    const { state, records } = await opened(buyer);
    fc.assert(
      fc.property(fc.constantFrom(...records), fc.constantFrom(...records), (a, b) => {
        const isOne = equalBytes(a.payload.device, b.payload.device) && !a.id.equals(b.id);
        const isFork = isOne && a.payload.kind !== 'offer' && b.payload.kind !== 'offer';
        expect(contradict(state, a.id, b.id)).toBe(isFork);
        const open = () => openProof({ trade: state.trade, messages: [a.bytes, b.bytes] }, { network: 'main' });
        if (isOne) expect(open).not.toThrow();
        else expect(open).toThrow();
      }),
    );
  });

  it('that is none is refused for good', { timeout: 60_000 }, async () => {
    const { state, records } = await opened(buyer);
    const [one] = records;
    if (one === undefined) throw new Error('no message');
    const bytes = writeProof({ trade: state.trade, messages: [one.bytes, one.bytes] });
    if (bytes === undefined) throw new Error('it does not fit');
    const posted = buyer.mail.post([{ to: seller.identity.trader, kind: 'proof', bytes }]);
    await buyer.store.write([...posted.writes]);
    posted.send();
    await until(
      () => buyer.mail.stateOf(seller.identity.trader, posted.ids[0] ?? ''),
      (sent) => sent?.code === 'PROOF_INVALID',
      'refused',
    );
    expect(await seller.proofs.pairs(trade)).toHaveLength(1);
  });
});
