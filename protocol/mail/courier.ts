import { LETTER_LIFETIME } from './letter.js';
import { isReceipted, type Refusal } from './parcel.js';

/**
 * What a node does so that its parcels reach one other trader, and what it does with those that come from there: a pure function of
 * state and event. Nothing here reads a clock, a disk or a network; the node performs the effects and tells what came of them, and
 * the model checker explores the same code.
 */

const second = 1000;
const minute = 60 * second;
const DAY = 24 * 60 * minute;
/** Pauses between tries to reach the recipient directly; the last goes on. Whoever connects is tried at once. */
const RETRY_DELAYS: readonly number[] = [1, 2, 5, 10, 30, 60, 300].map((seconds) => seconds * second);
/** What is older than letters become and was put off that often, over days, is not asked about any more. */
const TRIES = 500;
/** Pauses before a letter that nobody has answered is left at mailboxes once more: they may have died. */
const LETTER_DELAYS: readonly number[] = [DAY, 3 * DAY, 7 * DAY, 14 * DAY, 29 * DAY];
/** With fewer copies than this a letter is left again soon. */
export const ENOUGH_COPIES = 3;
const SCARCE_DELAY = 10 * minute;

/** A parcel that its recipient has not signed for. On disk. */
export interface Waiting {
  readonly kind: string;
  /** Milliseconds UTC. */
  readonly since: number;
  /** The trade, say, that it belongs to; the receipt must name it too. */
  readonly about?: string;
  /** In how many mailboxes it was left the last time, when that was, and how often it was done. */
  readonly stored?: { readonly mailboxes: number; readonly at: number; readonly times: number };
  /** How often the recipient said that it cannot take it yet, and before when it need not be asked again. */
  readonly later?: { readonly times: number; readonly at: number };
  /** The recipient will never take it. */
  readonly refused?: { readonly code: string; readonly reason: string };
}

/** Everything between this trader and one other. Only `waiting` is on disk; the rest is lost with the process. */
export interface Correspondence {
  readonly waiting: ReadonlyMap<string, Waiting>;
  /** Parcels that are under way on the direct stream, and by letter. */
  readonly direct: readonly string[] | undefined;
  readonly letter: readonly string[] | undefined;
  /** Something was posted, or somebody connected, while a direct try was under way. */
  readonly again: boolean;
  /** Direct tries that failed since the last that did not, without those for something new. */
  readonly failures: number;
  /** Parcels from there that are with their handler. */
  readonly handing: ReadonlySet<string>;
}

/** What a recipient says to one parcel. */
export type Verdict =
  | { readonly type: 'receipted' }
  /** Of a passing kind: it came, there is no receipt for it. */
  | { readonly type: 'taken' }
  | ({ readonly type: 'refused'; readonly final: boolean } & Pick<Refusal, 'code' | 'message' | 'missing' | 'retryAt'>);

export type Event =
  | { readonly type: 'posted'; readonly id: string; readonly waiting: Waiting }
  /** A pause is over. */
  | { readonly type: 'alarm' }
  /** The recipient's node has connected. */
  | { readonly type: 'connected' }
  /** The recipient answered a direct try; parcels without a verdict were not part of it. */
  | { readonly type: 'answered'; readonly verdicts: ReadonlyMap<string, Verdict> }
  /** The recipient was not reached, or gave no answer. */
  | { readonly type: 'unreached' }
  /** A direct try takes so long that letters are written meanwhile. */
  | { readonly type: 'slow' }
  /** A letter lies in so many mailboxes; 0: nobody took it. */
  | { readonly type: 'stored'; readonly ids: readonly string[]; readonly mailboxes: number }
  /** A receipt came by itself, and verified. */
  | { readonly type: 'receipt'; readonly id: string; readonly read: boolean }
  /** Its sender wants it not to be sent any more. What is under way arrives. */
  | { readonly type: 'recalled'; readonly id: string }
  /** A person knows that it was refused: it need not be told any more. */
  | { readonly type: 'dismissed'; readonly id: string }
  | { readonly type: 'refusal'; readonly id: string; readonly verdict: Extract<Verdict, { type: 'refused' }> }
  /** A parcel came. `kept`: it is on this disk already. */
  | { readonly type: 'came'; readonly id: string; readonly kind: string; readonly kept: boolean }
  /** Its handler has it on disk, or has refused it. */
  | { readonly type: 'handled'; readonly id: string; readonly kind: string; readonly kept: boolean };

/** Why something does not wait any more. `passed`: nobody asks what became of it. */
type Outcome = 'delivered' | 'read' | 'passed' | 'refused';

