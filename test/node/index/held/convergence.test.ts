import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Holder } from '../../../../node/index/holder.js';
import type { Card, Delta, Tombstone } from '../../../../protocol/catalog/card.js';
import { cardKeys } from '../../../../protocol/catalog/make-card.js';
import type { SignedRecord } from '../../../../protocol/record.js';
import { sellerKey } from '../../../../protocol/search/posting-keys.js';
import { EMPTY_QUERY } from '../../../../protocol/search/query.js';
import { traderToText } from '../../../../protocol/ids.js';
import { batchOf, createHolder, createSeller, DAY, listingOf, STRANGER_PEER, type Seller } from '../support.js';

type Change = SignedRecord<Card | Delta | Tombstone>;

const SKUS = ['a', 'b'];
/** What a seller's one writer may have done in a slot, a step a seq. */
const history = fc.array(fc.constantFrom('card', 'delta', 'end'), { minLength: 1, maxLength: 5 });

/** The records of a slot, in the order in which they were signed. */
function sign(seller: Seller, sku: string, steps: readonly string[]): Change[] {
  const records: Change[] = [];
  let card: SignedRecord<Card> | undefined;
  steps.forEach((step, at) => {
    const seq = at + 1;
    if (step === 'end') {
      records.push(seller.end(sku, seq));
      card = undefined;
    } else if (step === 'card' || card === undefined) {
      card = seller.card(sku, `payung nomor ${seq}`, seq);
      records.push(card);
    } else records.push(seller.delta(card, seq, 1_000 * seq));
  });
  return records;
}

const isCard = (record: Change | undefined): record is SignedRecord<Card> => record?.payload.kind === 'card';
const isDelta = (record: Change | undefined): record is SignedRecord<Delta> => record?.payload.kind === 'delta';

/** What must be shown of a slot: its newest card with its newest delta, unless it has ended. */
function expected(records: readonly Change[]) {
  const newest = records.at(-1);
  const card = records.findLast(isCard);
  if (newest?.payload.kind === 'tombstone' || card === undefined) return undefined;
  return { seq: newest?.payload.seq, card: card.bytes, delta: isDelta(newest) ? newest.bytes : undefined };
}

async function bring(holder: Holder, seller: Seller, record: Change, own: boolean): Promise<void> {
  const keys = isCard(record) ? cardKeys(record.payload) : [];
  await holder.put(batchOf([[record.bytes, keys]], [seller.delegation]), own ? seller.peer : STRANGER_PEER);
}

function shown(holder: Holder, seller: Seller) {
  const key = sellerKey(traderToText(seller.trader));
  const { hits, cards, deltas } = holder.ask({ query: EMPTY_QUERY, keys: [key], filters: {}, limit: 10, cards: 10 });
  return hits.map(([id, seq], at) => ({
    id: id.toString(),
    seq,
    card: cards[at],
    deltas: deltas.length,
  }));
}

describe('index nodes that hear of the same changes', () => {
  it('show the same in the end, in whatever order they come, how often, and whatever restarts there are between', async () => {
    const nodes = [await createHolder(), await createHolder()];
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(history, history),
        fc.infiniteStream(fc.nat()),
        fc.integer({ min: 0, max: 12 }),
        async (histories, random, restartAt) => {
          const draw = (): number => Number(random.next().value);
          const seller = createSeller(nodes[0]?.clock.now ?? 0);
          const slots = SKUS.map((sku, at) => sign(seller, sku, histories[at] ?? []));
          const all = slots.flat();
          for (const node of nodes) {
            const shuffled = all
              .map((record) => ({ record, place: draw() }))
              .sort((a, b) => a.place - b.place)
              .map(({ record }) => record);
            // A change that came before its card was refused: whoever brings it learns that and brings both again.
            for (const [at, record] of [...shuffled, ...all].entries()) {
              if (at === restartAt) Object.assign(node, await node.reopen());
              await bring(node.holder, seller, record, draw() % 2 === 0);
            }
          }
          const wanted = slots
            .flatMap((records) => {
              const slot = expected(records);
              const first = records.find(isCard);
              return slot === undefined || first === undefined ? [] : [{ id: listingOf(first), ...slot }];
            })
            .sort((a, b) => (a.id < b.id ? -1 : 1));
          const deltas = wanted.filter(({ delta }) => delta !== undefined).length;
          for (const node of nodes) {
            const now = shown(node.holder, seller);
            expect(now).toEqual(wanted.map(({ id, seq, card }) => ({ id, seq, card, deltas })));
            Object.assign(node, await node.reopen());
            expect(shown(node.holder, seller)).toEqual(now);
          }
        },
      ),
      { numRuns: 20 },
    );
    for (const node of nodes) await node[Symbol.asyncDispose]();
  }, 120_000);
});

