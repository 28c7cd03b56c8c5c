import type { CID } from 'multiformats/cid';
import type { Contest } from './dispute.js';
import { isApproved, isSent, leftToReceive, leftToShip, onTheWayBack } from './goods.js';
import type { Entry } from './log.js';
import { isNone } from './parts.js';
import type { Regions } from './regions.js';
import { agreementIn } from './regions.js';
import { endOf, type Pause, type Remedies } from './remedies.js';
import { earliest, latest, type Steps } from './steps.js';
import { WORDS } from './words.js';

const minute = 60 * 1000;
/** DESIGN section 6: a deadline counts as passed only so long after it, so that clocks a little apart agree. */
export const DEADLINE_GRACE = 10 * minute;

/** A deadline that runs. */
export interface Deadline {
  readonly deadline: DeadlineName;
  /** When it passes, ms. */
  readonly at: number;
  /** The message that it runs from, and for how long, ms; none where the time itself is part of the terms. */
  readonly from?: CID;
  readonly lasts?: number;
}

/** What deadlines are reckoned from. */
export interface Clock extends Pick<Regions, 'contract' | 'payment' | 'delivery' | 'dispute' | 'word'> {
  readonly steps: Steps;
  readonly contest: Contest;
  readonly remedies: Remedies;
}

interface DeadlineRow {
  /** What it is for. */
  readonly says: string;
  readonly from: string;
  /** The field of `terms.deadlines`, or what else it lasts. */
  readonly lasts: string;
  readonly then: string;
  readonly runs: (clock: Clock) => Omit<Deadline, 'deadline'> | undefined;
}

/** Every deadline: when it runs, and what its end does. A timeout says that one has passed. */
export const DEADLINES = {
  'offer-expiry': {
    says: 'an answer to the open proposal',
    from: '`terms.expires` of the proposal; of rivals the latest',
    lasts: '—',
    then: 'The proposal expires. An answer that was on its way wins.',
    runs: ({ contract }) =>
      contract.status === 'open' && contract.last.kind !== 'accept' ? expiry(contract) : undefined,
  },
  confirmation: {
    says: 'the seller’s confirmation of goods subject to stock',
    from: '`terms.expires` of the proposal, and 24 hours',
    lasts: '—',
    then: 'The proposal expires. A confirmation that was on its way wins.',
    runs: ({ contract }) =>
      contract.status === 'open' && contract.last.kind === 'accept' ? expiry(contract) : undefined,
  },
  payment: {
    says: 'the payment, while nothing was shipped',
    from: 'the contract, or when the last money was seen first',
    lasts: 'payment',
    then: 'The contract lapses and its stock is free; what was paid goes back. A payment or parcel that was on its way, or a payment that comes later, opens it again, unless money went back for it; then the seller may cancel alone.',
    runs: runsPayment,
  },
  delivery: {
    says: 'the sending of all that is due',
    from: 'the money that was seen or claimed, the last parcel, or the last change of what is due',
    lasts: 'delivery',
    then: 'The buyer may cancel alone, until a parcel comes that was on its way or is sent later.',
    runs: runsDelivery,
  },
  inspection: {
    says: 'the buyer’s inspection, once all was sent',
    from: 'the last receipt; where not all was received, the last parcel and the time of a delivery',
    lasts: 'inspection',
    then: 'What was sent counts as approved. A remedy or dispute of the buyer that was on its way opens it again.',
    runs: runsInspection,
  },
  answer: {
    says: 'the answer to a remedy',
    from: 'the remedy',
    lasts: 'answer',
    then: 'The remedy is off, and its author may propose another or dispute. An accept that was on its way wins.',
    runs: runsAnswer,
  },
  refund: {
    says: 'the buyer’s word that the refund came',
    from: 'the last claim of a refund',
    lasts: 'answer',
    then: 'The refund counts as seen. A dispute of the buyer that was on its way opens it again.',
    runs: (clock) =>
      clock.payment.status === 'refund-claimed'
        ? since(clock, latest(clock.steps.of('refunded')), 'answer')
        : undefined,
  },
  return: {
    says: 'the seller’s word that the returned goods came',
    from: 'the last return',
    lasts: 'answer',
    then: 'What was said to be sent back counts as seen. A dispute of the seller that was on its way opens it again.',
    runs: (clock) => {
      const { goods } = clock.delivery;
      if (goods === undefined || isNone(onTheWayBack(goods))) return undefined;
      return since(clock, latest(clock.steps.of('returned')), 'answer');
    },
  },
  ruling: {
    says: 'the arbiter’s ruling, or that the sides agree',
    from: 'the first open dispute',
    lasts: 'ruling',
    then: 'The trade ends unresolved. A ruling, a withdrawal or an agreement that was on its way wins.',
    runs: (clock) => {
      const first = clock.dispute.status === 'open' ? earliest(clock.contest.open) : undefined;
      return since(clock, first, 'ruling', []);
    },
  },
  fulfilment: {
    says: 'what was ruled, as long as something of it is owed',
    from: 'the ruling',
    lasts: 'ruling',
    then: 'The trade ends unresolved. Any step by which a side does what was ruled opens it again.',
    runs: (clock) => {
      const owed = clock.dispute.status === 'ruled' && WORDS[clock.word].phase !== 'final';
      return owed ? since(clock, latest(clock.steps.of('ruling')), 'ruling', []) : undefined;
    },
  },
} as const satisfies Record<string, DeadlineRow>;

