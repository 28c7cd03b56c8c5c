import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TradeDetailView } from '../../node/index.js';
import type { Services } from '../../node/services.js';
import { temporaryFolder } from '../support/processes.js';
import { startMember, untilKnown } from './members.js';

/** Nodes that only keep letters, beside the buyer and the seller. */
const OTHERS = 6;
/** One side is gone before the other comes. Seconds are enough (bench/); a machine that runs other tests beside takes longer. */
const TURN = 90_000;
/** What a node is given over a night is given here in seconds. */
const OPTIONS = { upkeep: { mail: { patience: 2_000, round: 15_000, wait: 2_000 } } };

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let others: Services[];
let present: { readonly name: string; readonly services: Services } | undefined;

beforeAll(async () => {
  folder = await temporaryFolder();
  const first = await startMember(folder.path, 'other-0', OPTIONS);
  const bootstrap = first.network.addresses();
  const names = Array.from({ length: OTHERS - 1 }, (_, at) => `other-${at + 1}`);
  others = [
    first,
    ...(await Promise.all(names.map((name) => startMember(folder.path, name, { ...OPTIONS, bootstrap })))),
  ];
  await untilKnown(others, OTHERS);
}, 60_000);

afterAll(async () => {
  await Promise.all([...others, ...(present === undefined ? [] : [present.services])].map((one) => one.stop()));
  await folder.remove();
});

function start(name: string): Promise<Services> {
  const bootstrap = others[0]?.network.addresses() ?? [];
  return startMember(folder.path, name, { ...OPTIONS, bootstrap });
}

/** Ends the turn of whoever is there, and begins the one of this side. */
async function turnOf(name: string): Promise<Services> {
  if (present?.name === name) return present.services;
  await present?.services.stop();
  present = undefined;
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

async function complete(trade: string): Promise<void> {
  const steps = [
    { name: 'seller', kinds: ['accept'], sees: 'offered', becomes: 'accepted' },
    { name: 'buyer', kinds: ['paid'], sees: 'accepted', becomes: 'paid' },
    { name: 'seller', kinds: ['payment-seen', 'shipped'], sees: 'paid', becomes: 'shipped' },
    { name: 'buyer', kinds: ['approved'], sees: 'shipped', becomes: 'completed' },
    { name: 'seller', kinds: [], sees: 'completed', becomes: 'completed' },
  ] as const;
  for (const { name, kinds, sees, becomes } of steps) {
    const services = await turnOf(name);
    await shows(services, trade, (view) => view.state === sees, `${name} sees ${sees}`);
    for (const kind of kinds) await services.trades.step(trade, { kind });
    await shows(services, trade, (view) => view.state === becomes && isAway(view), `${name} leaves ${becomes}`);
  }
  const buyer = await turnOf('buyer');
  const { messages } = await shows(buyer, trade, (view) => view.pending === 0, 'the last receipt');
  expect(messages.map(({ delivery }) => delivery)).not.toContain('stored');
}

describe('a buyer and a seller who are never there together', () => {
  it('bring a trade from offer to completion through mailboxes', { timeout: 600_000 }, async () => {
    const seller = await turnOf('seller');
    const listing = await publish(seller, 'satu');
    await until(
      async () => seller.traderRecords.own('profile')?.payload.item.mailboxes,
      (named) => (named?.length ?? 0) >= 5,
      'five mailboxes',
    );
    const buyer = await turnOf('buyer');
    const { trade } = await buyer.trades.offer({ listing });
    const { messages } = await shows(buyer, trade, isAway, 'the offer is away');
    expect(messages.map(({ delivery }) => delivery)).toEqual(['stored']);
    await complete(trade);
  });
});
