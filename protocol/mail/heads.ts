import type { CID } from 'multiformats/cid';

/** A log as far as comparing needs it: each message with those that it names. */
export interface ComparedLog {
  readonly messages: readonly { readonly id: CID; readonly heads: readonly CID[] }[];
}

export interface Comparison {
  /** Messages that the other side lacks as far as its heads tell, in the order of the log. It may have some of them. */
  readonly lacking: readonly CID[];
  /** Heads of the other side that are not in this log: it has something that is missing here. */
  readonly unknown: readonly CID[];
}

/**
 * Holds a log against the heads that the other side has. Whoever gets unknown heads answers with its own, and is sent what is missing:
 * two rounds make both logs the same, whichever had the holes.
 * @param log in causal order: each message after those that it names
 */
export function compareHeads(log: ComparedLog, theirs: readonly CID[]): Comparison {
  const byId = new Map(log.messages.map((message) => [message.id.toString(), message]));
  const had = new Set<string>();
  const todo = theirs.map(String).filter((id) => byId.has(id));
  for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
    if (had.has(id)) continue;
    had.add(id);
    todo.push(...(byId.get(id)?.heads ?? []).map(String));
  }
  return {
    lacking: log.messages.filter(({ id }) => !had.has(id.toString())).map(({ id }) => id),
    unknown: theirs.filter((id) => !byId.has(id.toString())),
  };
}
