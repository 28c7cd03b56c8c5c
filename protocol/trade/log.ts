import type { CID } from 'multiformats/cid';
import { compareBytes } from '../ids.js';
import type { DeadlineName } from './deadlines.js';
import { hasIndex, unionOf, type IndexSet } from './index-set.js';
import type { Amounts } from './parts.js';
import type { Proposal } from './proposal.js';
import type { Role } from './roles.js';
import type { MessageKind, TradeMessage, TradePayload } from './schema.js';

/**
 * What the past of a message decides about it, once and for all. Whatever else is in the log, these answers stand, so
 * the state of the whole can rest on them.
 */
export interface Verdict {
  /** The proposal that was the contract in its past, as text: what its author took for agreed. */
  readonly under?: string;
  /** Offer, counter, and accept of goods subject to stock: what the other side can answer. */
  readonly proposal?: Proposal;
  /** Accept: it makes the contract. */
  readonly binding?: boolean;
  /** Timeout: what it ended in its past. */
  readonly ends?: TimeoutEnds;
  /** Cancel: nothing was paid or shipped before it, so it needs no consent. */
  readonly alone?: boolean;
  /** Cancel: it consents to the other side's proposal to cancel. */
  readonly consents?: boolean;
  /** Dispute, timeout: the trade was complete in its past. It is about what that left owed, and does not undo it. */
  readonly completed?: boolean;
  /** Shipped, received, returned, return-seen: how much of each unit it says. Approved, ruling: how much had been shipped. */
  readonly amounts?: Amounts;
}

/** What a timeout takes for done or over, as its past had it; undefined what its deadline does not touch. */
export interface TimeoutEnds {
  readonly deadline: DeadlineName;
  /** Rounds of the negotiation. */
  readonly rounds?: readonly string[];
  /** Remedies that stayed unanswered, by id. */
  readonly remedies?: readonly string[];
  /** The money that the seller had said to have sent back, minor units: now it counts as seen. */
  readonly refunded?: number;
  /** What the buyer had said to have sent back: now it counts as seen. */
  readonly returned?: Amounts;
  /** What had been shipped: now it counts as approved. */
  readonly approved?: Amounts;
}

/** A valid message in its log. */
export interface Entry<P extends TradePayload = TradePayload> {
  readonly message: TradeMessage<P>;
  /** The id in text. */
  readonly key: string;
  /** Place in the order of arrival: it says nothing, it only numbers the bits of `past`. */
  readonly index: number;
  readonly role: Role;
  /** Its signing device, as text. */
  readonly device: string;
  /** Every message before this one: its heads, their heads, and so on. */
  readonly past: IndexSet;
  /** Length of the longest way to the first offer. */
  readonly depth: number;
  readonly verdict: Verdict;
}

/** Valid messages, with every message also its past. */
export interface Log {
  readonly entries: readonly Entry[];
  readonly byKey: ReadonlyMap<string, Entry>;
  /** Those that no other message names, sorted by the bytes of their ids. */
  readonly heads: readonly Entry[];
}

export const EMPTY_LOG: Log = { entries: [], byKey: new Map(), heads: [] };

export function keyOf(id: CID): string {
  return id.toString();
}

export function compareIds(a: CID, b: CID): number {
  return compareBytes(a.bytes, b.bytes);
}