export type Effect =
  /** Try to reach the recipient with these, as many of them as fit one letter. */
  | { readonly type: 'send'; readonly ids: readonly string[] }
  | { readonly type: 'deposit'; readonly ids: readonly string[] }
  /** Wake this correspondence at that time; takes the place of an earlier alarm. */
  | { readonly type: 'alarm'; readonly at: number }
  | { readonly type: 'write'; readonly id: string; readonly waiting: Waiting }
  | {
      readonly type: 'drop';
      readonly id: string;
      readonly kind: string;
      readonly outcome: Outcome;
    }
  /** The other side has read what was delivered before. */
  | { readonly type: 'read'; readonly id: string }
  /** The other side lacks messages that this one builds on. */
  | {
      readonly type: 'repair';
      readonly id: string;
      readonly kind: string;
      readonly missing: NonNullable<Refusal['missing']>;
    }
  | { readonly type: 'hand'; readonly id: string }
  /** Answer with the receipt that is on disk. */
  | { readonly type: 'receipt'; readonly id: string };

export interface Step {
  readonly state: Correspondence;
  readonly effects: readonly Effect[];
}

/** A correspondence as it is after a start, with what the disk says waits. */
export function resumed(waiting: ReadonlyMap<string, Waiting>): Correspondence {
  return { waiting, direct: undefined, letter: undefined, again: false, failures: 0, handing: new Set() };
}

/** The next state, and what is to be done. @param now this node's clock, ms */
export function step(state: Correspondence, event: Event, now: number): Step {
  switch (event.type) {
    case 'posted': {
      const known = state.waiting.get(event.id);
      // Posted again while it waits: it is tried again, also where it was refused.
      const waiting = known === undefined || known.refused !== undefined ? event.waiting : known;
      // A try for something new makes the pause after it no longer: else a burst to somebody who is not there yet, each message with a
      // try of its own, would put the next one off for minutes.
      const failures = state.direct === undefined ? Math.max(0, state.failures - 1) : state.failures;
      return attempt({ ...state, failures, waiting: new Map(state.waiting).set(event.id, waiting) }, now);
    }
    case 'alarm':
      return attempt(state, now);
    case 'connected':
      return attempt({ ...state, failures: 0 }, now);
    case 'answered':
      return answered(state, event.verdicts, now);
    case 'unreached': {
      const failures = state.failures + 1;
      const next = deposit({ ...state, direct: undefined, again: false, failures }, now);
      return isOpen(state) ? also(next, alarmAfter(failures, now)) : next;
    }
    case 'slow':
      return state.direct === undefined ? { state, effects: [] } : deposit(state, now);
    case 'stored':
      return stored(state, event.ids, event.mailboxes, now);
    case 'receipt': {
      const waiting = state.waiting.get(event.id);
      if (waiting === undefined) return { state, effects: event.read ? [{ type: 'read', id: event.id }] : [] };
      return dropped(state, event.id, waiting.kind, event.read ? 'read' : 'delivered');
    }
    case 'recalled': {
      const waiting = state.waiting.get(event.id);
      return waiting === undefined ? { state, effects: [] } : dropped(state, event.id, waiting.kind, 'passed');
    }
    case 'dismissed': {
      const waiting = state.waiting.get(event.id);
      return waiting?.refused === undefined
        ? { state, effects: [] }
        : dropped(state, event.id, waiting.kind, 'refused');
    }
    case 'refusal':
      return then(refused(state, event.id, event.verdict, now), (next) => attempt(next, now));
    case 'came': {
      if (event.kept && isReceipted(event.kind)) return { state, effects: [{ type: 'receipt', id: event.id }] };
      if (event.kept || state.handing.has(event.id)) return { state, effects: [] };
      const handing = new Set(state.handing).add(event.id);
      return { state: { ...state, handing }, effects: [{ type: 'hand', id: event.id }] };
    }
    case 'handled': {
      const handing = new Set(state.handing);
      handing.delete(event.id);
      const answers = event.kept && isReceipted(event.kind);
      return { state: { ...state, handing }, effects: answers ? [{ type: 'receipt', id: event.id }] : [] };
    }
  }
}

/** Whether anything still has to reach the recipient. */
function isOpen({ waiting }: Correspondence): boolean {
  for (const { refused } of waiting.values()) if (refused === undefined) return true;
  return false;
}

function attempt(state: Correspondence, now: number): Step {
  if (state.direct !== undefined) return { state: { ...state, again: true }, effects: [] };
  const ids: string[] = [];
  let later: number | undefined;
  for (const [id, waiting] of state.waiting) {
    if (waiting.refused !== undefined) continue;
    const at = waiting.later?.at ?? 0;
    if (at <= now) ids.push(id);
    else later = Math.min(later ?? at, at);
  }
  if (ids.length > 0) return { state: { ...state, direct: ids, again: false }, effects: [{ type: 'send', ids }] };
  const effects: Effect[] = later === undefined ? [] : [{ type: 'alarm', at: later }];
  return { state: { ...state, again: false }, effects };
}

function answered(state: Correspondence, verdicts: ReadonlyMap<string, Verdict>, now: number): Step {
  let result: Step = { state: { ...state, direct: undefined, again: false, failures: 0 }, effects: [] };
  for (const [id, verdict] of verdicts) result = then(result, (next) => judged(next, id, verdict, now));
  // What did not fit, what was posted meanwhile, or the next time that the recipient named.
  return then(result, (next) => attempt(next, now));
}

