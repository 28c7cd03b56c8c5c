import { ROLES, RULES, type MessageKind, type Role, type Rules, type TradeState } from '../../protocol/trade/index.js';
import { nameOfStep, walkedTerms, waysOf, type Step } from '../../protocol/trade/variants.js';
import { arbitersCut, commonTo, meaningOf, nameOf } from './canonical.js';
import { cutsFor, messageOf, opened, viewOf, withSaid, withStep, type Cut, type History } from './history.js';

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
}

interface Watcher {
  /** A state that a node can be in, and a message on top of it. */
  readonly onStep?: (before: History, after: History, step: Step, view: TradeState) => string | undefined;
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
}

/** Explores every history of an alphabet, whatever the network does: no bound on its length or on how late anybody hears of anything. */
export function explore({
  alphabet,
  rules = RULES,
  most = Infinity,
  first = false,
  recheck = 8,
  onStep,
  onState,
}: ExploreOptions): Exploration {
  const met = new Map<string, string>();
  const found: Found[] = [];
  const stack: History[] = [];
  let messages = 0;
  const report = (problem: string | undefined, history: History): void => {
    if (problem !== undefined) found.push({ problem, story: storyOf(history) });
  };
  const meet = (history: History, name = nameOf(history, budgetOf(history, alphabet))): void => {
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
    if (met.size > most || (first && found.length > 0)) return { states: met.size, messages, found, complete: false };
    const common = commonTo(history);
    for (const role of ROLES) {
      for (const cut of cutsFor(history, role, leastFor(history, role, common))) {
        const view = viewOf(history, cut);
        for (const step of stepsOf(view, role, history, alphabet, rules)) {
          messages++;
          const ahead = withSaid(history, step, cut);
          const name = nameOf(ahead, budgetOf(ahead, alphabet));
          if (met.has(name) && messages % recheck !== 0) continue;
          const message = messageOf(step, view);
          if (history.state.log.byKey.has(message.id.toString())) continue;
          const next = withStep(history, step, cut, message, rules);
          if (typeof next === 'string') {
            report(`an honest ${nameOfStep(step)} is refused: ${next}`, history);
            continue;
          }
          report(onStep?.(history, next, step, view), next);
          meet(next, name);
        }
      }
    }
  }
  return { states: met.size, messages, found, complete: true };
}

function leastFor(history: History, role: Role, common: Cut): Cut {
  if (role !== 'arbiter') return common;
  return arbitersCut(history) ?? common;
}

function stepsOf(
  view: TradeState,
  role: Role,
  history: History,
  { most, together = [], without = [] }: Alphabet,
  rules: Rules,
): readonly Step[] {
  return waysOf(view, role, rules).filter((step) => {
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