describe('an index node, whatever comes and however time goes', () => {
  it('never shows what has ended or expired, nor an older version than it has held; and the disk knows what memory knows', async () => {
    await using node = await createHolder();
    const step = fc.oneof(
      fc.record({
        do: fc.constant('card' as const),
        sku: fc.constantFrom(...SKUS),
        seq: fc.integer({ min: 1, max: 4 }),
        days: fc.integer({ min: 1, max: 40 }),
      }),
      fc.record({
        do: fc.constant('end' as const),
        sku: fc.constantFrom(...SKUS),
        seq: fc.integer({ min: 1, max: 4 }),
      }),
      fc.record({ do: fc.constant('wait' as const), days: fc.integer({ min: 1, max: 20 }) }),
      fc.record({ do: fc.constant('expire' as const) }),
      fc.record({ do: fc.constant('restart' as const) }),
      fc.record({ do: fc.constant('lease' as const), days: fc.integer({ min: 1, max: 30 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        const begun = node.clock.now;
        const seller = createSeller(begun, begun + 400 * DAY);
        const cards = new Map<string, SignedRecord<Card>>();
        const ended = new Map<string, number>();
        const taken = new Map<string, number>();
        const leases: { until: number; ids: Set<string> }[] = [];
        for (const one of steps) {
          if (one.do === 'wait') node.clock.now += one.days * DAY;
          else if (one.do === 'expire') await node.holder.expire();
          else if (one.do === 'restart') Object.assign(node, await node.reopen());
          else if (one.do === 'end') {
            const end = batchOf([[seller.end(one.sku, one.seq).bytes, []]], [seller.delegation]);
            const [result] = (await node.holder.put(end, STRANGER_PEER)).results;
            if (result !== 'RECORD_TIME') ended.set(one.sku, Math.max(ended.get(one.sku) ?? 0, one.seq));
          } else if (one.do === 'card') {
            const name = `${one.sku}/${one.seq}`;
            const card =
              cards.get(name) ??
              seller.card(one.sku, `payung ${one.seq}`, one.seq, { validUntil: begun + one.days * DAY });
            cards.set(name, card);
            const put = batchOf([[card.bytes, cardKeys(card.payload)]], [seller.delegation]);
            const [result] = (await node.holder.put(put, seller.peer)).results;
            if (result === 'ok') taken.set(one.sku, Math.max(taken.get(one.sku) ?? 0, one.seq));
          } else {
            const newest = SKUS.flatMap((sku) => cards.get(`${sku}/${taken.get(sku) ?? 0}`) ?? []);
            if (newest.length === 0 || node.clock.now > begun + 380 * DAY) continue;
            const lease = seller.lease(newest, 1 + leases.length, {
              created: node.clock.now,
              validUntil: node.clock.now + one.days * DAY,
            });
            await node.holder.refresh(lease.request(), seller.peer);
            leases.push({
              until: node.clock.now + one.days * DAY,
              ids: new Set(newest.map(({ id }) => id.toString())),
            });
          }
          const now = shown(node.holder, seller);
          for (const { seq, card } of now) {
            const [name, record] =
              [...cards].find(([, { bytes }]) => Buffer.compare(bytes, card ?? new Uint8Array()) === 0) ?? [];
            const sku = name?.slice(0, 1) ?? '';
            expect(seq).toBeGreaterThanOrEqual(ended.get(sku) ?? 0);
            expect(seq).toBe(taken.get(sku));
            const extended = leases.filter(({ ids }) => ids.has(record?.id.toString() ?? '')).map(({ until }) => until);
            const until = Math.min(record?.payload.validUntil ?? 0, begun + 31 * DAY);
            expect(Math.max(until, ...extended)).toBeGreaterThan(node.clock.now);
          }
          Object.assign(node, await node.reopen());
          expect(shown(node.holder, seller)).toEqual(now);
        }
      }),
      { numRuns: 15 },
    );
  }, 120_000);
});
