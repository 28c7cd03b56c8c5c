import { encode } from '../../protocol/cbor.js';
import { recordId } from '../../protocol/ids.js';
import { follows, type Entry } from '../../protocol/trade/log.js';
import { derive, type Regions } from '../../protocol/trade/regions.js';
import { apply, ROLES, type Role, type Rules, type TradeMessage, type TradeState } from '../../protocol/trade/index.js';
import { payloadOf, type Step } from '../../protocol/trade/variants.js';

/** How many messages of each role, in the order of {@link ROLES}: each role's own form a chain, so this names a part of a log. */
export type Cut = readonly [number, number, number];

/** A message of a history: what was said, and how much of it its author had seen. */
interface Said {
  readonly step: Step;
  readonly entry: Entry;
  /** What stood before it. */
  readonly seen: Cut;
}

/**
 * All that was ever said in one trade, whoever has heard of it. What a node knows is a part of it that is closed under
 * "comes before" and has all of the node's own messages: loss, repetition and reordering can make nothing else of it.
 */
export interface History {
  readonly state: TradeState;
  /** By role, in the order of {@link ROLES}. */
  readonly chains: readonly [readonly Said[], readonly Said[], readonly Said[]];
}

/** Ids are of the content, as on the wire: the same past and the same words are the same message, on whatever way it came about. */
export function messageOf(step: Step, view: TradeState | undefined): TradeMessage {
  const payload = payloadOf(step, view);
  return { id: recordId(encode(payload)), payload };
}

function placeOf(role: Role): 0 | 1 | 2 {
  return role === 'buyer' ? 0 : role === 'seller' ? 1 : 2;
}

function wholeOf({ chains }: History): Cut {
  return [chains[0].length, chains[1].length, chains[2].length];
}

function isWithin(a: Cut, b: Cut): boolean {
  return a[0] <= b[0] && a[1] <= b[1] && a[2] <= b[2];
}

/** What a role surely knows: its own messages and what it had seen when it wrote the last of them. */
export function knownTo({ chains }: History, role: Role): Cut {
  const place = placeOf(role);
  const last = chains[place].at(-1);
  if (last === undefined) return [0, 0, 0];
  return last.seen.map((count, at) => (at === place ? chains[place].length : count)) as unknown as Cut;
}

/** Every part of a history that a role may know: closed, and with all that it surely knows. */
export function cutsFor(history: History, role: Role, least: Cut): readonly Cut[] {
  const own = knownTo(history, role);
  const from = own.map((count, at) => Math.max(count, least[at] ?? 0)) as unknown as Cut;
  return cutsWithin(history, role, from, wholeOf(history));
}

/** Those between two parts, both with them. */
export function cutsWithin(history: History, role: Role, from: Cut, to: Cut): readonly Cut[] {
  const whole = wholeOf(history);
  const cuts: Cut[] = [];
  for (let b = from[0]; b <= to[0]; b++) {
    for (let s = from[1]; s <= to[1]; s++) {
      for (let a = from[2]; a <= to[2]; a++) {
        const cut: Cut = [b, s, a];
        if (b + s > 0 && isOwnChain(cut, whole, role) && isClosed(history, cut)) cuts.push(cut);
      }
    }
  }
  return cuts;
}

function isOwnChain(cut: Cut, whole: Cut, role: Role): boolean {
  return cut[placeOf(role)] === whole[placeOf(role)];
}

function isClosed({ chains }: History, cut: Cut): boolean {
  return chains.every((chain, place) => {
    const last = chain[(cut[place] ?? 0) - 1];
    return last === undefined || isWithin(last.seen, cut);
  });
}

/**
 * A name for a part of a history: an id is of the content, heads and all, so the last message of each role says everything
 * that is before it. Histories that begin alike share their parts.
 */
function partOf({ chains }: History, cut: Cut): string {
  return chains.map((chain, place) => chain[(cut[place] ?? 0) - 1]?.entry.key ?? '').join();
}

/** What a node sees that knows a part of a history. */
export function viewOf(history: History, cut: Cut): TradeState {
  const whole = wholeOf(history);
  if (cut.every((count, place) => count === whole[place])) return history.state;
  const entries = history.chains.flatMap((chain, place) => chain.slice(0, cut[place])).map(({ entry }) => entry);
  return stateFrom(history.state, entries, derive(entries));
}

/** So much is kept: what is explored next shares its parts with what was explored last. */
const MOST_KEPT = 50_000;

/** Remembers what was made of a part of a history. */
export function remembered<T>(make: (history: History, cut: Cut) => T): (history: History, cut: Cut) => T {
  const kept = new Map<string, T>();
  return (history, cut) => {
    const part = partOf(history, cut);
    let made = kept.get(part);
    if (made === undefined) {
      if (kept.size >= MOST_KEPT) kept.clear();
      made = make(history, cut);
      kept.set(part, made);
    }
    return made;
  };
}

function stateFrom(whole: TradeState, entries: readonly Entry[], regions: Regions): TradeState {
  const heads = entries.filter((one) => !entries.some((other) => follows(other, one)));
  const { trade, network, parties, total } = whole;
  const log = { entries, byKey: new Map(entries.map((entry) => [entry.key, entry])), heads };
  return {
    ...regions,
    trade,
    network,
    parties,
    total,
    heads: heads.map(({ message }) => message.id),
    size: entries.length,
    log,
  };
}

/** A history with one message more; undefined where the machine does not take it. */
export function withStep(
  history: History,
  step: Step,
  seen: Cut,
  message: TradeMessage,
  rules: Rules,
): History | string {
  const outcome = apply(history.state, message, rules);
  if (!outcome.ok) return `${outcome.code} ${outcome.message}`;
  const entry = outcome.state.log.entries.at(-1);
  if (entry === undefined) return 'nothing was added';
  return { state: outcome.state, chains: longer(history.chains, { step, entry, seen }) };
}

/** The same before the machine was asked: enough to give it a name, since a name looks only at what is behind. */
export function withSaid(history: History, step: Step, seen: Cut): History {
  return {
    state: history.state,
    chains: longer(history.chains, { step, entry: history.state.log.entries[0] as Entry, seen }),
  };
}

function longer(chains: History['chains'], said: Said): History['chains'] {
  const place = placeOf(said.step.role);
  return chains.map((chain, at) => (at === place ? [...chain, said] : chain)) as unknown as History['chains'];
}

/** The history that an offer opens. */
export function opened(step: Step, rules: Rules): History | undefined {
  const outcome = apply(undefined, messageOf(step, undefined), rules);
  const entry = outcome.ok ? outcome.state.log.entries[0] : undefined;
  if (!outcome.ok || entry === undefined) return undefined;
  const said: Said = { step, entry, seen: [0, 0, 0] };
  const chains = ROLES.map((role) => (role === step.role ? [said] : []));
  return { state: outcome.state, chains: chains as unknown as History['chains'] };
}
