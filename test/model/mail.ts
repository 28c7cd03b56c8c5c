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
 * The real mail logic between two nodes, explored with every loss, repetition, reordering, crash and restart. What they write to
 * each other, and what they can take, an {@link Office} says: parcels that build on each other, or a trade.
 */

/** One of the two nodes. */
export type Place = 0 | 1;

export interface Office {
  /** What a node may write next, with what it wrote and kept so far, in the order in which that came onto its disk. */
  readonly writes: (place: Place, disk: readonly string[]) => readonly string[];
  /** Whether a node can keep a parcel of the other now. */
  readonly fits: (place: Place, disk: readonly string[], id: string) => boolean;
  /** What is wrong where both hold everything. */
  readonly wrongWith?: (disks: readonly [readonly string[], readonly string[]]) => string | undefined;
}

type Word = 'receipted' | 'refused';

interface Node {
  readonly courier: Correspondence;
  /** On its disk: own parcels that are not yet signed for. */
  readonly outbox: ReadonlyMap<string, Waiting>;
  /** On its disk: all that it wrote or kept. */
  readonly disk: readonly string[];
  readonly wrote: readonly string[];
  /** What it believes to be delivered. */
  readonly done: readonly string[];
  /** A direct try that is under way: what the other has not looked at yet, and what it has said. */
  readonly stream:
    { readonly left: readonly string[]; readonly said: readonly (readonly [string, Word])[] } | undefined;
  /** For it in mailboxes; each parcel by itself, for a mailbox can be read any number of times, in any order. */
  readonly letters: readonly string[];
  /** Receipts and refusals that are on their way to it by letter. */
  readonly back: readonly (readonly [string, Word])[];
}

type MailState = readonly [Node, Node];

const KIND = 'trade';
/** Past every pause that the courier makes. */
const LATER = 1e15;
const PLACES: readonly Place[] = [0, 1];

export interface MailFound {
  readonly states: number;
  readonly steps: number;
  readonly problems: readonly string[];
  /** States in which both hold everything and know it. */
  readonly quiet: number;
}

export function exploreMail(office: Office): MailFound {
  const fresh: Node = {
    courier: resumed(new Map()),
    outbox: new Map(),
    disk: [],
    wrote: [],
    done: [],
    stream: undefined,
    letters: [],
    back: [],
  };
  const start: MailState = [fresh, fresh];
  const known = new Map<string, number>([[textOf(start), 0]]);
  const edges: number[][] = [[]];
  const quiet: number[] = [];
  const problems = new Set<string>();
  const stack: (readonly [MailState, number])[] = [[start, 0]];
  let steps = 0;
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const [state, number] = top;
    if (isQuiet(state)) {
      quiet.push(number);
      const wrong = office.wrongWith?.([state[0].disk, state[1].disk]);
      if (wrong !== undefined) problems.add(wrong);
    }
    for (const next of successors(state, office)) {
      steps++;
      const name = textOf(next);
      let place = known.get(name);
      if (place === undefined) {
        place = known.size;
        known.set(name, place);
        edges.push([]);
        stack.push([next, place]);
        const wrong = wrongIn(next);
        if (wrong !== undefined) problems.add(wrong);
      }
      edges[number]?.push(place);
    }
  }
  const stuck = known.size - leadingTo(quiet, edges);
  if (stuck > 0) problems.add(`${stuck} states have no way to the end`);
  return { states: known.size, steps, problems: [...problems], quiet: quiet.length };
}

function isQuiet(state: MailState): boolean {
  return state.every(({ outbox }) => outbox.size === 0);
}

function wrongIn(state: MailState): string | undefined {
  for (const place of PLACES) {
    const [own, other] = [state[place], state[otherOf(place)]];
    const gone = own.done.find((id) => !other.disk.includes(id));
    if (gone !== undefined) return 'what counts as delivered is on nobody’s disk';
    if (own.wrote.some((id) => !own.outbox.has(id) && !other.disk.includes(id))) return 'something is lost';
  }
  return undefined;
}

/** How many states have a way to one of these: nothing that happened can have wedged them. */
function leadingTo(ends: readonly number[], edges: readonly (readonly number[])[]): number {
  const back: number[][] = edges.map(() => []);
  edges.forEach((all, from) => {
    for (const to of all) back[to]?.push(from);
  });
  const good = new Set(ends);
  const todo = [...ends];
  for (let state = todo.pop(); state !== undefined; state = todo.pop()) {
    for (const before of back[state] ?? []) {
      if (good.has(before)) continue;
      good.add(before);
      todo.push(before);
    }
  }
  return good.size;
}

