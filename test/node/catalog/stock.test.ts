import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Stock, type Reservation } from '../../../node/catalog/stock.js';
import { cborCodec, type Write } from '../../../node/store/index.js';
import { isNiagaError } from '../../../protocol/errors.js';
import { openStore } from '../store/support.js';

const SLOTS = ['a', 'b', 'c'];
const TRADES = ['t1', 't2', 't3'];

const lines = fc.array(fc.record({ slot: fc.constantFrom(...SLOTS), quantity: fc.integer({ min: 1, max: 6 }) }), {
  minLength: 1,
  maxLength: 3,
});
const trade = fc.constantFrom(...TRADES);
const step = fc.oneof(
  fc.record({ what: fc.constant('reserve' as const), trade, lines }),
  fc.record({ what: fc.constant('release' as const), trade }),
  fc.record({ what: fc.constant('sold' as const), trade, lines }),
  fc.record({ what: fc.constant('must-have' as const), trade, lines }),
  fc.record({ what: fc.constant('restock' as const), slot: fc.constantFrom(...SLOTS), level: fc.nat(10) }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
type Lines = readonly { slot: string; quantity: number }[];

/** The plainest account of the same: what is there, and who was promised how much. */
class Model {
  readonly levels = new Map<string, number>(SLOTS.map((slot) => [slot, 5]));
  readonly promised = new Map<string, Lines>();

  reserved(slot: string, except?: string): number {
    const all = [...this.promised].filter(([name]) => name !== except).flatMap(([, given]) => given);
    return of(slot, all);
  }

  /** Whether the stock should take the step. */
  apply(taken: Step): boolean {
    switch (taken.what) {
      case 'reserve': {
        const fits = SLOTS.every((slot) => {
          const asked = of(slot, taken.lines);
          return asked === 0 || asked <= (this.levels.get(slot) ?? 0) - this.reserved(slot, taken.trade);
        });
        if (fits) this.promised.set(taken.trade, taken.lines);
        return fits;
      }
      case 'release':
        this.promised.delete(taken.trade);
        return true;
      case 'sold': {
        this.promised.delete(taken.trade);
        for (const slot of SLOTS)
          this.levels.set(slot, Math.max(0, (this.levels.get(slot) ?? 0) - of(slot, taken.lines)));
        return true;
      }
      case 'must-have':
        return SLOTS.every((slot) => {
          const more = of(slot, taken.lines) - of(slot, this.promised.get(taken.trade) ?? []);
          return more <= 0 || more <= (this.levels.get(slot) ?? 0) - this.reserved(slot);
        });
      case 'restock':
        this.levels.set(taken.slot, taken.level);
        return true;
    }
  }
}

function of(slot: string, given: Lines): number {
  return given.reduce((sum, line) => sum + (line.slot === slot ? line.quantity : 0), 0);
}

describe('stock', () => {
  it('equals a plain account after any steps, is never negative, and is the same when read again', async () => {
    const store = await openStore();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const table = store.table<Reservation>(`reservations-${run++}`, cborCodec<Reservation>());
        const model = new Model();
        const levels = new Map<string, number>(model.levels);
        const other = store.table<number>('levels', cborCodec<number>());
        const access = {
          get: (slot: string) => levels.get(slot),
          set: (slot: string, level: number) => {
            levels.set(slot, level);
            return other.put(slot, level);
          },
        };
        const stock = new Stock(table, access);
        await stock.load();
        const writes: Write[] = [];
        for (const taken of steps) {
          const expected = model.apply(taken);
          expect(take(stock, taken, levels, writes)).toBe(expected);
          for (const slot of SLOTS) {
            const free = Math.max(0, (model.levels.get(slot) ?? 0) - model.reserved(slot));
            expect(stock.available(slot)).toBe(free);
            expect(stock.available(slot)).toBeGreaterThanOrEqual(0);
          }
        }
        await store.write(writes, { sync: false });
        const before = SLOTS.map((slot) => stock.available(slot));
        const again = new Stock(table, access);
        for (const one of [stock, again, again]) {
          await one.load();
          expect(SLOTS.map((slot) => one.available(slot))).toEqual(before);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('is as before where a change was not written, or one of its steps was refused; what others took meanwhile stays theirs', async () => {
    const store = await openStore();
    const other = store.table<number>('levels', cborCodec<number>());
    fc.assert(
      fc.property(fc.array(step, { maxLength: 10 }), fc.array(step, { maxLength: 6 }), (steps, change) => {
        const levels = new Map<string, number>(SLOTS.map((slot) => [slot, 5]));
        const stock = new Stock(store.table<Reservation>('reservations', cborCodec<Reservation>()), {
          get: (slot) => levels.get(slot),
          set: (slot, level) => {
            levels.set(slot, level);
            return other.put(slot, level);
          },
        });
        for (const taken of steps) take(stock, taken, levels, []);
        const state = () => [
          SLOTS.map((slot) => [levels.get(slot), stock.available(slot)]),
          TRADES.map((t) => stock.slotsOf(t)),
        ];
        const before = state();
        const made = change.filter(({ what }) => what !== 'restock');
        const undo = (): void => {
          const all: Write[] = [];
          stock.change(() => (made.forEach((taken) => take(stock, taken, levels, all)), all)).undo();
        };
        undo();
        expect(state()).toEqual(before);
        const refused = () => stock.change(() => (made.forEach((taken) => take(stock, taken, levels, [])), fail()));
        expect(refused).toThrow('no');
        expect(state()).toEqual(before);
        const { undo: late } = stock.change(() => [
          ...stock.release('t1'),
          ...stock.sold('t2', [{ slot: 'a', quantity: 2 }]),
        ]);
        const isTaken = take(stock, { what: 'reserve', trade: 'new', lines: [{ slot: 'b', quantity: 1 }] }, levels, []);
        late();
        expect([levels.get('a'), TRADES.map((t) => stock.slotsOf(t))]).toEqual([before[0]?.[0]?.[0], before[1]]);
        expect(stock.slotsOf('new')).toEqual(isTaken ? ['b'] : []);
      }),
      { numRuns: 200 },
    );
  });

  it('has no end where the seller named none, and nothing of what is not offered', async () => {
    const store = await openStore();
    const table = store.table<Reservation>('reservations', cborCodec<Reservation>());
    const stock = new Stock(table, {
      get: (slot) => (slot === 'endless' ? null : undefined),
      set: () => {
        throw new Error('there is nothing to count');
      },
    });
    expect([stock.available('endless'), stock.available('gone')]).toEqual([null, 0]);
    stock.reserve('t', [{ slot: 'endless', quantity: 1_000_000 }]);
    expect(() => stock.reserve('u', [{ slot: 'gone', quantity: 1 }])).toThrow(
      expect.objectContaining({ code: 'LISTING_REMOVED' }),
    );
    stock.sold('t', []);
    expect(stock.available('endless')).toBeNull();
  });
});

function fail(): Write[] {
  throw new Error('no');
}

/** Whether the stock took the step. */
function take(stock: Stock, taken: Step, levels: Map<string, number>, writes: Write[]): boolean {
  try {
    if (taken.what === 'reserve') writes.push(...stock.reserve(taken.trade, taken.lines));
    else if (taken.what === 'release') writes.push(...stock.release(taken.trade));
    else if (taken.what === 'must-have') stock.mustHave(taken.trade, taken.lines);
    else if (taken.what === 'sold') writes.push(...stock.sold(taken.trade, taken.lines));
    else levels.set(taken.slot, taken.level);
    return true;
  } catch (error) {
    if (isNiagaError(error, 'STOCK_SHORT')) return false;
    throw error;
  }
}
