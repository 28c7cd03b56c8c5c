import type { CID } from 'multiformats/cid';
import { follows, type Entry, type PayloadOfKind } from './log.js';
import type { Conflict } from './negotiation.js';
import type { Pause } from './remedies.js';
import type { AgreedRemedy } from './remedies.js';
import { SIDES, type Side } from './roles.js';
import { earliest, sortedIds, standing, type Steps } from './steps.js';

/**
 * What is contested. `frozen`: somebody contradicted an accept of its own. `open`: a side disputes, and the arbiter, where
 * there is one, may rule. `settled`: the sides agreed on a remedy. `ruled`: what the ruling says is owed, and nothing else.
 * `unresolved`: nobody ruled in time, the arbiter contradicted itself, or what was ruled was not done.
 */
export interface DisputeRegion {
  readonly status: 'none' | 'frozen' | 'open' | 'settled' | 'withdrawn' | 'ruled' | 'unresolved';
  /** Sides whose dispute is open. */
  readonly by: readonly Side[];
  /** All disputes there were. */
  readonly messages: readonly CID[];
  readonly ruling?: CID;
  /** What froze the trade. */
  readonly conflicts: readonly Conflict[];
}

type Ruling = Entry<PayloadOfKind<'ruling'>>;
type Opened = Entry<PayloadOfKind<'dispute'>>;

/** The arbiter's decision, or that it made two that contradict each other. */
export interface Decision {
  readonly ruling?: Ruling;
  readonly contradicts: boolean;
}

/**
 * Rulings that say the same are one. Where an arbiter forked and they differ, that one counts which a side has gone on
 * from; where that does not decide either, none does.
 */
export function decisionIn(steps: Steps): Decision {
  const rulings = steps.of('ruling');
  const goneOn = rulings.length < 2 ? [] : steps.ofAny('refunded', 'refund-seen', 'returned', 'return-seen', 'shipped');
  const acted = rulings.filter((ruling) => goneOn.some((step) => follows(step, ruling)));
  const candidates = acted.length > 0 ? acted : rulings;
  const different = new Set(candidates.map(({ message }) => meaningOf(message.payload)));
  const ruling = earliest(candidates);
  return different.size > 1 || ruling === undefined
    ? { contradicts: different.size > 1 }
    : { ruling, contradicts: false };
}

function meaningOf(payload: PayloadOfKind<'ruling'>): string {
  const parts = [payload.return, payload.replace, payload.omit].map((list) =>
    (list ?? []).map(({ line, quantity }) => `${line}:${quantity}`).sort(),
  );
  return JSON.stringify([payload.refund?.amount ?? 0, ...parts]);
}

export interface Contest {
  readonly region: DisputeRegion;
  /** Disputes that nothing has ended. */
  readonly open: readonly Opened[];
  /** When disputes stood. */
  readonly pauses: readonly Pause[];
}

/**
 * @param agreed remedies: one that was agreed upon ends the disputes that its accept had seen
 * @param closing the steps by which the trade was completed with the signatures of both; a dispute that crossed one is void
 */
export function contestIn(
  steps: Steps,
  decision: Decision,
  agreed: readonly AgreedRemedy[],
  closing: readonly Entry[],
  conflicts: readonly Conflict[],
): Contest {
  const { ruling, contradicts } = decision;
  const withdrawn = steps.of('dispute-withdrawn');
  const void_ = (one: Opened) => closing.find((step) => !follows(one, step));
  const settledBy = (one: Opened): Entry | undefined =>
    earliest<Entry>([...agreed.map(({ accept }) => accept).filter((accept) => follows(accept, one))]) ?? void_(one);
  const withdrawnBy = (one: Opened) =>
    earliest(withdrawn.filter((step) => step.role === one.role && follows(step, one)));

  const all = steps.of('dispute');
  const late = [...steps.of('ruling'), ...withdrawn, ...steps.of('remedy-accept'), ...closing];
  const unruled = standing(steps, 'ruling', late)[0];
  const ending = (one: Opened): Entry | undefined => settledBy(one) ?? withdrawnBy(one) ?? ruling ?? unruled;
  const open = all.filter((one) => ending(one) === undefined && !contradicts);
  const pauses = all.map((one): Pause => {
    const end = ending(one);
    const from = one.message.payload.created;
    return end === undefined ? { from } : { from, until: Math.max(from, end.message.payload.created) };
  });

  const freezing = conflicts.filter((conflict) => conflict.freezes);
  const status = (): DisputeRegion['status'] => {
    if (contradicts) return 'unresolved';
    if (ruling !== undefined) return undone(steps) ? 'unresolved' : 'ruled';
    if (unruled !== undefined) return 'unresolved';
    if (open.length > 0) return 'open';
    if (freezing.length > 0) return 'frozen';
    if (all.some((one) => settledBy(one) !== undefined)) return 'settled';
    return all.length > 0 ? 'withdrawn' : 'none';
  };
  const region: DisputeRegion = {
    status: status(),
    by: SIDES.filter((side) => open.some(({ role }) => role === side)),
    messages: sortedIds(all),
    ...(ruling === undefined ? {} : { ruling: ruling.message.id }),
    conflicts: freezing,
  };
  return { region, open, pauses };
}

/** Whether the time for doing what was ruled has passed, and nothing of it was on its way. */
function undone(steps: Steps): boolean {
  const late = steps.ofAny(
    'paid',
    'payment-seen',
    'refunded',
    'refund-seen',
    'shipped',
    'received',
    'approved',
    'returned',
    'return-seen',
  );
  return standing(steps, 'fulfilment', late).length > 0;
}