function judged(state: Correspondence, id: string, verdict: Verdict, now: number): Step {
  const waiting = state.waiting.get(id);
  if (waiting === undefined) return { state, effects: [] };
  switch (verdict.type) {
    case 'receipted':
      return dropped(state, id, waiting.kind, 'delivered');
    case 'taken':
      // Only a receipt ends what needs one.
      return isReceipted(waiting.kind)
        ? refused(state, id, { type: 'refused', final: false, code: 'PEER_PROTOCOL', message: 'no receipt' }, now)
        : dropped(state, id, waiting.kind, 'passed');
    case 'refused':
      return refused(state, id, verdict, now);
  }
}

function refused(state: Correspondence, id: string, verdict: Extract<Verdict, { type: 'refused' }>, now: number): Step {
  const waiting = state.waiting.get(id);
  if (waiting === undefined || waiting.refused !== undefined) return { state, effects: [] };
  const { code, message, missing, retryAt } = verdict;
  // What needs no receipt has said what it had to say.
  if (!isReceipted(waiting.kind)) return dropped(state, id, waiting.kind, 'passed');
  const times = (waiting.later?.times ?? 0) + 1;
  if (verdict.final || (times > TRIES && now - waiting.since > LETTER_LIFETIME)) {
    const { later: _, ...rest } = waiting;
    return written(state, id, { ...rest, refused: { code, reason: message.slice(0, 400) } });
  }
  const at = Math.max(retryAt ?? 0, now + delayOf(RETRY_DELAYS, times));
  const next = written(state, id, { ...waiting, later: { times, at } });
  const repairs = missing !== undefined && missing.length > 0;
  return repairs ? also(next, { type: 'repair', id, kind: waiting.kind, missing }) : next;
}

/** Writes letters for all that the recipient could not be given directly and that lies in no mailbox, or did so long ago. */
function deposit(state: Correspondence, now: number): Step {
  if (state.letter !== undefined) return { state, effects: [] };
  const ids = [...state.waiting].filter(([, waiting]) => isDue(waiting, now)).map(([id]) => id);
  if (ids.length === 0) return { state, effects: [] };
  return { state: { ...state, letter: ids }, effects: [{ type: 'deposit', ids }] };
}

function isDue({ refused: final, later, stored: last }: Waiting, now: number): boolean {
  if (final !== undefined || (later?.at ?? 0) > now) return false;
  if (last === undefined) return true;
  return now >= last.at + (last.mailboxes < ENOUGH_COPIES ? SCARCE_DELAY : delayOf(LETTER_DELAYS, last.times));
}

function stored(state: Correspondence, ids: readonly string[], mailboxes: number, now: number): Step {
  const tried = new Set(state.letter);
  let result: Step = { state: { ...state, letter: undefined }, effects: [] };
  if (mailboxes > 0) {
    for (const id of ids) {
      const waiting = state.waiting.get(id);
      if (waiting === undefined) continue;
      result = then(result, (next) => {
        if (!isReceipted(waiting.kind)) return dropped(next, id, waiting.kind, 'passed');
        return written(next, id, {
          ...waiting,
          stored: { mailboxes, at: now, times: (waiting.stored?.times ?? 0) + 1 },
        });
      });
    }
  }
  // What did not fit into the letter, and what was posted while it was written.
  const more = (next: Correspondence): boolean =>
    [...next.waiting].some(([id, waiting]) => isDue(waiting, now) && (mailboxes > 0 || !tried.has(id)));
  const away = state.failures > 0 || state.direct !== undefined;
  return away && more(result.state) ? then(result, (next) => deposit(next, now)) : result;
}

function written(state: Correspondence, id: string, waiting: Waiting): Step {
  return {
    state: { ...state, waiting: new Map(state.waiting).set(id, waiting) },
    effects: [{ type: 'write', id, waiting }],
  };
}

function dropped(state: Correspondence, id: string, kind: string, outcome: Outcome): Step {
  const waiting = new Map(state.waiting);
  waiting.delete(id);
  return { state: { ...state, waiting }, effects: [{ type: 'drop', id, kind, outcome }] };
}

function then(result: Step, next: (state: Correspondence) => Step): Step {
  const after = next(result.state);
  return { state: after.state, effects: [...result.effects, ...after.effects] };
}

function also(result: Step, effect: Effect): Step {
  return { state: result.state, effects: [...result.effects, effect] };
}

function alarmAfter(failures: number, now: number): Effect {
  return { type: 'alarm', at: now + delayOf(RETRY_DELAYS, failures) };
}

/** The pause after so many times, from 1. */
function delayOf(delays: readonly number[], times: number): number {
  return delays[Math.min(times, delays.length) - 1] ?? 0;
}