function otherOf(place: Place): Place {
  return place === 0 ? 1 : 0;
}

function withNode(state: MailState, place: Place, changed: Partial<Node>): MailState {
  const node = { ...state[place], ...changed };
  return place === 0 ? [node, state[1]] : [state[0], node];
}

function successors(state: MailState, office: Office): MailState[] {
  return PLACES.flatMap((place) => [
    ...writing(state, place, office),
    ...trying(state, place, office),
    ...depositing(state, place),
    ...fetching(state, place, office),
    // Crash and restart: memory is gone, the disk is not. Its open stream breaks with it.
    withNode(state, place, { courier: resumed(state[place].outbox), stream: undefined }),
  ]);
}

function writing(state: MailState, place: Place, office: Office): MailState[] {
  const node = state[place];
  return office.writes(place, node.disk).map((id) => {
    const waiting = { kind: KIND, since: 0 };
    // On disk in the batch of the message itself, before anything is told.
    const kept = withNode(state, place, {
      disk: [...node.disk, id],
      wrote: [...node.wrote, id],
      outbox: new Map(node.outbox).set(id, waiting),
    });
    return tell(kept, place, { type: 'posted', id, waiting });
  });
}

/** Direct tries: the other side is not there, or its answer is lost, at whatever point of it; else it looks at one parcel after another. */
function trying(state: MailState, place: Place, office: Office): MailState[] {
  const { courier, stream } = state[place];
  const all = [
    tell(state, place, { type: 'alarm' }),
    tell(state, place, { type: 'alarm' }, LATER),
    tell(state, place, { type: 'connected' }),
  ];
  const ended = withNode(state, place, { stream: undefined });
  if (courier.direct !== undefined) {
    all.push(
      tell(ended, place, { type: 'unreached' }),
      tell(ended, place, { type: 'unreached' }, LATER),
      tell(state, place, { type: 'slow' }),
    );
  }
  if (stream === undefined) return all;
  const [next, ...left] = stream.left;
  if (next === undefined) {
    const verdicts = new Map(stream.said.map(([parcel, word]): [string, Verdict] => [parcel, verdictOf(word)]));
    return [...all, tell(ended, place, { type: 'answered', verdicts })];
  }
  const { state: after, word } = arrives(state, otherOf(place), next, office);
  const said = word === undefined ? stream.said : [...stream.said, [next, word] as const];
  return [...all, withNode(after, place, { stream: { left, said } })];
}

/** Nobody took a letter, or a mailbox has it and its author hears of it, or does not: then it crashes, which is a step of its own. */
function depositing(state: MailState, place: Place): MailState[] {
  const ids = state[place].courier.letter;
  if (ids === undefined) return [];
  const to = otherOf(place);
  const there = withNode(state, to, { letters: union(state[to].letters, ids) });
  return [
    tell(state, place, { type: 'stored', ids, mailboxes: 0 }),
    tell(there, place, { type: 'stored', ids, mailboxes: 1 }),
    there,
  ];
}

/** Letters are read, lost, or read and left; their handler takes its time, while the same parcel may come on a stream. */
function fetching(state: MailState, place: Place, office: Office): MailState[] {
  const all: MailState[] = [];
  const { letters, back, courier } = state[place];
  const from = otherOf(place);
  const answered = (after: MailState, id: string, word: Word): MailState =>
    withNode(after, from, { back: withAnswer(after[from].back, [id, word]) });
  for (const letter of letters) {
    const { state: handed, effects } = came(state, place, letter);
    all.push(handed, withNode(state, place, { letters: letters.filter((one) => one !== letter) }));
    if (effects.some(({ type }) => type === 'receipt')) all.push(answered(handed, letter, 'receipted'));
  }
  for (const id of courier.handing) {
    const { state: after, word } = handled(state, place, id, office);
    all.push(after, answered(after, id, word));
  }
  for (const answer of back) {
    const [id, word] = answer;
    const event: Event =
      word === 'receipted' ? { type: 'receipt', id, read: false } : { type: 'refusal', id, verdict: REFUSAL };
    all.push(tell(state, place, event), withNode(state, place, { back: back.filter((one) => one !== answer) }));
  }
  return all;
}

