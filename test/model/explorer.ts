import { ROLES, RULES, type MessageKind, type Role, type Rules, type TradeState } from '../../protocol/trade/index.js';
import { nameOfStep, walkedTerms, waysOf, type Step } from '../../protocol/trade/variants.js';
import { arbitersCut, commonTo, meaningOf, nameOf } from './canonical.js';
import {
  cutsFor,
  cutsWithin,
  knownTo,
  messageOf,
  opened,
  remembered,
  viewOf,
  withSaid,
  withStep,
  type Cut,
  type History,
} from './history.js';

/** What may be said, and how often: all else is left to the schedules. */
export interface Alphabet {
  /** How often each kind may be said in a trade by each role; a kind that is not there is not said. */
  readonly most: Partial<Record<MessageKind, number>>;
  /** Kinds that are counted for both sides together. */
  readonly together?: readonly MessageKind[];
  /** Who may open a trade. */
  readonly openings?: readonly ('buyer' | 'seller' | 'subject-to-stock')[];
  /** Ways that are not taken, as {@link nameOfStep} has them without the role. */
  readonly without?: readonly string[];
}

interface Found {
  readonly problem: string;
  /** What was said, by whom, each having seen what. */
  readonly story: string;
}

export interface Exploration {
  /** Histories that differ in how they can go on. */
  readonly states: number;
  /** Messages that were said on the way. */
  readonly messages: number;
  readonly found: readonly Found[];
  /** Nothing was left to explore. */
  readonly complete: boolean;
  /** What the states of whoever has heard everything mean. */
  readonly meanings: ReadonlySet<string>;
}

interface Watcher {
  /** A state that a node can be in, and a message on top of it. */
  readonly onStep?: (before: History, after: History, step: Step) => string | undefined;
  readonly onState?: (history: History) => string | undefined;
}

export interface ExploreOptions extends Watcher {
  readonly rules?: Rules;
  readonly alphabet: Alphabet;
  /** Give up after so many states; default: none. */
  readonly most?: number;
  /** Stop with the first problem. */
  readonly first?: boolean;
  /** Of the ways that lead to a state that was met before, every so many is walked in full. Default: 8. */
  readonly recheck?: number;
  /** Leaves out what only lets everybody know less: {@link PAST_DOES_NOT_MATTER}. Default: true. */
  readonly reduced?: boolean;
}

/** Explores every history of an alphabet, whatever the network does: no bound on its length or on how late anybody hears of anything. */
export function explore({
  alphabet,
  rules = RULES,
  most = Infinity,
  first = false,
  recheck = 8,
  reduced = true,
  onStep,
  onState,
}: ExploreOptions): Exploration {
  const met = new Map<string, string>();
  const found: Found[] = [];
  const stack: History[] = [];
  let messages = 0;
  const explored = (complete: boolean): Exploration => ({
    states: met.size,
    messages,
    found,
    complete,
    meanings: new Set(met.values()),
  });
  const view = remembered(viewOf);
  const meaningAt = remembered((history, cut) => meaningOf(view(history, cut)));
  const ways = remembered((history, cut) => new Ways(view(history, cut), rules));
  const named = (history: History) => nameOf(history, budgetOf(history, alphabet), meaningAt);
  const report = (problem: string | undefined, history: History): void => {
    if (problem !== undefined) found.push({ problem, story: storyOf(history) });
  };
  const meet = (history: History, name = named(history)): void => {
    const meaning = meaningOf(history.state);
    const known = met.get(name);
    if (known !== undefined) {
      if (known !== meaning) report('the same messages make two states, by the order they came in', history);
      return;
    }
    met.set(name, meaning);
    report(onState?.(history), history);
    stack.push(history);
  };
  for (const opening of alphabet.openings ?? (['buyer', 'seller', 'subject-to-stock'] as const)) {
    const role = opening === 'buyer' ? 'buyer' : 'seller';
    const terms = walkedTerms(role, opening === 'subject-to-stock' ? opening : 'reserved');
    const history = opened({ role, kind: 'offer', way: '', fields: { terms } }, rules);
    if (history !== undefined) meet(history);
  }
  for (let history = stack.pop(); history !== undefined; history = stack.pop()) {
    if (met.size > most || (first && found.length > 0)) return explored(false);
    const common = commonTo(history);
    for (const role of ROLES) {
      const own = knownTo(history, role);
      for (const cut of cutsFor(history, role, leastFor(history, role, common))) {
        for (const step of within(ways(history, cut).of(role), role, history, alphabet)) {
          if (reduced && PAST_DOES_NOT_MATTER.has(step.kind) && isSaidEarlier(step, role, cut, own, history, ways))
            continue;
          messages++;
          const name = named(withSaid(history, step, cut));
          if (met.has(name) && messages % recheck !== 0) continue;
          const message = messageOf(step, view(history, cut));
          if (history.state.log.byKey.has(message.id.toString())) continue;
          const next = withStep(history, step, cut, message, rules);
          if (typeof next === 'string') {
            report(`an honest ${nameOfStep(step)} is refused: ${next}`, history);
            continue;
          }
          report(onStep?.(history, next, step), next);
          meet(next, name);
        }
      }
    }
  }
  return explored(true);
}