export function deviceOf(role: Role, device: Uint8Array): string {
  return `${role}:${Array.from(device, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** Whether `later` has `earlier` in its past. */
export function follows(later: Entry, earlier: Entry): boolean {
  return hasIndex(later.past, earlier.index);
}

/** Whether neither author had seen the other's message. */
export function concurrent(a: Entry, b: Entry): boolean {
  return a !== b && !follows(a, b) && !follows(b, a);
}

/** The past of a message that names `heads`. */
export function pastOf(heads: readonly Entry[]): IndexSet {
  const pasts = heads.map((head) => head.past);
  const indexes = heads.map((head) => head.index);
  return unionOf(pasts, indexes);
}

export function entriesIn(log: Log, past: IndexSet): readonly Entry[] {
  return log.entries.filter((entry) => hasIndex(past, entry.index));
}

export function append(log: Log, entry: Entry): Log {
  const heads = [...log.heads.filter((head) => !follows(entry, head)), entry];
  return {
    entries: [...log.entries, entry],
    byKey: new Map(log.byKey).set(entry.key, entry),
    heads: heads.sort((a, b) => compareIds(a.message.id, b.message.id)),
  };
}

/** The payload of a kind, of the kinds that a log holds. */
export type PayloadOfKind<K extends MessageKind> = Extract<TradePayload, { kind: K }>;

export function isKind<K extends MessageKind>(entry: Entry, kind: K): entry is Entry<PayloadOfKind<K>> {
  return entry.message.payload.kind === kind;
}

export function ofKind<K extends MessageKind>(entries: readonly Entry[], kind: K): readonly Entry<PayloadOfKind<K>>[] {
  return entries.filter((entry): entry is Entry<PayloadOfKind<K>> => isKind(entry, kind));
}

/** An order that all holders of the same set agree on, each message after its past. */
export function inCausalOrder(entries: readonly Entry[]): readonly Entry[] {
  return [...entries].sort((a, b) => a.depth - b.depth || compareIds(a.message.id, b.message.id));
}

/** Two messages of which neither author had seen the other, as evidence; the smaller id first. */
export type Pair = readonly [CID, CID];

export function pairOf(a: Entry, b: Entry): Pair {
  return compareIds(a.message.id, b.message.id) <= 0 ? [a.message.id, b.message.id] : [b.message.id, a.message.id];
}

export function comparePairs(a: Pair, b: Pair): number {
  return compareIds(a[0], b[0]) || compareIds(a[1], b[1]);
}

/** One device signed two messages of which neither saw the other: its log forked, by a restored copy or on purpose. */
export interface Equivocation {
  readonly role: Role;
  readonly device: Uint8Array;
  readonly messages: Pair;
}

/**
 * Every device that forked, with proofs: for each branch its first message beside the first of another branch. Not all
 * pairs, for somebody who signs 500 forks should not make 125,000.
 */
export function equivocationsIn(entries: readonly Entry[]): readonly Equivocation[] {
  const byDevice = new Map<string, Entry[]>();
  for (const entry of inCausalOrder(entries)) {
    const own = byDevice.get(entry.device);
    if (own === undefined) byDevice.set(entry.device, [entry]);
    else own.push(entry);
  }
  const found = new Map<string, Equivocation>();
  for (const own of byDevice.values()) {
    // A chain is the usual case and costs one step a message.
    if (own.every((entry, place) => place === 0 || follows(entry, own[place - 1] ?? entry))) continue;
    for (const entry of own) {
      const other = own.find((one) => concurrent(entry, one));
      if (other === undefined || own.some((earlier) => follows(entry, earlier) && concurrent(earlier, other))) continue;
      const messages = pairOf(entry, other);
      found.set(messages.map(keyOf).join(), { role: entry.role, device: entry.message.payload.device, messages });
    }
  }
  return [...found.values()].sort((a, b) => comparePairs(a.messages, b.messages));
}

/**
 * The heads that the next message of `role` should name: all of them, up to `most`. Where somebody forked so often that
 * there are more, the author's own come first (a device's messages form a chain), then one from which `answers` is
 * reached, then the rest.
 */
export function headsToName(log: Log, role: Role, most: number, answers?: CID): readonly CID[] {
  const answered = answers === undefined ? undefined : log.byKey.get(keyOf(answers));
  const rank = (head: Entry): number => {
    if (head.role === role) return 0;
    return answered !== undefined && (head === answered || follows(head, answered)) ? 1 : 2;
  };
  return [...log.heads]
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, most)
    .map((head) => head.message.id)
    .sort(compareIds);
}
