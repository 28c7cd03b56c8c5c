import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CID } from 'multiformats/cid';
import type { Services } from '../../../../node/services.js';
import { parseId, recordId } from '../../../../protocol/ids.js';
import { signRecord } from '../../../../protocol/record.js';
import { startMember, untilKnown } from '../../../network/members.js';
import { published, until } from '../../../network/traders.js';
import { temporaryFolder } from '../../../support/processes.js';
import { changed, deliver, rowsOf, type Attack } from './attacks.js';
import { logOf } from './market.js';

const TIMEOUT = 240_000;
const NAMES = ['seller', 'buyer', 'stranger', 'away'] as const;
type Name = (typeof NAMES)[number];

/** Fields by which a receipt would change an identity, a role, an address or a term, if anybody read them there. */
const FOREIGN = {
  kind: 'accept',
  network: 'elsewhere',
  buyer: new Uint8Array(32).fill(7),
  seller: new Uint8Array(32).fill(7),
  role: 'seller',
  answers: recordId(Uint8Array.of(0xa0)),
  heads: [recordId(Uint8Array.of(0xa0))],
  amount: { amount: 1, currency: 'IDR' },
  terms: { total: { amount: 1, currency: 'IDR' } },
  reply: { sealing: new Uint8Array(32).fill(7), mailboxes: ['12D3KooWGRcMYyFY6mJKzLqAbNU5TSLnbNHRZ2oVoRk2rpTZbfqm'] },
  mailboxes: ['12D3KooWGRcMYyFY6mJKzLqAbNU5TSLnbNHRZ2oVoRk2rpTZbfqm'],
  address: 'Jl. Mawar 3',
  item: { name: 'Somebody else' },
  stands: [],
  seq: 9,
} as const;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let nodes: Record<Name, Services>;
let trades: string[];
/** Own messages of the seller whose receipts are still to come, by their recipient. */
let waiting: { readonly to: Name; readonly id: string }[];
let ids: string[];

beforeAll(async () => {
  folder = await temporaryFolder();
  const seller = await startMember(folder.path, 'seller', {});
  const bootstrap = seller.network.addresses();
  const [buyer, stranger, away] = [
    await startMember(folder.path, 'buyer', { bootstrap }),
    await startMember(folder.path, 'stranger', { bootstrap }),
    await startMember(folder.path, 'away', { bootstrap }),
  ];
  nodes = { seller, buyer, stranger, away };
  await untilKnown(Object.values(nodes), NAMES.length);
  const listing = await published(seller, 'satu');
  trades = [];
  for (const who of [buyer, away]) {
    const { trade } = await who.trades.offer({ listing });
    await until(
      () => seller.trades.open(trade),
      (log) => log !== undefined,
      'the offer came',
    );
    trades.push(trade);
  }
  await away.stop();
  for (const trade of trades) await seller.trades.step(trade, { kind: 'accept' });
  const [, far = ''] = trades;
  const { id } = await seller.chat.send({ with: far, text: 'Masih ada.' });
  const { records } = await logOf(seller, far);
  waiting = [
    { to: 'away', id },
    { to: 'away', id: records.at(-1)?.id.toString() ?? '' },
  ];
  await until(
    async () => seller.mail.outboxSize(),
    (size) => size <= waiting.length,
    'the buyer has all',
  );
  // What waits moves by itself until it is in mailboxes.
  for (const one of waiting)
    await until(
      () => seller.mail.stateOf(away.identity.trader, one.id),
      (now) => now?.state === 'stored',
      'mailboxes have it',
    );
  ids = [id];
  for (const trade of trades) ids.push(...(await logOf(seller, trade)).records.map((record) => record.id.toString()));
}, TIMEOUT);

afterAll(async () => {
  await Promise.all(Object.values(nodes).map((one) => one.stop()));
  await folder.remove();
});

interface Forged {
  /** Who signs it, and who signs the letter in which it comes. */
  readonly signer: Name;
  readonly sender: Name;
  readonly of: number;
  readonly trade: number;
  readonly read: boolean;
  readonly fields: readonly (keyof typeof FOREIGN)[];
  /** Whether fields are put in under the signature of before. */
  readonly afterwards: boolean;
  readonly kind: 'receipt' | 'trade' | 'log' | 'chat';
}

const forged: fc.Arbitrary<Forged> = fc.record({
  signer: fc.constantFrom(...NAMES),
  sender: fc.constantFrom('buyer' as const, 'stranger' as const, 'away' as const),
  of: fc.nat(9),
  trade: fc.nat(3),
  read: fc.boolean(),
  fields: fc.subarray(Object.keys(FOREIGN) as (keyof typeof FOREIGN)[], { maxLength: 4 }),
  afterwards: fc.boolean(),
  kind: fc.constantFrom(
    'receipt' as const,
    'receipt' as const,
    'receipt' as const,
    'trade' as const,
    'log' as const,
    'chat' as const,
  ),
});

