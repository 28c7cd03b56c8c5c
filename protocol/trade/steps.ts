import type { CID } from 'multiformats/cid';
import { compareIds, concurrent, follows, keyOf, type Entry, type PayloadOfKind } from './log.js';
import type { Agreement } from './negotiation.js';
import type { DeadlineName } from './deadlines.js';
import type { MessageKind } from './schema.js';

/** Messages after the contract, by kind. */
export interface Steps {
  of<K extends MessageKind>(kind: K): readonly Entry<PayloadOfKind<K>>[];
  /** Those of all these kinds. */
  ofAny(...kinds: readonly MessageKind[]): readonly Entry[];
}

/** The steps taken under a contract; where forks made several contracts, those under the others do not count for it. */
export function stepsUnder(entries: readonly Entry[], agreement: Agreement | undefined): Steps {
  const under = agreement === undefined ? undefined : keyOf(agreement.proposal);
  const byKind = new Map<MessageKind, Entry[]>();
  for (const entry of entries) {
    if (under === undefined || entry.verdict.under !== under) continue;
    const { kind } = entry.message.payload;
    const known = byKind.get(kind);
    if (known === undefined) byKind.set(kind, [entry]);
    else known.push(entry);
  }
  return {
    of: <K extends MessageKind>(kind: K) => (byKind.get(kind) ?? []) as unknown as readonly Entry<PayloadOfKind<K>>[],
    ofAny: (...kinds) => kinds.flatMap((kind) => byKind.get(kind) ?? []),
  };
}

/**
 * The timeouts of a deadline that stand. A timeout changes the status only: a step that it waited for and that its author
 * had not seen opens again what it had closed (DESIGN section 6).
 * @param late the steps of which none may have been on its way
 */
export function standing(steps: Steps, deadline: DeadlineName, late: readonly Entry[]): readonly Entry[] {
  return steps
    .of('timeout')
    .filter(({ verdict }) => verdict.ends?.deadline === deadline)
    .filter((timeout) => late.every((step) => follows(timeout, step)));
}

/** The same, where only what crossed the timeout counts against it: whoever had seen it contests something else. */
export function uncrossed(steps: Steps, deadline: DeadlineName, objections: readonly Entry[]): readonly Entry[] {
  return steps
    .of('timeout')
    .filter(({ verdict }) => verdict.ends?.deadline === deadline)
    .filter((timeout) => !objections.some((step) => concurrent(step, timeout)));
}

export function sortedIds(entries: readonly Entry[]): readonly CID[] {
  return entries.map(({ message }) => message.id).sort(compareIds);
}

/** The one made last by its author's clock; of two made at once that with the smaller id. */
export function latest<E extends Entry>(entries: readonly E[]): E | undefined {
  return pick(entries, (a, b) => b.message.payload.created - a.message.payload.created);
}

export function earliest<E extends Entry>(entries: readonly E[]): E | undefined {
  return pick(entries, (a, b) => a.message.payload.created - b.message.payload.created);
}

function pick<E extends Entry>(entries: readonly E[], by: (a: E, b: E) => number): E | undefined {
  return [...entries].sort((a, b) => by(a, b) || compareIds(a.message.id, b.message.id))[0];
}
