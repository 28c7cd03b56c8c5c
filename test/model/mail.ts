import {
  resumed,
  step,
  type Correspondence,
  type Effect,
  type Event,
  type Verdict,
  type Waiting,
} from '../../protocol/mail/courier.js';

/**
 * The real mail logic between two nodes, explored with every loss, repetition, reordering, crash and restart. A writes parcels to B,
 * each built on the one before, as messages of a trade are: B cannot take a parcel before the one it builds on.
 */
interface MailState {
  readonly a: Correspondence;
  readonly b: Correspondence;
  /** On A's disk: not yet signed for. */
  readonly disk: ReadonlyMap<string, Waiting>;
  /** Not yet posted. */
  readonly unposted: readonly string[];
  /** On B's disk. */
  readonly kept: readonly string[];
  /** A direct try that is under way: what B has not looked at yet, and what it has said. */
  readonly stream:
    | { readonly left: readonly string[]; readonly said: readonly (readonly [string, 'receipted' | 'refused'])[] }
    | undefined;
  /** Letters in mailboxes; each parcel by itself, for a mailbox can be read any number of times, in any order. */
  readonly letters: readonly string[];
  /** Receipts and refusals on their way back by letter. */
  readonly back: readonly (readonly [string, 'receipted' | 'refused'])[];
  /** What A believes to be delivered. */
  readonly done: readonly string[];
}

const KIND = 'trade';
/** Past every pause that the courier makes. */
const LATER = 1e15;

export interface MailFound {
  readonly states: number;
  readonly steps: number;
  readonly problems: readonly string[];
}

/** @param parcels how many A posts; nothing else is bounded */
export function exploreMail(parcels: number): MailFound {
  const ids = Array.from({ length: parcels }, (_, place) => `p${place}`);
  const start: MailState = {
    a: resumed(new Map()),
    b: resumed(new Map()),
    disk: new Map(),
    unposted: ids,
    kept: [],
    stream: undefined,
    letters: [],
    back: [],
    done: [],
  };
  const states = new Map<string, MailState>();
  const from = new Map<string, string[]>();
  const problems = new Set<string>();
  const stack = [start];
  states.set(textOf(start), start);
  let steps = 0;
  for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
    const name = textOf(state);
    for (const next of successors(state)) {
      steps++;
      const nextName = textOf(next);
      from.set(nextName, [...(from.get(nextName) ?? []), name]);
      if (states.has(nextName)) continue;
      for (const id of next.done)
        if (!next.kept.includes(id)) problems.add(`${id} counts as delivered and is on nobody’s disk`);
      for (const id of ids) {
        const posted = !next.unposted.includes(id);
        if (posted && !next.disk.has(id) && !next.kept.includes(id)) problems.add(`${id} is lost`);
      }
      states.set(nextName, next);
      stack.push(next);
    }
  }
  // From everywhere there is a way to the end: nothing that happened can have wedged it.
  const good = new Set([...states].filter(([, state]) => state.done.length === ids.length).map(([name]) => name));
  const todo = [...good];
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    for (const before of from.get(name) ?? []) {
      if (good.has(before)) continue;
      good.add(before);
      todo.push(before);
    }
  }
  if (good.size < states.size) problems.add(`${states.size - good.size} states have no way to the end`);
  return { states: states.size, steps, problems: [...problems] };
}

function successors(state: MailState): MailState[] {
  const all: MailState[] = [];
  const [id, ...unposted] = state.unposted;
  if (id !== undefined) {
    const waiting = { kind: KIND, since: 0 };
    // On disk in the batch of the message itself, before anything is told.
    all.push(
      tellA({ ...state, unposted, disk: new Map(state.disk).set(id, waiting) }, { type: 'posted', id, waiting }),
    );
  }
  all.push(
    tellA(state, { type: 'alarm' }),
    tellA(state, { type: 'alarm' }, LATER),
    tellA(state, { type: 'connected' }),
  );
  if (state.a.direct !== undefined) {
    // The other side is not there, or its answer is lost, at whatever point of it.
    all.push(
      tellA({ ...state, stream: undefined }, { type: 'unreached' }),
      tellA({ ...state, stream: undefined }, { type: 'unreached' }, LATER),
      tellA(state, { type: 'slow' }),
    );
  }
  const { stream } = state;
  if (stream !== undefined) {
    const [next, ...left] = stream.left;
    if (next === undefined) {
      const verdicts = new Map(stream.said.map(([parcel, word]): [string, Verdict] => [parcel, verdictOf(word)]));
      all.push(tellA({ ...state, stream: undefined }, { type: 'answered', verdicts }));
    } else {
      const { state: after, word } = arrives(state, next);
      all.push({
        ...after,
        stream: { left, said: word === undefined ? stream.said : [...stream.said, [next, word] as const] },
      });
    }
  }
  if (state.a.letter !== undefined) {
    const ids = state.a.letter;
    // Nobody took it, or a mailbox has it and A hears of it, or does not: then it crashes, which is a step of its own.
    all.push(
      tellA(state, { type: 'stored', ids, mailboxes: 0 }),
      tellA({ ...state, letters: union(state.letters, ids) }, { type: 'stored', ids, mailboxes: 1 }),
    );
    all.push({ ...state, letters: union(state.letters, ids) });
  }
  for (const letter of state.letters) {
    const { state: after, word } = arrives(state, letter);
    if (word !== undefined) all.push({ ...after, back: unionOfPairs(after.back, [letter, word]) });
    all.push(after, { ...state, letters: state.letters.filter((one) => one !== letter) });
  }
  for (const answer of state.back) {
    const [parcel, word] = answer;
    const event: Event =
      word === 'receipted'
        ? { type: 'receipt', id: parcel, read: false }
        : { type: 'refusal', id: parcel, verdict: refusal(parcel) };
    all.push(tellA(state, event), { ...state, back: state.back.filter((one) => one !== answer) });
  }
  // Crash and restart: memory is gone, the disk is not. A's open stream breaks with either of them.
  all.push({ ...state, a: resumed(state.disk), stream: undefined }, { ...state, b: resumed(new Map()) });
  return all;
}

