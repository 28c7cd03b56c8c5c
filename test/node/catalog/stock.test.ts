import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StockLine } from '../../../node/catalog/index.js';
import { Stock, type Levels, type Reservation } from '../../../node/catalog/stock.js';
import { cborCodec, type Table, type Write } from '../../../node/store/index.js';
import { isNiagaError } from '../../../protocol/errors.js';
import { openStore } from '../store/support.js';

const SLOTS = ['a', 'b', 'c'];
/** The first listing comes in variants: some with pieces of their own, one without. */
const VARIANTS: Readonly<Record<string, readonly string[]>> = { a: ['s', 'm', 'any'] };
/** Everything that has a number of pieces: listings, and variants as `slot/sku`. */
const PLACES = [...SLOTS, 'a/s', 'a/m'];
const TRADES = ['t1', 't2', 't3'];

const quantity = fc.integer({ min: 1, max: 6 });
const line: fc.Arbitrary<StockLine> = fc.oneof(
  fc.record({ slot: fc.constantFrom(...SLOTS), quantity }),
  fc.record({ slot: fc.constant('a'), variant: fc.constantFrom('s', 'm', 'any'), quantity }),
);
const lines = fc.array(line, { minLength: 1, maxLength: 3 });
const trade = fc.constantFrom(...TRADES);
const step = fc.oneof(
  fc.record({ what: fc.constant('reserve' as const), trade, lines }),
  fc.record({ what: fc.constant('release' as const), trade }),
  fc.record({ what: fc.constant('sold' as const), trade, lines }),
  fc.record({ what: fc.constant('must-have' as const), trade, lines }),
  fc.record({ what: fc.constant('restock' as const), place: fc.constantFrom(...PLACES), level: fc.nat(10) }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
type Lines = readonly StockLine[];

/** The plainest account of the same: what is there, and who was promised how much. */
class Model {
  readonly levels = new Map<string, number>(PLACES.map((place) => [place, place.includes('/') ? 3 : 5]));
  readonly promised = new Map<string, Lines>();

  reserved(place: string, except?: string): number {
    const all = [...this.promised].filter(([name]) => name !== except).flatMap(([, given]) => given);
    return of(place, all);
  }

  free(place: string, except?: string): number {
    return Math.max(0, (this.levels.get(place) ?? 0) - this.reserved(place, except));
  }

  /** Whether the stock should take the step. */
  apply(taken: Step): boolean {
    switch (taken.what) {
      case 'reserve': {
        const fits = PLACES.every((place) => {
          const asked = of(place, taken.lines);
          return asked === 0 || asked <= (this.levels.get(place) ?? 0) - this.reserved(place, taken.trade);
        });
        if (fits) this.promised.set(taken.trade, taken.lines);
        return fits;
      }
      case 'release':
        this.promised.delete(taken.trade);
        return true;
      case 'sold': {
        this.promised.delete(taken.trade);
        for (const place of PLACES)
          this.levels.set(place, Math.max(0, (this.levels.get(place) ?? 0) - of(place, taken.lines)));
        return true;
      }
      case 'must-have':
        return PLACES.every((place) => {
          const more = of(place, taken.lines) - of(place, this.promised.get(taken.trade) ?? []);
          return more <= 0 || more <= (this.levels.get(place) ?? 0) - this.reserved(place);
        });
      case 'restock':
        this.levels.set(taken.place, taken.level);
        return true;
    }
  }
}

function of(place: string, given: Lines): number {
  const counts = ({ slot, variant }: StockLine): boolean => place === slot || place === `${slot}/${variant}`;
  return given.reduce((sum, one) => sum + (counts(one) ? one.quantity : 0), 0);
}

/** A listing, or a variant, of a name as in {@link PLACES}. */
function named(place: string): [slot: string, variant?: string] {
  const [slot = '', variant] = place.split('/');
  return variant === undefined ? [slot] : [slot, variant];
}

function accessTo(levels: Map<string, number>, table: Table<number>): Levels {
  const nameOf = (slot: string, variant?: string) => (variant === undefined ? slot : `${slot}/${variant}`);
  return {
    get: (slot, variant) => levels.get(nameOf(slot, variant)) ?? (variant === 'any' ? null : undefined),
    set: (slot, level, variant) => {
      levels.set(nameOf(slot, variant), level);
      return table.put(nameOf(slot, variant), level);
    },
    variants: (slot) => (VARIANTS[slot] ?? []).map((sku) => ({ sku, level: levels.get(`${slot}/${sku}`) ?? null })),
  };
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
        const access = accessTo(levels, other);
        const stock = new Stock(table, access);
        await stock.load();
        const writes: Write[] = [];
        for (const taken of steps) {
          const expected = model.apply(taken);
          expect(take(stock, taken, levels, writes)).toBe(expected);
          for (const slot of SLOTS) expect(stock.available(slot)).toBe(model.free(slot));
          for (const sku of ['s', 'm'])
            expect(stock.available('a', sku)).toBe(Math.min(model.free('a'), model.free(`a/${sku}`)));
          expect(stock.available('a', 'any')).toBe(model.free('a'));
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
        const levels = new Map<string, number>(new Model().levels);
        const table = store.table<Reservation>('reservations', cborCodec<Reservation>());
        const stock = new Stock(table, accessTo(levels, other));
        for (const taken of steps) take(stock, taken, levels, []);
        const state = () => [
          PLACES.map((place) => [levels.get(place), stock.available(...named(place))]),
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
      variants: () => [],
    });
    expect([stock.available('endless'), stock.available('gone')]).toEqual([null, 0]);
    stock.reserve('t', [{ slot: 'endless', quantity: 1_000_000 }]);
    expect(() => stock.reserve('u', [{ slot: 'gone', quantity: 1 }])).toThrow(
      expect.objectContaining({ code: 'LISTING_REMOVED' }),
    );
    stock.sold('t', []);
    expect(stock.available('endless')).toBeNull();
  });

  it('of a listing without a number of its own is what its variants have together', async () => {
    const store = await openStore();
    const levels = new Map([
      ['s', 1],
      ['m', 2],
    ]);
    const stock = new Stock(store.table<Reservation>('reservations', cborCodec<Reservation>()), {
      get: (_, variant) => (variant === undefined ? null : levels.get(variant)),
      set: () => {
        throw new Error('nothing is sold');
      },
      variants: () => [...levels].map(([sku, level]) => ({ sku, level })),
    });
    expect(stock.available('kaos')).toBe(3);
    stock.reserve('t', [{ slot: 'kaos', variant: 'm', quantity: 2 }]);
    expect([stock.available('kaos'), stock.available('kaos', 's'), stock.available('kaos', 'm')]).toEqual([1, 1, 0]);
    expect(() => stock.reserve('u', [{ slot: 'kaos', variant: 'm', quantity: 1 }])).toThrow(/variant "m", 0 are left/);
    expect(() => stock.reserve('u', [{ slot: 'kaos', variant: 'xl', quantity: 1 }])).toThrow(
      expect.objectContaining({ code: 'LISTING_REMOVED' }),
    );
    expect(stock.availableOf('kaos', 10, [{ sku: 'm', level: null }])).toBe(8);
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
    else levels.set(taken.place, taken.level);
    return true;
  } catch (error) {
    if (isNiagaError(error, 'STOCK_SHORT')) return false;
    throw error;
  }
}