function leastFor(history: History, role: Role, common: Cut): Cut {
  if (role !== 'arbiter') return common;
  return arbitersCut(history) ?? common;
}

/**
 * Kinds of which nothing ever asks what their author had seen, but of money seen which claims: what they say counts, and who has seen
 * them. Said with less behind them they leave everybody free to know all that they could know otherwise, and more; so each is said
 * only on top of the least that lets it be said, and no state of a node is missed.
 */
const PAST_DOES_NOT_MATTER: ReadonlySet<MessageKind> = new Set<MessageKind>([
  'consent',
  'paid',
  'payment-seen',
  'dispute-withdrawn',
]);

function isSaidEarlier(
  step: Step,
  role: Role,
  cut: Cut,
  own: Cut,
  history: History,
  ways: (history: History, cut: Cut) => Ways,
): boolean {
  return cutsWithin(history, role, own, cut).some(
    (earlier) =>
      earlier.some((count, at) => count < (cut[at] ?? 0)) &&
      (step.kind !== 'payment-seen' || claimsIn(history, earlier) === claimsIn(history, cut)) &&
      ways(history, earlier)
        .of(role)
        .some(({ kind, way }) => kind === step.kind && way === step.way),
  );
}

/** How many payments are claimed in a part of a history. */
function claimsIn({ chains }: History, cut: Cut): number {
  return chains.flatMap((chain, place) => chain.slice(0, cut[place])).filter(({ step }) => step.kind === 'paid').length;
}

/** What each role may say in a state. */
class Ways {
  readonly #known = new Map<Role, readonly Step[]>();

  constructor(
    readonly view: TradeState,
    readonly rules: Rules,
  ) {}

  of(role: Role): readonly Step[] {
    const known = this.#known.get(role) ?? waysOf(this.view, role, this.rules);
    this.#known.set(role, known);
    return known;
  }
}

/** Of some steps those that an alphabet has, and that were not said often enough. */
function within(
  ways: readonly Step[],
  role: Role,
  history: History,
  { most, together = [], without = [] }: Alphabet,
): readonly Step[] {
  return ways.filter((step) => {
    const { kind, way } = step;
    if (without.includes(way === '' ? kind : `${kind} (${way})`)) return false;
    const said = history.chains
      .flat()
      .filter((one) => one.step.kind === kind && (together.includes(kind) || one.step.role === role));
    // Each deadline is bounded by itself.
    const same = kind === 'timeout' ? said.filter((one) => one.step.way === way) : said;
    return same.length < (most[kind] ?? 0);
  });
}

/** How often what is bounded was said. */
function budgetOf({ chains }: History, { most }: Alphabet): string {
  const counts = new Map<string, number>();
  for (const { step } of chains.flat()) {
    if (most[step.kind] === undefined) continue;
    const name = `${step.role[0] ?? ''}${step.kind}${step.kind === 'timeout' ? step.way : ''}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts]
    .map(([name, count]) => `${name}${count}`)
    .sort()
    .join();
}

/** `1 buyer offer [0 0 0]; 2 seller accept [1 0 0]`: in brackets how many messages of each role its author had seen. */
function storyOf({ chains }: History): string {
  const all = chains.flat().sort((a, b) => a.entry.index - b.entry.index);
  return all.map(({ step, seen }) => `${nameOfStep(step)} [${seen.join(' ')}]`).join('; ');
}
