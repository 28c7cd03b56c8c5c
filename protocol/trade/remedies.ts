import type { CID } from 'multiformats/cid';
import { compareIds, concurrent, follows, keyOf, type Entry, type PayloadOfKind } from './log.js';
import type { Remedy } from './messages/dispute.js';
import { isSide, otherSide, type Side } from './roles.js';
import { earliest, type Steps } from './steps.js';

/** A proposal to change the contract after the fact that nobody has answered. */
export interface OpenRemedy {
  readonly id: CID;
  readonly by: Side;
  readonly remedy: Remedy;
  /** When it was proposed, ms. */
  readonly since: number;
}

/** A remedy that both sides have signed. */
export interface AgreedRemedy {
  readonly remedy: Remedy;
  readonly accept: Accept;
}

/** A time in which a deadline stood still, ms; without `until` it still does. */
export interface Pause {
  readonly from: number;
  readonly until?: number;
}

export interface Remedies {
  /** One in an honest trade; more where a side forked. */
  readonly open: readonly OpenRemedy[];
  readonly agreed: readonly AgreedRemedy[];
  /** When a remedy of the buyer waited for its answer. */
  readonly pauses: readonly Pause[];
}

type Proposed = Entry<PayloadOfKind<'remedy'>>;
type Accept = Entry<PayloadOfKind<'remedy-accept'>>;
type Answer = Accept | Entry<PayloadOfKind<'remedy-decline'>>;

/**
 * Remedies go by turns as offers do: one is open, and the other side accepts it, declines it, or proposes another. Of two
 * that crossed, that with the smaller id is the open one: both sides know both, so both know which.
 * @param over what ends all that were open: a ruling
 */
export function remediesIn(steps: Steps, over: readonly Entry[]): Remedies {
  const proposed = steps.of('remedy');
  const answers: readonly Answer[] = [...steps.of('remedy-accept'), ...steps.of('remedy-decline')];
  const accepts = counted(steps.of('remedy-accept'), answers, steps);
  const timeouts = steps.of('timeout').filter(({ verdict }) => verdict.ends?.remedies !== undefined);
  const rivals = (one: Proposed) => proposed.filter((other) => other.role !== one.role);

  const endsOf = (one: Proposed): readonly Entry[] => [
    ...answers.filter(({ message }) => keyOf(message.payload.answers) === one.key),
    ...timeouts.filter(({ verdict }) => verdict.ends?.remedies?.includes(one.key) === true),
    ...[...rivals(one), ...steps.of('remedy-accept'), ...over].filter((later) => follows(later, one)),
    ...rivals(one).filter((other) => concurrent(one, other) && compareIds(other.message.id, one.message.id) < 0),
  ];
  const open: OpenRemedy[] = [];
  const pauses: Pause[] = [];
  for (const one of proposed) {
    const { created } = one.message.payload;
    const end = earliest(endsOf(one));
    if (end === undefined && isSide(one.role)) {
      open.push({ id: one.message.id, by: one.role, remedy: one.message.payload, since: created });
    }
    if (one.role === 'buyer') {
      pauses.push({ from: created, ...(end === undefined ? {} : { until: end.message.payload.created }) });
    }
  }
  const byKey = new Map(proposed.map((one) => [one.key, one]));
  const agreed = accepts.flatMap((accept) => {
    const remedy = byKey.get(keyOf(accept.message.payload.answers))?.message.payload;
    return remedy === undefined ? [] : [{ remedy, accept }];
  });
  return { open: open.sort((a, b) => compareIds(a.id, b.id)), agreed, pauses };
}

/**
 * The accepts that count. Honest sides never make two of which neither saw the other; where forks did, the one counts that
 * the other side has seen and gone on from, else one whose author did not answer otherwise as well, else that of the
 * smallest id.
 */
function counted(accepts: readonly Accept[], answers: readonly Answer[], steps: Steps): readonly Accept[] {
  const sorted = [...accepts].sort((a, b) => compareIds(a.message.id, b.message.id));
  if (!sorted.some((a) => sorted.some((b) => concurrent(a, b)))) return sorted;
  const goneOn = steps.ofAny('refunded', 'refund-seen', 'returned', 'return-seen', 'shipped', 'received', 'approved');
  const rank = (accept: Accept): number => {
    const proposer = isSide(accept.role) ? otherSide(accept.role) : undefined;
    if (goneOn.some((step) => step.role === proposer && follows(step, accept))) return 0;
    const answered = keyOf(accept.message.payload.answers);
    const contradicted = answers.some(
      (other) => keyOf(other.message.payload.answers) === answered && concurrent(other, accept),
    );
    return contradicted ? 2 : 1;
  };
  const ranked = sorted.map((accept) => ({ accept, rank: rank(accept) })).sort((a, b) => a.rank - b.rank);
  const kept: Accept[] = [];
  for (const { accept } of ranked) if (!kept.some((one) => concurrent(one, accept))) kept.push(accept);
  return kept.sort((a, b) => compareIds(a.message.id, b.message.id));
}

/** Pauses as times that do not overlap, the earliest first. */
function merged(pauses: readonly Pause[]): readonly Pause[] {
  const sorted = [...pauses].sort((a, b) => a.from - b.from);
  const all: { from: number; until?: number }[] = [];
  for (const { from, until } of sorted) {
    const last = all.at(-1);
    if (last !== undefined && (last.until === undefined || from <= last.until)) {
      if (until === undefined) delete last.until;
      else if (last.until !== undefined) last.until = Math.max(last.until, until);
    } else all.push({ from, ...(until === undefined ? {} : { until }) });
  }
  return all;
}

/** When a deadline that runs for `lasts` ms from `since` ends; undefined while it stands still. */
export function endOf(since: number, lasts: number, pauses: readonly Pause[]): number | undefined {
  let at = since + lasts;
  for (const { from, until } of merged(pauses)) {
    if (until === undefined) return undefined;
    at += Math.max(0, until - Math.max(from, since));
  }
  return at;
}
