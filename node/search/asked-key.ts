import type { PeerRef } from '../network/index.js';

/** Nodes asked for each key; their medians keep one liar from mattering. */
export const WANTED_ANSWERS = 3;

/** Who can be asked for a key, the best first; `groups` are the salts under which a node holds it. */
export interface Candidate {
  readonly peer: PeerRef;
  readonly groups: readonly number[];
  /** The salts for which it is among the nearest that can be asked, by anybody's word. Default: `groups`. */
  readonly nearest?: readonly number[];
  /** Whether asking it takes no dial. Default: true. */
  readonly connected?: boolean;
  /** `heard`: it may not exist, and has no groups before it has answered; `resting`: it failed a moment ago and is not asked. */
  readonly state?: 'heard' | 'resting';
}

export interface AskedKey {
  /** As known at the end. */
  readonly candidates: readonly Candidate[];
  readonly asked: ReadonlySet<string>;
  readonly answered: ReadonlySet<string>;
  /** Default: none. */
  readonly failed?: ReadonlySet<string>;
  /** Whether one of those that answered holds the key. */
  readonly held?: boolean;
}

/** Whether three nodes of one of these salts have answered, or all where there are fewer. */
export function isCovered({ candidates, answered }: AskedKey, salts: readonly number[]): boolean {
  return salts.some((salt) => {
    const members = candidates.filter(({ groups }) => groups.includes(salt));
    const said = members.filter(({ peer }) => answered.has(peer.id)).length;
    return members.length > 0 && said >= Math.min(WANTED_ANSWERS, members.length);
  });
}

/** Whether three of the nodes of a salt that are nearest by anybody's word have answered, or all where fewer have not failed. */
export function isWitnessed(key: AskedKey, salt: number): boolean {
  const near = ableOf(key).filter((candidate) => nearestOf(candidate).includes(salt));
  return answeredIn(near, key) >= Math.min(WANTED_ANSWERS, near.length);
}

export interface KeyState {
  candidates: readonly Candidate[];
  readonly asked: Set<string>;
  readonly answered: Set<string>;
  readonly failed: Set<string>;
  /** Those that were asked while they were only heard of. */
  readonly heard: Set<string>;
  /** Those that others are asked beside, and that have not answered: they may still, but are not counted on. */
  readonly late: Set<string>;
  /** Those that were asked to send cards. */
  readonly senders: Set<string>;
  held: boolean;
}

export function newKey(): KeyState {
  const sets = { asked: new Set<string>(), answered: new Set<string>(), failed: new Set<string>() };
  return { candidates: [], ...sets, heard: new Set(), late: new Set(), senders: new Set(), held: false };
}

/** Those that were asked and have neither answered nor failed. */
export function openOf({ asked, answered, failed }: KeyState): string[] {
  return [...asked].filter((peer) => !answered.has(peer) && !failed.has(peer));
}

/** Who can be asked, or was, and is not late now nor was the last time. */
function promptOf(state: KeyState): readonly Candidate[] {
  return ableOf(state).filter(({ peer }) => !state.late.has(peer.id));
}

export function ableOf({ candidates, failed }: AskedKey): readonly Candidate[] {
  return candidates.filter(({ peer, state }) => state !== 'resting' && failed?.has(peer.id) !== true);
}

type SaltsOf = (candidate: Candidate) => readonly number[];

export function groupsOf({ groups }: Candidate): readonly number[] {
  return groups;
}

function nearestOf({ groups, nearest = groups }: Candidate): readonly number[] {
  return nearest;
}

export function withAny(candidates: readonly Candidate[], saltsOf: SaltsOf): Candidate[] {
  return candidates.filter((candidate) => saltsOf(candidate).length > 0);
}

/** Whether as many as are wanted have answered of those that are there and of those that are nearest by anybody's word. */
export function isDone(state: KeyState): boolean {
  return hasEnough(state, WANTED_ANSWERS) && [groupsOf, nearestOf].every((saltsOf) => isOneCovered(state, saltsOf));
}