export type DeadlineName = keyof typeof DEADLINES;
export const DEADLINE_NAMES = Object.keys(DEADLINES) as readonly DeadlineName[];

/** The deadlines that run, the next first. During a dispute all stand still but its own. */
export function runningDeadlines(clock: Clock): readonly Deadline[] {
  const running = DEADLINE_NAMES.flatMap((deadline): Deadline[] => {
    const row: DeadlineRow = DEADLINES[deadline];
    const runs = row.runs(clock);
    return runs === undefined ? [] : [{ deadline, ...runs }];
  });
  return running.sort((a, b) => a.at - b.at || (a.deadline < b.deadline ? -1 : 1));
}

/** The deadlines that run in a state, the next first. */
export function deadlinesOf({ deadlines }: Pick<Regions, 'deadlines'>): readonly Deadline[] {
  return deadlines;
}

function expiry(contract: Extract<Regions['contract'], { status: 'open' }>): Omit<Deadline, 'deadline'> {
  // The latest of rivals: a timeout ends them all.
  return { at: Math.max(...contract.open.map((proposal) => proposal.expires)) };
}

type Duration = 'payment' | 'delivery' | 'inspection' | 'answer' | 'ruling';

/** From a message, for as long as the contract says; undefined while it stands still. */
function since(
  { contract, contest, dispute }: Clock,
  entry: Entry | undefined,
  lasts: Duration,
  pauses: readonly Pause[] = contest.pauses,
  more = 0,
): Omit<Deadline, 'deadline'> | undefined {
  const agreement = agreementIn(contract);
  if (agreement === undefined || entry === undefined || dispute.status === 'unresolved') return undefined;
  const duration = agreement.terms.deadlines[lasts] + more;
  const at = endOf(entry.message.payload.created, duration, pauses);
  return at === undefined ? undefined : { at, from: entry.message.id, lasts: duration };
}

function runsPayment(clock: Clock): Omit<Deadline, 'deadline'> | undefined {
  const { contract, payment, delivery, steps } = clock;
  if (contract.status !== 'agreed' || delivery.shipped.length > 0) return undefined;
  if (payment.status === 'short') {
    // From when that sum was seen first: a claim that was answered by the same sum again wins no time.
    const seen = steps
      .of('payment-seen')
      .filter(({ message }) => message.payload.amount.amount === payment.seen?.amount);
    return since(clock, earliest(seen), 'payment');
  }
  if (payment.status !== 'due') return undefined;
  return fromAgreement(clock, 'payment');
}

function fromAgreement(clock: Clock, lasts: Duration): Omit<Deadline, 'deadline'> | undefined {
  const { contract, contest } = clock;
  if (contract.status !== 'agreed' || clock.dispute.status === 'unresolved') return undefined;
  const { accept, since: made, terms } = contract.agreement;
  const duration = terms.deadlines[lasts];
  const at = endOf(made, duration, contest.pauses);
  return at === undefined ? undefined : { at, from: accept, lasts: duration };
}

function runsDelivery(clock: Clock): Omit<Deadline, 'deadline'> | undefined {
  const { contract, payment, delivery, steps, remedies } = clock;
  const { goods, late } = delivery;
  if (contract.status !== 'agreed' || goods === undefined || late || isNone(leftToShip(goods))) return undefined;
  if (['due', 'short', 'none', 'void'].includes(payment.status)) return undefined;
  const price = payment.price?.amount ?? 0;
  const full = steps.of('payment-seen').filter(({ message }) => message.payload.amount.amount >= price);
  const paid = earliest(full) ?? latest(steps.of('paid'));
  const changes = [...remedies.agreed.map(({ accept }) => accept), ...steps.of('ruling')];
  const last = latest<Entry>([...(paid === undefined ? [] : [paid]), ...steps.of('shipped'), ...changes]);
  return last === undefined ? fromAgreement(clock, 'delivery') : since(clock, last, 'delivery');
}

function runsInspection(clock: Clock): Omit<Deadline, 'deadline'> | undefined {
  const { contract, delivery, steps, contest, remedies } = clock;
  const { goods } = delivery;
  if (contract.status !== 'agreed' || goods === undefined || !isSent(goods)) return undefined;
  if (isApproved(goods, goods.approved)) return undefined;
  const pauses = [...contest.pauses, ...remedies.pauses];
  const parcel = latest(steps.of('shipped'));
  if (!isNone(leftToReceive(goods))) {
    return since(clock, parcel, 'inspection', pauses, contract.agreement.terms.deadlines.delivery);
  }
  return since(
    clock,
    latest<Entry>([...steps.of('received'), ...(parcel === undefined ? [] : [parcel])]),
    'inspection',
    pauses,
  );
}

function runsAnswer(clock: Clock): Omit<Deadline, 'deadline'> | undefined {
  if (clock.contract.status !== 'agreed') return undefined;
  const { open } = clock.remedies;
  const waiting = clock.steps.of('remedy').filter(({ message }) => open.some(({ id }) => id.equals(message.id)));
  return since(clock, earliest(waiting), 'answer');
}