function attackOf({ signer, of, trade, read, fields, afterwards, kind }: Forged): Attack {
  const about: readonly (CID | undefined)[] = [
    undefined,
    recordId(Uint8Array.of(0xa0)),
    ...trades.map((id) => parseId(id)),
  ];
  const name = about[trade % about.length];
  const id = ids[of];
  const draft = {
    of: id === undefined ? recordId(Uint8Array.of(0x18, 24 + of)) : parseId(id),
    ...(name === undefined ? {} : { trade: name }),
    ...(read ? { read: true as const } : {}),
  };
  const more = Object.fromEntries(fields.map((field) => [field, FOREIGN[field]]));
  const { identity } = nodes[signer];
  const { bytes } = signRecord('receipt', { ...draft, ...(afterwards ? {} : more) }, identity, {
    network: identity.network,
    created: Date.now(),
    inlineDelegation: true,
  });
  return { what: kind, kind, bytes: afterwards ? changed(bytes, more) : bytes };
}

/** What the seller's node knows of others, and who it is itself. */
async function standing() {
  const { seller } = nodes;
  const others = Object.values(nodes).map(({ identity }) => identity.trader);
  const views = await Promise.all(trades.map((trade) => seller.trades.show(trade)));
  return {
    own: [seller.identity.traderText, seller.identity.peerId, seller.identity.delegation.id.toString()],
    peers: others.map((trader) => [...seller.mail.peers(trader)].sort()),
    views: views.map(({ messages, pending: _, ...view }) => ({
      ...view,
      messages: messages.map(({ delivery: _delivery, delivered: _delivered, ...message }) => message),
    })),
  };
}

async function states(): Promise<Map<string, string | undefined>> {
  const { seller } = nodes;
  const all = new Map<string, string | undefined>();
  for (const name of ['buyer', 'stranger', 'away'] as const)
    for (const id of ids) all.set(`${name}/${id}`, (await seller.mail.stateOf(nodes[name].identity.trader, id))?.state);
  return all;
}

async function give(forgeries: readonly Forged[]): Promise<void> {
  for (const sender of ['buyer', 'stranger', 'away'] as const) {
    const attacks = forgeries.filter((one) => one.sender === sender).map(attackOf);
    if (attacks.length === 0) continue;
    await deliver(attacks, { by: nodes[sender].identity, via: nodes.stranger, to: nodes.seller, now: Date.now() });
  }
}

/** Those that say something of the delivery of an own message, by the one who got it, about its trade. */
function genuine(one: Forged): string | undefined {
  const id = ids[one.of];
  // The header of a record is its signer's own, whatever else was to stand there.
  const forgedField = one.afterwards && one.fields.length > 0;
  const real = one.kind === 'receipt' && one.signer === one.sender && !forgedField;
  return real && id !== undefined ? `${one.sender}/${id}` : undefined;
}

describe('a receipt', () => {
  it(
    'changes the delivery of the message that it is for, and nothing else, whatever is in it',
    { timeout: TIMEOUT },
    async () => {
      const { seller } = nodes;
      // Who writes for the first time is met by that.
      for (const sender of ['buyer', 'stranger', 'away'] as const)
        await deliver([], { by: nodes[sender].identity, via: nodes.stranger, to: seller, now: Date.now() });
      const before = await standing();
      const rows = (await rowsOf(seller)).filter((row) => !row.startsWith('receipts/'));
      const may = new Set<string | undefined>();
      let tried = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(forged, { minLength: 20, maxLength: 40 }), async (forgeries) => {
          const were = await states();
          await give(forgeries);
          tried += forgeries.length;
          // What one of before has changed may show a moment later.
          for (const one of forgeries) may.add(genuine(one));
          const moved = [...(await states())].filter(([key, state]) => were.get(key) !== state).map(([key]) => key);
          expect(moved.filter((key) => !may.has(key))).toEqual([]);
        }),
        { numRuns: 40 },
      );
      await until(
        async () => (await rowsOf(seller)).filter((row) => !row.startsWith('receipts/')),
        (now) => JSON.stringify(now) === JSON.stringify(rows),
        'all is as it was',
      );
      expect(await standing()).toEqual(before);
      console.log(`receipts: ${tried} tried, 0 changed anything but the delivery of what they were for`);
    },
  );

  it('of its recipient does tell that a message has arrived', { timeout: TIMEOUT }, async () => {
    for (const { to, id } of waiting) {
      const { identity } = nodes[to];
      const of = parseId(id);
      const { about } = nodes.seller.mail.waiting().find((sent) => sent.id === id) ?? {};
      const draft = { of, ...(about === undefined ? {} : { trade: parseId(about) }) };
      const { bytes } = signRecord('receipt', draft, identity, {
        network: identity.network,
        created: Date.now(),
        inlineDelegation: true,
      });
      const parcel = { what: 'genuine', kind: 'receipt', bytes };
      await deliver([parcel], { by: identity, via: nodes.stranger, to: nodes.seller, now: Date.now() });
      await until(
        () => nodes.seller.mail.stateOf(identity.trader, id),
        (state) => state?.state === 'delivered' || state?.state === 'read',
        'it is delivered',
      );
    }
  });
});