/** B looks at one parcel: the courier says what to do with it, the handler keeps it if it has what it builds on. */
function arrives(
  state: MailState,
  id: string,
): { readonly state: MailState; readonly word: 'receipted' | 'refused' | undefined } {
  const came = step(state.b, { type: 'came', id, kind: KIND, kept: state.kept.includes(id) }, 0);
  if (came.effects.some(({ type }) => type === 'receipt'))
    return { state: { ...state, b: came.state }, word: 'receipted' };
  if (!came.effects.some(({ type }) => type === 'hand')) return { state: { ...state, b: came.state }, word: undefined };
  const before = Number(id.slice(1)) - 1;
  const fits = before < 0 || state.kept.includes(`p${before}`);
  const kept = fits ? union(state.kept, [id]) : state.kept;
  const handled = step(came.state, { type: 'handled', id, kind: KIND, kept: fits }, 0);
  const receipted = handled.effects.some(({ type }) => type === 'receipt');
  return { state: { ...state, kept, b: handled.state }, word: receipted ? 'receipted' : 'refused' };
}

function tellA(state: MailState, event: Event, now = 0): MailState {
  const { state: a, effects } = step(state.a, event, now);
  return settled(effects.reduce(performed, { ...state, a }), now);
}

function performed(state: MailState, effect: Effect): MailState {
  switch (effect.type) {
    case 'send':
      return { ...state, stream: { left: effect.ids, said: [] } };
    case 'write':
      return { ...state, disk: new Map(state.disk).set(effect.id, effect.waiting) };
    case 'drop': {
      const disk = new Map(state.disk);
      disk.delete(effect.id);
      return { ...state, disk, done: union(state.done, [effect.id]) };
    }
    default:
      return state;
  }
}

/** Times count only as over or not, and counters only up to where they change nothing: so the states are finitely many. */
function settled(state: MailState, now: number): MailState {
  const calm = (waiting: Waiting): Waiting => ({
    ...waiting,
    ...(waiting.later === undefined ? {} : { later: { times: 1, at: waiting.later.at > now ? 1 : 0 } }),
    ...(waiting.stored === undefined
      ? {}
      : {
          stored: {
            mailboxes: waiting.stored.mailboxes,
            at: now === LATER && waiting.stored.at < now ? -LATER : 0,
            times: 1,
          },
        }),
  });
  const all = (map: ReadonlyMap<string, Waiting>) => new Map([...map].map(([id, waiting]) => [id, calm(waiting)]));
  return {
    ...state,
    a: { ...state.a, waiting: all(state.a.waiting), failures: Math.min(state.a.failures, 1) },
    disk: all(state.disk),
  };
}

function verdictOf(word: 'receipted' | 'refused'): Verdict {
  return word === 'receipted' ? { type: 'receipted' } : refusal('');
}

function refusal(_id: string): Extract<Verdict, { type: 'refused' }> {
  return { type: 'refused', final: false, code: 'TRADE_HEADS', message: 'not yet' };
}

function union(all: readonly string[], more: readonly string[]): readonly string[] {
  return [...new Set([...all, ...more])].sort();
}

function unionOfPairs(
  all: MailState['back'],
  [id, word]: readonly [string, 'receipted' | 'refused'],
): MailState['back'] {
  return all.some((one) => one[0] === id && one[1] === word)
    ? all
    : [...all, [id, word] as const].sort((x, y) => (x.join() < y.join() ? -1 : 1));
}

function textOf(state: MailState): string {
  return JSON.stringify(state, (_, value: unknown) =>
    value instanceof Map ? [...value].sort() : value instanceof Set ? [...value].sort() : value,
  );
}
