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
import { chains, TradeOffice } from './offices.js';
import { takenWrongly, toldWrongly } from './probes.js';
import { playSchedule } from './schedules.js';
import { wrongWith } from './spec.js';

/** `npm run model` explores all; `npm test` a share of it. */
const ALL = process.env['NIAGA_MODEL'] === 'all';
const SCHEDULES = Number(process.env['NIAGA_SCHEDULES'] ?? (ALL ? 100_000 : 400));
const SEED = Number(process.env['NIAGA_SEED'] ?? 1);
const HOURS = 8 * 60 * 60 * 1000;

function say(text: string): void {
  if (ALL) process.stdout.write(`${text}\n`);
}

/** Seconds since the start of the process: tests of one file run one after the other. */
function stopwatch(): () => string {
  const began = performance.now();
  return () => `${((performance.now() - began) / 1000).toFixed(1)} s`;
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
    const lasted = stopwatch();
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
    say(`${name}: ${states} states, ${messages} steps, ${found.length} problems, ${lasted()}`);
    expect(found.slice(0, 3)).toEqual([]);
    expect(complete).toBe(true);
  },
);

test.each(['part-delivery', 'part-payment', 'dispute'] as const)(
  '%s: what is left out leads to no state that is not come to anyway',
  { timeout: HOURS },
  (name) => {
    const alphabet = SMALL_ALPHABETS[name];
    const [reduced, whole] = [true, false].map((less) => explore({ alphabet, reduced: less }));
    expect(reduced?.states).toBeLessThan(whole?.states ?? 0);
    expect(reduced?.meanings).toEqual(whole?.meanings);
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

test('whatever a node offers it takes, and who may never say something is told so', { timeout: HOURS }, () => {
  expect(PROBED.map((state) => toldWrongly(state)).filter((wrong) => wrong !== undefined)).toEqual([]);
});

test.each(ablations(RULES).map(({ kind, guard, rules }) => [kind, guard, rules] as const))(
  '%s without %s: the checker notices',
  { timeout: HOURS },
  (kind, _guard, rules) => {
    const noticed = PROBED.some(
      (state) => (takenWrongly(state, rules, [kind]) ?? toldWrongly(state, rules, [kind])) !== undefined,
    );
    expect(noticed).toBe(true);
  },
);

/** Parcels that each side writes: two one way, for what overtakes what; one each way, for what goes out beside what comes in. */
test.each(
  ALL
    ? ([
        [1, 0],
        [2, 0],
        [1, 1],
      ] as const)
    : ([[1, 0]] as const),
)(
  'mail of %d and %d parcels: none is lost, none counts as delivered that is not, none gets stuck',
  { timeout: HOURS },
  (there, back) => {
    const lasted = stopwatch();
    const { states, steps, problems, quiet } = exploreMail(chains([there, back]));
    say(
      `mail of ${there} and ${back} parcels: ${states} states, ${steps} steps, ${problems.length} problems, ${lasted()}`,
    );
    expect(problems).toEqual([]);
    expect(quiet).toBeGreaterThan(1);
    expect(states).toBeGreaterThan(100);
  },
);

test('an offer and its answer over the mail: both sides come to the same trade', { timeout: HOURS }, () => {
  const lasted = stopwatch();
  const office = new TradeOffice({ buyer: [], seller: ALL ? ['accept', 'decline'] : [] });
  const { states, steps, problems } = exploreMail(office);
  say(`trade over mail: ${states} states, ${steps} steps, ${problems.length} problems, ${lasted()}`);
  expect(problems).toEqual([]);
  expect([...office.words].sort()).toEqual(ALL ? ['accepted', 'declined', 'offered'] : ['offered']);
});

/**
 * What each role may say in each word: a cell of the table of rules. Those that only a fork leads to are left to the probes, for honest
 * nodes never come there.
 */
const CELLS = new Set(
  Object.values(STATES).flatMap((state) => {
    const now = state();
    return now.conflicts.length > 0
      ? []
      : ROLES.flatMap((role) => allowed(now, role).map((kind) => `${role} ${kind} in ${now.word}`));
  }),
);

/** With so many schedules every cell is come to. */
const ENOUGH = 100_000;

test('random schedules of whole nodes converge', { timeout: HOURS }, () => {
  const lasted = stopwatch();
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
    `schedules: ${SCHEDULES} from seed ${SEED}; cells visited: ${cells.size}; kinds never said: ${missing.join(', ') || 'none'}; ${problems.length} problems, ${lasted()}`,
  );
  expect(problems).toEqual([]);
  if (ALL) expect(missing).toEqual([]);
  if (SCHEDULES >= ENOUGH) expect(unvisited).toEqual([]);
});