function came(state: MailState, place: Place, id: string): { state: MailState; effects: readonly Effect[] } {
  const { courier, disk } = state[place];
  const after = step(courier, { type: 'came', id, kind: KIND, kept: disk.includes(id) }, 0);
  return { state: withNode(state, place, { courier: after.state }), effects: after.effects };
}

/** Its handler keeps a parcel where it fits; the disk first, then the courier is told. */
function handled(state: MailState, place: Place, id: string, office: Office): { state: MailState; word: Word } {
  const { courier, disk } = state[place];
  const known = disk.includes(id);
  const fits = known || office.fits(place, disk, id);
  const after = step(courier, { type: 'handled', id, kind: KIND, kept: fits }, 0);
  const receipted = after.effects.some(({ type }) => type === 'receipt');
  const kept = fits && !known ? [...disk, id] : disk;
  return {
    state: withNode(state, place, { courier: after.state, disk: kept }),
    word: receipted ? 'receipted' : 'refused',
  };
}

/** A node looks at one parcel of a stream: the courier says what to do with it. */
function arrives(
  state: MailState,
  place: Place,
  id: string,
  office: Office,
): { readonly state: MailState; readonly word: Word | undefined } {
  const looked = came(state, place, id);
  if (looked.effects.some(({ type }) => type === 'receipt')) return { state: looked.state, word: 'receipted' };
  if (!looked.effects.some(({ type }) => type === 'hand')) return { state: looked.state, word: undefined };
  return handled(looked.state, place, id, office);
}

function tell(state: MailState, place: Place, event: Event, now = 0): MailState {
  const { state: courier, effects } = step(state[place].courier, event, now);
  const told = effects.reduce(
    (so, effect) => withNode(so, place, performed(so[place], effect)),
    withNode(state, place, { courier }),
  );
  return withNode(told, place, settled(told[place], now));
}

function performed(node: Node, effect: Effect): Partial<Node> {
  switch (effect.type) {
    case 'send':
      return { stream: { left: effect.ids, said: [] } };
    case 'write':
      return { outbox: new Map(node.outbox).set(effect.id, effect.waiting) };
    case 'drop': {
      const outbox = new Map(node.outbox);
      outbox.delete(effect.id);
      return { outbox, done: union(node.done, [effect.id]) };
    }
    default:
      return {};
  }
}

/** Times count only as over or not, and counters only up to where they change nothing: so the states are finitely many. */
function settled({ courier, outbox }: Node, now: number): Partial<Node> {
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
    courier: { ...courier, waiting: all(courier.waiting), failures: Math.min(courier.failures, 1) },
    outbox: all(outbox),
  };
}

const REFUSAL: Extract<Verdict, { type: 'refused' }> = {
  type: 'refused',
  final: false,
  code: 'TRADE_HEADS',
  message: 'not yet',
};

function verdictOf(word: Word): Verdict {
  return word === 'receipted' ? { type: 'receipted' } : REFUSAL;
}

function union(all: readonly string[], more: readonly string[]): readonly string[] {
  return [...new Set([...all, ...more])].sort();
}

function withAnswer(all: Node['back'], [id, word]: readonly [string, Word]): Node['back'] {
  return all.some((one) => one[0] === id && one[1] === word)
    ? all
    : [...all, [id, word] as const].sort((x, y) => (x.join() < y.join() ? -1 : 1));
}

function textOf(state: MailState): string {
  return state.map(nodeText).join('#');
}

/** In few letters: there are many states. The order on a disk is how it came, and nothing depends on it but what an office makes of it. */
function nodeText({ courier, outbox, disk, done, stream, letters, back }: Node): string {
  const waiting = (map: ReadonlyMap<string, Waiting>) =>
    [...map]
      .map(
        ([id, { later, stored }]) =>
          `${id}${later?.at ?? ''};${stored === undefined ? '' : `${stored.mailboxes};${stored.at}`}`,
      )
      .join();
  return [
    waiting(courier.waiting),
    courier.direct?.join() ?? '-',
    courier.letter?.join() ?? '-',
    courier.again,
    courier.failures,
    [...courier.handing].join(),
    waiting(outbox),
    [...disk].sort().join(),
    done.join(),
    stream === undefined ? '-' : `${stream.left.join()};${stream.said.join()}`,
    letters.join(),
    back.join(';'),
  ].join('|');
}
