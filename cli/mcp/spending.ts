import { randomUUID } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { z } from 'zod';
import { NiagaError } from '../../protocol/errors.js';
import { formatMoney, parseMoney, type Money } from '../../protocol/money.js';

const hour = 60 * 60 * 1000;
const DAY = 24 * hour;

/** Minor units by currency; of a currency that is not in it nothing may be spent. */
type Amounts = ReadonlyMap<string, number>;

interface Limits {
  readonly perTrade: Amounts;
  readonly perDay: Amounts;
}

/**
 * The limits that the options name. What one of them leaves open for a currency, the other says.
 * @throws NiagaError MONEY_INVALID, CURRENCY_UNKNOWN, USAGE for a currency that is named twice
 */
export function limitsOf(perTrade: readonly string[], perDay: readonly string[]): Limits {
  const [trade, day] = [amountsOf(perTrade, '--per-trade'), amountsOf(perDay, '--per-day')];
  return { perTrade: new Map([...day, ...trade]), perDay: new Map([...trade, ...day]) };
}

function amountsOf(texts: readonly string[], where: string): Amounts {
  const amounts = new Map<string, number>();
  for (const text of texts) {
    const { amount, currency } = parseMoney(text, { where });
    if (amounts.has(currency)) throw new NiagaError('USAGE', `${where} names ${currency} twice.`, { where });
    amounts.set(currency, amount);
  }
  return amounts;
}

/** What a step commits the owner to pay in a trade, all of it together; an offer has no trade yet. */
export interface Cost {
  readonly trade: string | undefined;
  readonly money: Money;
}

const entrySchema = z.union([
  z.object({ id: z.string(), time: z.int(), trade: z.string().optional(), amount: z.int(), currency: z.string() }),
  z.object({ id: z.string(), became: z.string().nullable() }),
]);
type Entry = z.output<typeof entrySchema>;

/** Room that was taken for a step: it became a trade, or nothing. */
export interface Reservation {
  /** @param trade null: the step was refused, nothing was spent */
  settle(trade: string | null): Promise<void>;
}

/**
 * What agents have spent, in a file of the home: it counts over all agents and over their starts. Lines are only ever
 * put at its end, which a file system does one after the other; who finds that the lines up to its own exceed the limit
 * takes its own back. So two agents at once need no lock. A line that a crash cut was never counted by whoever wrote
 * it, and nothing was spent for it.
 */
export class Spending {
  readonly #path: string;
  readonly #limits: Limits;
  readonly #now: () => number;

  constructor(path: string, limits: Limits, now: () => number = Date.now) {
    this.#path = path;
    this.#limits = limits;
    this.#now = now;
  }

  /** Whether a step would be within the limits now; takes no room. @throws NiagaError SPENDING_LIMIT */
  async check(cost: Cost): Promise<void> {
    this.#judge(cost, await this.#entries(), undefined);
  }

  /** Takes room for a step before it is made. @throws NiagaError SPENDING_LIMIT */
  async reserve({ trade, money: { amount, currency } }: Cost): Promise<Reservation> {
    const id = randomUUID();
    const settle = (became: string | null): Promise<void> => this.#append({ id, became });
    await this.#append({ id, time: this.#now(), ...(trade === undefined ? {} : { trade }), amount, currency });
    try {
      this.#judge({ trade, money: { amount, currency } }, await this.#entries(), id);
    } catch (error) {
      await settle(null);
      throw error;
    }
    return { settle };
  }

  /** @param own the cost's own line, with which counting ends; undefined: it has none yet */
  #judge({ trade, money }: Cost, entries: readonly Entry[], own: string | undefined): void {
    const { amount, currency } = money;
    const perTrade = this.#limits.perTrade.get(currency) ?? 0;
    if (amount > perTrade) throw beyond(money, 'one trade', perTrade);
    const fate = new Map(entries.flatMap((one) => ('became' in one ? [[one.id, one.became] as const] : [])));
    const since = this.#now() - DAY;
    const highest = new Map<string, number>();
    let spent = 0;
    let before = 0;
    const count = (key: string, minor: number, time: number): void => {
      const known = highest.get(key) ?? 0;
      before = spent;
      if (minor <= known) return;
      highest.set(key, minor);
      if (time > since) spent += minor - known;
    };
    for (const entry of entries) {
      if ('became' in entry || entry.currency !== currency || fate.get(entry.id) === null) continue;
      // A trade is paid once, in however many steps that is agreed on.
      count(entry.trade ?? fate.get(entry.id) ?? entry.id, entry.amount, entry.time);
      if (entry.id === own) break;
    }
    if (own === undefined) count(trade ?? '', amount, this.#now());
    const perDay = this.#limits.perDay.get(currency) ?? 0;
    if (spent > perDay) throw beyond(money, '24 hours', perDay, before);
  }

  async #entries(): Promise<Entry[]> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    }
    return text.split('\n').flatMap((line) => {
      try {
        const parsed = entrySchema.safeParse(JSON.parse(line));
        return parsed.success ? [parsed.data] : [];
      } catch {
        return [];
      }
    });
  }

  async #append(entry: Entry): Promise<void> {
    const file = await open(this.#path, 'a', 0o600);
    try {
      // A line end in front as well: what a crash cut before stays a line of its own.
      await file.appendFile(`\n${JSON.stringify(entry)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

function beyond({ amount, currency }: Money, what: string, limit: number, before = 0): NiagaError {
  const say = (minor: number): string => formatMoney({ amount: minor, currency });
  const spent = before > 0 ? `, and ${say(before)} are spent already` : '';
  return new NiagaError(
    'SPENDING_LIMIT',
    `${say(amount)} is more than may be spent: ${say(limit)} in ${what}${spent}. Nothing was done.`,
    {
      where: what,
      next: 'Only the owner can allow more, when the agent is started: niaga mcp --per-trade … --per-day …',
      details: { limit: { amount: String(limit), currency }, spent: { amount: String(before), currency } },
    },
  );
}