/** Whether as many have answered of one salt as complete answers need; where too few are left of all, all that are left of one. */
function isOneCovered(state: KeyState, saltsOf: SaltsOf): boolean {
  const able = ableOf(state).map((candidate) => ({ ...candidate, groups: saltsOf(candidate) }));
  const salts = [...new Set(able.flatMap(({ groups }) => groups))];
  if (salts.length < 2) return true;
  const coverable = salts.filter((salt) => isCoverable(state, salt, saltsOf));
  return isCovered({ ...state, candidates: able }, coverable.length > 0 ? coverable : salts);
}

/** Whether three nodes of a salt, or all where there are fewer, can still answer: of those that can be asked unless said. */
function isCoverable(state: KeyState, salt: number, saltsOf: SaltsOf, of = ableOf(state)): boolean {
  const count = (list: readonly Candidate[]): number => list.filter((one) => saltsOf(one).includes(salt)).length;
  return count(of) >= Math.min(WANTED_ANSWERS, count(state.candidates));
}

/**
 * The salt that makes an answer complete with the fewest further questions of this key, then with the fewest dials, then with the fewest
 * questions at all; of several the first in the candidates' order.
 * @param planned who is about to be asked for other keys
 */
export function saltToCover(state: KeyState, planned: Planned): number | undefined {
  const salts = [...new Set(state.candidates.flatMap(groupsOf))];
  const prompt = promptOf(state);
  const lacking = (salt: number, isThere: (candidate: Candidate) => boolean): number =>
    Math.max(0, WANTED_ANSWERS - prompt.filter((one) => one.groups.includes(salt) && isThere(one)).length);
  const isAsked = ({ peer }: Candidate): boolean => state.asked.has(peer.id);
  const isPlanned = (one: Candidate): boolean => isAsked(one) || planned.has(one.peer.id);
  const isNear = (one: Candidate): boolean => isPlanned(one) || one.connected !== false;
  const costs = [isAsked, isNear, isPlanned].map((isThere) => (salt: number) => lacking(salt, isThere));
  // Where neither can be covered without those that are late, they are hoped for.
  for (const of of [prompt, ableOf(state)]) {
    const coverable = salts.filter((salt) => isCoverable(state, salt, groupsOf, of));
    if (coverable.length > 0)
      return coverable.sort((a, b) => costs.map((cost) => cost(a) - cost(b)).find((by) => by !== 0) ?? 0)[0];
  }
  return undefined;
}

/** Nodes that are asked for other keys anyway, by id. */
export type Planned = Pick<ReadonlySet<string>, 'has'>;

/**
 * Candidates of a key in the order in which they are to be asked: those that hold it under a salt and are its nearest by anybody's word
 * before those of which only one is known; among these first who is asked anyway, for a node is asked once for all of its keys, then
 * who takes no dial, then who holds the most keys.
 * @param keysOf of how many keys that are open a node is a candidate
 */
export function inOrder(
  candidates: readonly Candidate[],
  { salt, planned, keysOf }: { salt: number | undefined; planned: Planned; keysOf: (id: string) => number },
): Candidate[] {
  const rank = (candidate: Candidate): number[] => {
    const { peer, groups, connected } = candidate;
    const isOfBoth = [groups, nearestOf(candidate)].every((salts) => salts.some((of) => of === salt));
    return [Number(!isOfBoth), Number(!planned.has(peer.id)), Number(connected === false), -keysOf(peer.id)];
  };
  const ranked = candidates.map((candidate) => ({ candidate, rank: rank(candidate) }));
  ranked.sort((a, b) => a.rank.map((of, at) => of - (b.rank[at] ?? 0)).find((by) => by !== 0) ?? 0);
  return ranked.map(({ candidate }) => candidate);
}

/** Whether so many have answered of those that are nearest by anybody's word, and of those that are known to be there. */
export function hasEnough(state: KeyState, wanted: number): boolean {
  const able = ableOf(state);
  return [groupsOf, nearestOf].every((saltsOf) => {
    const some = withAny(able, saltsOf);
    return answeredIn(some, state) >= Math.min(wanted, some.length);
  });
}

/** The same, counting those too that were candidates only until nearer ones were named. */
export function hasAnswers(state: KeyState): boolean {
  return state.answered.size >= Math.min(WANTED_ANSWERS, ableOf(state).length);
}

function answeredIn(candidates: readonly Candidate[], { answered }: AskedKey): number {
  return candidates.filter(({ peer }) => answered.has(peer.id)).length;
}
