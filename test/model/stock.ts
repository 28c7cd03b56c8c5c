import { Stock, type Reservation } from '../../node/catalog/stock.js';
import { cborCodec, type Store, type Table, type Write } from '../../node/store/index.js';
import { stockWrites } from '../../node/trades/shelf.js';
import { isNiagaError } from '../../protocol/errors.js';
import {
  apply,
  type Role,
  type Side,
  type Terms,
  type TradeMessage,
  type TradeState,
} from '../../protocol/trade/index.js';
import { walkedTerms, waysOf, type Step } from '../../protocol/trade/variants.js';
import { messageOf } from './history.js';
import { randomFrom } from './random.js';

/**
 * Several trades of one item, whose pieces are fewer than is asked for: the real machine, and the real stock of the one seller, which
 * crashes and starts again. Each buyer and the seller hear of each other late, in any order, and more than once. The item comes in two
 * variants; each has fewer pieces than are asked for of it, and all together are fewer still.
 */

/** The variants that the trades are of: two of them want the same. */
const WANTED = ['s', 'm', 's'] as const;
const TRADES = WANTED.length;
/** Each trade is of two: one of each variant can be served whole. */
const PIECES = { all: 4, s: 3, m: 2 } as const;
type Shelf = keyof typeof PIECES;
const SHELVES = Object.keys(PIECES) as Shelf[];
const SLOT = 'listing/x';
const EVENTS = 90;
/** Ends and quarrels are drawn less often than what carries a trade on. */
const SELDOM: ReadonlySet<string> = new Set(['decline', 'withdraw', 'dispute', 'remedy', 'statement', 'rating']);

interface Trade {
  readonly name: string;
  readonly variant: (typeof WANTED)[number];
  readonly messages: TradeMessage[];
  readonly known: Record<Side, TradeState | undefined>;
}

interface StockOptions {
  readonly seed: number;
  readonly store: Store;
}

/** What does not hold, and when. */
export async function playStock({ seed, store }: StockOptions): Promise<string | undefined> {
  const shop = new Shop(seed, store);
  const problem = await shop.play();
  await shop.close();
  return problem === undefined ? undefined : `seed ${seed}: ${problem} (${shop.story.join('; ')})`;
}

class Shop {
  readonly story: string[] = [];
  readonly #random: () => number;
  readonly #store: Store;
  readonly #table: Table<Reservation>;
  readonly #levels: Table<number>;
  readonly #stock: Stock;
  readonly #trades: readonly Trade[];
  #level: Record<Shelf, number> = { ...PIECES };

