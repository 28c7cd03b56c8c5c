import type { CID } from 'multiformats/cid';
import {
  compareIds,
  comparePairs,
  concurrent,
  isKind,
  keyOf,
  ofKind,
  pairOf,
  type Entry,
  type Pair,
  type PayloadOfKind,
} from './log.js';
import { withCommitments, type Proposal } from './proposal.js';
import { isSide, otherSide, type Role } from './roles.js';
import type { Terms } from './terms.js';

/** The one contract: the offer or counter-offer with its terms, and the accept that made them binding. */
export interface Agreement {
  readonly proposal: CID;
  readonly accept: CID;
  /** With the buyer's commitments that its accept added. */
  readonly terms: Terms;
  /** When the accept was made, by the clock of its author, ms. */
  readonly since: number;
}

/**
 * Two answers of one side to the same proposal (or to rivals of one round) that contradict each other and had not seen
 * each other: by one device, which is an equivocation, or by two devices of one trader that did not wait for each other.
 */
export interface Conflict {
  readonly role: Role;
  readonly messages: Pair;
  /** One of the two is a binding accept: the trade freezes. */
  readonly freezes: boolean;
}

export interface Negotiation {
  /** Proposals in rounds that nobody ended, the latest first. More than one only where a side forked. */
  readonly open: readonly Proposal[];
  /** The latest proposal. */
  readonly last: Proposal;
  readonly agreement?: Agreement;
  readonly conflicts: readonly Conflict[];
  /** How the last round ended, where it was not by a proposal or an accept. */
  readonly ended?: 'declined' | 'withdrawn' | 'expired';
}

type Answer = Entry<PayloadOfKind<'counter' | 'accept' | 'decline'>>;
type Accept = Entry<PayloadOfKind<'accept'>>;

/** The negotiation over a set of valid messages that has the past of each of them, in any order of arrival. */
export function negotiate(entries: readonly Entry[]): Negotiation {
  const proposals = new Map<string, Proposal>();
  for (const { key, verdict } of entries) if (verdict.proposal !== undefined) proposals.set(key, verdict.proposal);
  const rounds = new Map<string, { answers: Answer[]; declined: boolean; withdrawn: boolean; expired: boolean }>();
  const roundOf = (name: string) => {
    const round = rounds.get(name) ?? { answers: [], declined: false, withdrawn: false, expired: false };
    rounds.set(name, round);
    return round;
  };
  for (const entry of entries) {
    for (const name of entry.verdict.ends?.rounds ?? []) roundOf(name).expired = true;
    if (
      !isKind(entry, 'counter') &&
      !isKind(entry, 'accept') &&
      !isKind(entry, 'decline') &&
      !isKind(entry, 'withdraw')
    )
      continue;
    const answered = proposals.get(keyOf(entry.message.payload.answers));
    if (answered === undefined) continue;
    const round = roundOf(answered.round);
    if (isKind(entry, 'withdraw')) round.withdrawn = true;
    else round.answers.push(entry);
    if (isKind(entry, 'decline')) round.declined = true;
  }

  const latestFirst = [...proposals.values()].sort((a, b) => b.depth - a.depth || compareIds(a.id, b.id));
  const last = latestFirst[0];
  if (last === undefined) throw new RangeError('A trade begins with an offer.');
  const open = latestFirst.filter((proposal) => !rounds.has(proposal.round));
  const conflicts = [...rounds.values()].flatMap((round) => conflictsAmong(round.answers, proposals));
  conflicts.sort((a, b) => comparePairs(a.messages, b.messages));
  const agreement = agreementOf(entries, proposals, conflicts);
  const end = rounds.get(last.round);
  return {
    open,
    last,
    conflicts,
    ...(agreement === undefined ? {} : { agreement }),
    ...(end === undefined || open.length > 0
      ? {}
      : { ended: end.declined ? 'declined' : end.withdrawn ? 'withdrawn' : 'expired' }),
  };
}

/**
 * Each contradicting answer once or more, with the one of the smallest id that it contradicts: proof enough. All answers
 * of a round are of one side, for its proposals are of the other.
 */
function conflictsAmong(answers: readonly Answer[], proposals: ReadonlyMap<string, Proposal>): Conflict[] {
  if (answers.length < 2) return [];
  const byId = [...answers].sort((a, b) => compareIds(a.message.id, b.message.id));
  const found = new Map<string, Conflict>();
  for (const a of byId) {
    const b = byId.find((one) => effectOf(one, proposals) !== effectOf(a, proposals) && concurrent(one, a));
    if (b === undefined) continue;
    const messages = pairOf(a, b);
    const freezes = a.verdict.binding === true || b.verdict.binding === true;
    found.set(messages.map(keyOf).join(), { role: a.role, messages, freezes });
  }
  return [...found.values()];
}

/** Two answers with the same effect do not contradict each other: both accept the same terms, or both decline. */
function effectOf(answer: Answer, proposals: ReadonlyMap<string, Proposal>): string {
  const { payload } = answer.message;
  switch (payload.kind) {
    case 'accept':
      return `accept ${sourceOf(payload.answers, proposals)}`;
    case 'decline':
      return 'decline';
    case 'counter':
      return answer.key;
  }
}

function sourceOf(answered: CID, proposals: ReadonlyMap<string, Proposal>): string {
  return keyOf(proposals.get(keyOf(answered))?.source ?? answered);
}

/**
 * The contract. Honest sides make one at most. Where forks made more, the one counts that the other side has acted under
 * (so what an honest side did for a contract stays done for it); else one whose accepter did not contradict itself; else
 * that of the smallest id, so that all agree.
 */
function agreementOf(
  entries: readonly Entry[],
  proposals: ReadonlyMap<string, Proposal>,
  conflicts: readonly Conflict[],
): Agreement | undefined {
  const accepts = ofKind(entries, 'accept').filter((accept) => accept.verdict.binding === true);
  const [only] = accepts;
  // The usual case, and asked for every message: nothing has to be weighed.
  if (accepts.length < 2) return only === undefined ? undefined : agreementBy(only, proposals);
  const contradicted = new Set(conflicts.flatMap((conflict) => conflict.messages.map(keyOf)));
  const actedUnder = new Set(
    entries.flatMap(({ role, verdict }) => (isSide(role) ? [`${otherSide(role)} ${verdict.under ?? ''}`] : [])),
  );
  const rank = (accept: Accept): number => {
    if (actedUnder.has(`${accept.role} ${sourceOf(accept.message.payload.answers, proposals)}`)) return 0;
    return contradicted.has(accept.key) ? 2 : 1;
  };
  const [chosen] = accepts
    .map((accept) => ({ accept, rank: rank(accept) }))
    .sort((a, b) => a.rank - b.rank || compareIds(a.accept.message.id, b.accept.message.id));
  return chosen === undefined ? undefined : agreementBy(chosen.accept, proposals);
}

function agreementBy({ message }: Accept, proposals: ReadonlyMap<string, Proposal>): Agreement | undefined {
  const { id, payload } = message;
  const proposal = proposals.get(keyOf(payload.answers));
  if (proposal === undefined) return undefined;
  return {
    proposal: proposal.source,
    accept: id,
    terms: withCommitments(proposal.terms, payload),
    since: payload.created,
  };
}
