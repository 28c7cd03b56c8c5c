import { expect, test } from 'vitest';
import { ablations } from '../../protocol/trade/ablation.js';
import { allowed, MESSAGE_KINDS, ROLES, RULES, stateOf, WORDS, type TradeState } from '../../protocol/trade/index.js';
import { exitOf } from '../protocol/trade/exits.js';
import { STATES } from '../protocol/trade/states.js';
import { after, idr, paidAndSeen } from '../protocol/trade/traders.js';
import { ALPHABETS, SMALL_ALPHABETS } from './alphabets.js';
import { meaningOf } from './canonical.js';
import { explore, type Alphabet } from './explorer.js';
import type { History } from './history.js';
import { exploreMail } from './mail.js';
import { takenWrongly } from './probes.js';
import { playSchedule } from './schedules.js';
import { wrongWith } from './spec.js';

/** `npm run model` explores all; `npm test` a share of it. */
const ALL = process.env['NIAGA_MODEL'] === 'all';
const SCHEDULES = Number(process.env['NIAGA_SCHEDULES'] ?? (ALL ? 100_000 : 150));
const SEED = Number(process.env['NIAGA_SEED'] ?? 1);
const HOURS = 8 * 60 * 60 * 1000;

function say(text: string): void {
  if (ALL) process.stdout.write(`${text}\n`);
}

/** A restart reads the log from disk, in whatever order: it must find the state that was there. */
function restarted({ state }: History): string | undefined {
  const messages = state.log.entries.map(({ message }) => message).reverse();
  const again = stateOf(messages).state;
  return again === undefined || meaningOf(again) !== meaningOf(state) ? 'a restart finds another state' : undefined;
}

function exits(): (history: History) => string | undefined {
  const known = new Map<string, string | undefined>();
  return ({ state }) => {
    const meaning = meaningOf(state);
    if (!known.has(meaning)) {
      const stuck = (['buyer', 'seller'] as const).find((side) => {
        const end = exitOf(asTested(state), side);
        return WORDS[end.word].phase !== 'final';
      });
      known.set(meaning, stuck === undefined ? undefined : `the ${stuck} has no way out of "${state.word}"`);
    }
    return known.get(meaning);
  };
}

/** The drafts of exits.ts are of the network "test". */
function asTested(state: TradeState): TradeState {
  return { ...state, network: 'test' };
}

test.each(Object.entries<Alphabet>(ALL ? ALPHABETS : SMALL_ALPHABETS))(
  '%s: every history keeps every promise',
  { timeout: HOURS },
  (name, alphabet) => {
    const leave = exits();
    let seen = 0;
    const { states, messages, found, complete } = explore({
      alphabet,
      onStep: (before, next, step) => {
        const entry = next.state.log.entries.at(-1);
        if (next.state.equivocations.length + next.state.conflicts.length > 0)
          return 'an honest trade has contradictions';
        if (next.state.log.entries.filter(({ verdict }) => verdict.binding === true).length > 1)
          return 'there are two contracts';
        return entry === undefined || entry.past.length === 0
          ? undefined
          : crossesNothing(before, next, step.role, entry.message);
      },
      onState: (history) => (seen++ % 7 === 0 ? restarted(history) : undefined) ?? leave(history),
    });
    say(`${name}: ${states} states, ${messages} steps, ${found.length} problems`);
    expect(found.slice(0, 3)).toEqual([]);
    expect(complete).toBe(true);
  },
);

/** What a message may be is judged by what its author saw: only where that was everything, the state before it is the one judged. */
function crossesNothing(
  before: History,
  next: History,
  role: 'buyer' | 'seller' | 'arbiter',
  message: Parameters<typeof wrongWith>[2],
): string | undefined {
  return next.state.heads.length === 1 ? wrongWith(before.state, next.state, message, role) : undefined;
}

const PROBED: readonly (TradeState | undefined)[] = [
  undefined,
  ...Object.values(STATES).map((state) => state()),
  ...(['refunded', 'refund-seen'] as const).map((kind) =>
    after(
      paidAndSeen(),
      ['buyer', 'cancel'],
      ['seller', 'cancel'],
      [kind === 'refunded' ? 'seller' : 'buyer', kind, { amount: idr(5) }],
    ),
  ),
];

test('whoever keeps no rules gets nothing wrong taken in any state', { timeout: HOURS }, () => {
  expect(PROBED.map((state) => takenWrongly(state)).filter((wrong) => wrong !== undefined)).toEqual([]);
});

/**
 * Guards that stand before another one that refuses the same: without them the same messages are refused, with another code, and
 * `allowed` would offer them. test/protocol/trade/guards.test.ts notices each of these by that.
 */
const DOUBLED = [
  ...['counter', 'accept', 'decline'].flatMap((kind) => [`${kind} by`, `${kind} contract`, `${kind} your-turn`]),
  'withdraw by',
  'withdraw contract',
  'withdraw own-proposal-open',
  'timeout deadline-runs',
  ...['remedy-accept', 'remedy-decline'].flatMap((kind) => [`${kind} contract`, `${kind} remedy-to-answer`]),
  'dispute-withdrawn by',
  'reply by',
];

test(
  'without any one guard something wrong is taken, but for those that stand before another',
  { timeout: HOURS },
  () => {
    const unnoticed = ablations(RULES)
      .filter(({ kind, rules }) => !PROBED.some((state) => takenWrongly(state, rules, [kind]) !== undefined))
      .map(({ kind, guard }) => `${kind} ${guard}`);
    say(
      `guards: ${ablations(RULES).length}, of which ${unnoticed.length} stand before another: ${unnoticed.join('; ')}`,
    );
    expect(unnoticed).toEqual(DOUBLED);
  },
);

test.each(ALL ? [1, 2] : [1])(
  'mail of %d parcels: none is lost, none counts as delivered that is not, none gets stuck',
  { timeout: HOURS },
  (parcels) => {
    const { states, steps, problems } = exploreMail(parcels);
    say(`mail of ${parcels}: ${states} states, ${steps} steps`);
    expect(problems).toEqual([]);
    expect(states).toBeGreaterThan(100);
  },
);

/** What each role may say in each word: a cell of the table of rules. */
const CELLS = new Set(
  Object.values(STATES).flatMap((state) => {
    const now = state();
    return ROLES.flatMap((role) => allowed(now, role).map((kind) => `${role} ${kind} in ${now.word}`));
  }),
);

test('random schedules of whole nodes converge', { timeout: HOURS }, () => {
  const cells = new Set<string>();
  const problems: string[] = [];
  for (let seed = SEED; seed < SEED + SCHEDULES && problems.length < 3; seed++) {
    const problem = playSchedule({ seed, onStep: (kind, role, word) => cells.add(`${role} ${kind} in ${word}`) });
    if (problem !== undefined) problems.push(problem);
  }
  const kinds = new Set([...cells].map((cell) => cell.split(' ')[1]));
  const unvisited = [...CELLS].filter((cell) => !cells.has(cell));
  const missing = MESSAGE_KINDS.filter((kind) => !kinds.has(kind));
  say(`cells of the table that no schedule came to: ${unvisited.join('; ') || 'none'}`);
  say(
    `schedules: ${SCHEDULES} from seed ${SEED}; cells visited: ${cells.size}; kinds never said: ${missing.join(', ') || 'none'}`,
  );
  expect(problems).toEqual([]);
  if (ALL) expect(missing).toEqual([]);
});