  constructor(seed: number, store: Store) {
    this.#random = randomFrom(seed);
    this.#store = store;
    this.#table = store.table('reservations', cborCodec<Reservation>());
    this.#levels = store.table('levels', cborCodec<number>());
    this.#stock = new Stock(this.#table, {
      get: (_, variant) => this.#level[shelfOf(variant)],
      set: (_, level, variant) => {
        const shelf = shelfOf(variant);
        this.#level[shelf] = level;
        return this.#levels.put(shelf, level);
      },
      variants: () => (['s', 'm'] as const).map((sku) => ({ sku, level: this.#level[sku] })),
    });
    this.#trades = WANTED.map((variant, place) => ({
      name: `t${place}`,
      variant,
      messages: [],
      known: { buyer: undefined, seller: undefined },
    }));
  }

  async play(): Promise<string | undefined> {
    for (let event = 0; event < EVENTS; event++) {
      const trade = this.#trades[Math.floor(this.#random() * TRADES)];
      if (trade === undefined) continue;
      const chance = this.#random();
      if (chance < 0.3) await this.#act(trade, 'seller');
      else if (chance < 0.55) await this.#act(trade, 'buyer');
      else if (chance < 0.95) await this.#deliver(trade);
      else await this.#restart();
      const wrong = this.#wrong();
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  }

  /** Memory is gone; what the disk says is there. */
  async #restart(): Promise<void> {
    await this.#stock.load();
    for (const shelf of SHELVES) this.#level[shelf] = (await this.#levels.get(shelf)) ?? PIECES[shelf];
  }

  async close(): Promise<void> {
    await this.#write([
      ...this.#trades.map(({ name }) => this.#table.del(name)),
      ...SHELVES.map((shelf) => this.#levels.del(shelf)),
    ]);
  }

  /** Counted by hand, from what the trades say: what left the house, what is on the shelf, and what is set aside for whom. */
  #wrong(): string | undefined {
    return SHELVES.map((shelf) => this.#wrongOn(shelf)).find((problem) => problem !== undefined);
  }

  #wrongOn(shelf: Shelf): string | undefined {
    const trades = this.#trades.filter(({ variant }) => shelf === 'all' || shelf === variant);
    const [pieces, level] = [PIECES[shelf], this.#level[shelf]];
    const sold = trades.reduce((so, { known: { seller } }) => so + (seller?.delivery.goods?.shipped[0] ?? 0), 0);
    if (sold > pieces) return `${sold} of ${pieces} were sold (${shelf})`;
    if (level !== pieces - sold) return `${level} are on the shelf, where ${pieces - sold} are left (${shelf})`;
    const promised = trades.reduce((so, { known: { seller } }) => so + promisedIn(seller), 0);
    // What is set aside is what cannot be promised any more, for this reason or, of a variant, for want of pieces in all.
    const aside = level - (this.#stock.availableOf(SLOT, shelf === 'all' ? level : null, this.#bounded(shelf)) ?? 0);
    // Contracts that stood again without stock are promises that nothing is set aside for; never is more set aside than there is.
    return aside < 0 || aside > Math.min(promised, level)
      ? `${aside} are set aside of ${level}, where ${promised} are promised (${shelf})`
      : undefined;
  }

  #bounded(shelf: Shelf): { sku: string; level: number }[] {
    return shelf === 'all' ? [] : [{ sku: shelf, level: this.#level[shelf] }];
  }

  async #act(trade: Trade, role: Side): Promise<void> {
    const state = trade.known[role];
    const picked = state === undefined ? this.#opening(trade, role) : this.#pick(waysOf(state, role));
    if (picked === undefined) return;
    const step = ofVariant(picked, trade.variant);
    await this.#take(trade, role, messageOf(step, state), step.role);
  }

  #opening(trade: Trade, role: Side): Step | undefined {
    if (trade.messages.length > 0) return undefined;
    const stock = role === 'seller' && this.#random() < 0.4 ? 'subject-to-stock' : 'reserved';
    return { role, kind: 'offer', way: '', fields: { terms: { ...walkedTerms(role, stock), note: trade.name } } };
  }

  #pick(ways: readonly Step[]): Step | undefined {
    // Pieces are free again by a timeout, and wanted again by what was late.
    const timeouts = ways.filter(({ kind }) => kind === 'timeout');
    if (timeouts.length > 0 && this.#random() < 0.3) return timeouts[Math.floor(this.#random() * timeouts.length)];
    const usual = ways.filter(({ kind }) => !SELDOM.has(kind));
    const from = usual.length > 0 && this.#random() < 0.9 ? usual : ways;
    return from[Math.floor(this.#random() * from.length)];
  }

  async #deliver(trade: Trade): Promise<void> {
    const to: Side = this.#random() < 0.6 ? 'seller' : 'buyer';
    const message = trade.messages[Math.floor(this.#random() * trade.messages.length)];
    if (message !== undefined) await this.#take(trade, to, message, undefined);
  }

  /** What the ledger does with a message: the machine, then the stock, and both or neither are kept. */
  async #take(trade: Trade, side: Side, message: TradeMessage, by: Role | undefined): Promise<void> {
    const outcome = apply(trade.known[side], message);
    if (!outcome.ok) return;
    const own = by === side;
    if (side === 'seller') {
      try {
        await this.#write(
          stockWrites(outcome.effects, {
            trade: trade.name,
            own,
            shelf: this.#stock,
            logger: { warn: () => undefined },
          }),
        );
      } catch (error) {
        if (own && isNiagaError(error, 'STOCK_SHORT')) return;
        throw error;
      }
    }
    if (own) trade.messages.push(message);
    if (own) this.story.push(`${trade.name} ${side} ${message.payload.kind}`);
    trade.known[side] = outcome.state;
  }

  async #write(writes: readonly Write[]): Promise<void> {
    if (writes.length > 0) await this.#store.write([...writes], { sync: false });
  }
}

function shelfOf(variant: string | undefined): Shelf {
  return variant === 's' || variant === 'm' ? variant : 'all';
}

/** The same step, its lines of one variant. */
function ofVariant(step: Step, variant: string): Step {
  const terms = step.fields['terms'] as Terms | undefined;
  if (terms === undefined) return step;
  const lines = terms.lines.map((line) => ({ ...line, variant }));
  return { ...step, fields: { ...step.fields, terms: { ...terms, lines } } };
}

/** Pieces that a seller's promise or contract is of, and that have not left the house. */
function promisedIn(state: TradeState | undefined): number {
  if (state === undefined) return 0;
  const { goods } = state.delivery;
  if (goods === undefined)
    return state.contract.status === 'open' ? (state.contract.last.terms.lines[0]?.quantity ?? 0) : 0;
  return state.contract.status === 'agreed' ? Math.max(0, (goods.required[0] ?? 0) - (goods.shipped[0] ?? 0)) : 0;
}
