import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TradeDetailView } from '../../node/index.js';
import type { Services } from '../../node/services.js';
import { temporaryFolder } from '../support/processes.js';
import { handlersOf, startMember, untilKnown } from './members.js';

/** One side is gone before the other comes. Seconds are enough (bench/); a machine that runs other tests beside takes longer. */
const TURN = 90_000;
/** A turn in which nothing need happen. */
const SHORT_TURN = 20_000;
/** What a node is given over a night is given here in seconds. */
const OPTIONS = { upkeep: { mail: { patience: 2_000, round: 15_000, wait: 2_000 } } };
/** Nodes that only keep letters, beside the buyer and the seller. */
const OTHERS = 10;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let others: Services[] = [];
let present: { readonly name: string; readonly services: Services } | undefined;

async function begin(count: number): Promise<void> {
  const first = await startMember(folder.path, 'other-0', OPTIONS);
  others = [first];
  const bootstrap = first.network.addresses();
  const names = Array.from({ length: count - 1 }, (_, at) => `other-${at + 1}`);
  others.push(...(await Promise.all(names.map((name) => startMember(folder.path, name, { ...OPTIONS, bootstrap })))));
  await untilKnown(others, count);
}

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(async () => {
  await Promise.all([...others, ...(present === undefined ? [] : [present.services])].map((one) => one.stop()));
  others = [];
  present = undefined;
  await folder.remove();
}, TURN);

/** These nodes are there no more, with the letters that they have. */
async function end(gone: readonly Services[]): Promise<void> {
  others = others.filter((one) => !gone.includes(one));
  await Promise.all(gone.map((one) => one.stop()));
}

const namedIn = (services: Services): readonly string[] =>
  services.traderRecords.own('profile')?.payload.item.mailboxes ?? [];

function start(name: string): Promise<Services> {
  const bootstrap = others[0]?.network.addresses() ?? [];
  return startMember(folder.path, name, { ...OPTIONS, bootstrap });
}

async function leave(): Promise<void> {
  await present?.services.stop();
  present = undefined;
}

/** Ends the turn of whoever is there, and begins the one of this side. */
async function turnOf(name: string): Promise<Services> {
  if (present?.name === name) return present.services;
  await leave();
  const services = await start(name);
  present = { name, services };
  return services;
}

async function until<T>(read: () => Promise<T>, holds: (value: T) => boolean, what: string): Promise<T> {
  let last: unknown;
  for (const end = Date.now() + TURN; Date.now() < end;) {
    try {
      const value = await read();
      if (holds(value)) return value;
      last = value;
    } catch (error) {
      last = String(error);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`not in time: ${what}: ${JSON.stringify(last)}`);
}

function shows(services: Services, trade: string, holds: (view: TradeDetailView) => boolean, what: string) {
  return until(() => services.trades.show(trade), holds, what);
}

/** Whether all own messages lie in mailboxes or have arrived. */
const isAway = ({ messages }: TradeDetailView): boolean => messages.every(({ delivery }) => delivery !== 'queued');

async function publish(seller: Services, sku: string): Promise<string> {
  const value = { sku, title: 'Kopi Gayo', price: '85000 IDR', quantity: 5 };
  for await (const line of seller.catalog.publish([{ line: 1, value }], {})) return line.listing ?? '';
  throw new Error('nothing was published');
}

const open = (services: Services, listing: string) =>
  handlersOf(services).listingShow({ listing }, { signal: AbortSignal.timeout(TURN) });

/** @param meanwhile what happens while nobody is there, after so many turns */
async function complete(
  trade: string,
  meanwhile: (turn: number) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const steps = [
    { name: 'seller', kinds: ['accept'], sees: 'offered', becomes: 'accepted' },
    { name: 'buyer', kinds: ['paid'], sees: 'accepted', becomes: 'paid' },
    { name: 'seller', kinds: ['payment-seen', 'shipped'], sees: 'paid', becomes: 'shipped' },
    { name: 'buyer', kinds: ['approved'], sees: 'shipped', becomes: 'completed' },
    { name: 'seller', kinds: [], sees: 'completed', becomes: 'completed' },
  ] as const;
  for (const [turn, { name, kinds, sees, becomes }] of steps.entries()) {
    await leave();
    await meanwhile(turn);
    const services = await turnOf(name);
    await shows(services, trade, (view) => view.state === sees, `${name} sees ${sees}`);
    for (const kind of kinds) await services.trades.step(trade, { kind });
    await shows(services, trade, (view) => view.state === becomes && isAway(view), `${name} leaves ${becomes}`);
  }
  // A seller whose last receipt was not away when it stopped brings it out when it is there again.
  let buyer = await turnOf('buyer');
  for (let turn = 0; turn < 3 && !(await isReceipted(buyer, trade)); turn++) {
    await turnOf('seller');
    await new Promise((resolve) => setTimeout(resolve, SHORT_TURN));
    buyer = await turnOf('buyer');
  }
  const { messages } = await buyer.trades.show(trade);
  expect(messages.map(({ delivery }) => delivery)).not.toContain('stored');
}

/** Whether, within a short turn, all own messages have been signed for. */
async function isReceipted(services: Services, trade: string): Promise<boolean> {
  for (const end = Date.now() + SHORT_TURN; Date.now() < end;) {
    if ((await services.trades.show(trade)).pending === 0) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

/** A seller that sells one thing, which the others have looked at, and has named its mailboxes. */
async function seller(): Promise<{ listing: string; named: readonly string[] }> {
  const services = await turnOf('seller');
  const listing = await publish(services, 'satu');
  // Who opened a listing keeps it. Which nodes fetch it unasked, and when, is not what is tested here: all of them may be among the dead.
  await Promise.all(
    others.map((one) =>
      until(
        () => open(one, listing),
        ({ partial }) => partial !== true,
        'opened',
      ),
    ),
  );
  const named = await until(
    async () => namedIn(services),
    (all) => all.length >= 5,
    'five mailboxes',
  );
  return { listing, named };
}

async function offer(listing: string): Promise<string> {
  const buyer = await turnOf('buyer');
  const { trade } = await until(
    () => buyer.trades.offer({ listing }),
    () => true,
    'the offer',
  );
  const { messages } = await shows(buyer, trade, isAway, 'the offer is away');
  expect(messages.map(({ delivery }) => delivery)).toEqual(['stored']);
  return trade;
}

const keeping = (peers: readonly string[]): Services[] =>
  others.filter(({ network }) => peers.includes(network.peerId));

describe('a buyer and a seller who are never there together', () => {
  it('bring a trade from offer to completion through mailboxes', { timeout: 600_000 }, async () => {
    await begin(6);
    const { listing } = await seller();
    await complete(await offer(listing));
  });

  it('do so where 30 % of the nodes that keep letters die with what they have', { timeout: 600_000 }, async () => {
    await begin(OTHERS);
    const { listing, named } = await seller();
    const trade = await offer(listing);
    await complete(trade, async (turn) => {
      // The offer lies at these, and nobody is there who has it.
      if (turn === 0) await end(keeping(named).slice(0, 0.3 * OTHERS));
    });
    expect(others).toHaveLength(0.7 * OTHERS);
  });

  it(
    'do so where all that the seller has named are dead: the nodes nearest to its key keep the letters',
    { timeout: 600_000 },
    async () => {
      await begin(OTHERS);
      const { listing, named } = await seller();
      await leave();
      const gone = keeping(named);
      expect(gone.length).toBeGreaterThanOrEqual(5);
      await end(gone);
      await complete(await offer(listing));
    },
  );
});
