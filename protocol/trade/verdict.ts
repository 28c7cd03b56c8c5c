import { DEADLINE_GRACE, type DeadlineName } from './deadlines.js';
import { amountsSaid } from './guards/parts.js';
import { keyOf, type TimeoutEnds, type Verdict } from './log.js';
import { least, most } from './parts.js';
import { proposalOf, type Proposal } from './proposal.js';
import { agreementIn, type Regions } from './regions.js';
import { isSide, otherSide, type Role } from './roles.js';
import type { TradeMessage, TradePayloadOf } from './schema.js';

/** @param regions the state in the past of a valid message; undefined for an offer */
export function verdictOf(message: TradeMessage, role: Role, depth: number, regions: Regions | undefined): Verdict {
  const { payload } = message;
  const proposal = (answered?: Proposal) => (isSide(role) ? proposalOf(message, role, depth, answered) : undefined);
  if (payload.kind === 'offer' || regions === undefined) return proposing(proposal());
  const { contract } = regions;
  const agreement = agreementIn(contract);
  const under = agreement === undefined ? {} : { under: keyOf(agreement.proposal) };
  const completed = contract.status === 'completed' ? { completed: true } : {};
  switch (payload.kind) {
    case 'counter':
    case 'accept': {
      const open = contract.status === 'open' ? contract.open : [];
      const made = proposal(open.find(({ id }) => keyOf(id) === keyOf(payload.answers)));
      return payload.kind === 'accept' && made === undefined ? { binding: true } : proposing(made);
    }
    case 'timeout':
      return { ...under, ...completed, ends: endsOf(payload, regions) };
    case 'dispute':
      return { ...under, ...completed };
    case 'cancel':
      return {
        ...under,
        alone: mayCancelAlone(regions, role),
        consents: isSide(role) && regions.cancelProposedBy.includes(otherSide(role)),
      };
    case 'shipped':
    case 'received':
    case 'returned':
    case 'return-seen': {
      const amounts = amountsSaid(payload, regions);
      return amounts === undefined ? under : { ...under, amounts };
    }
    case 'approved':
    case 'ruling': {
      const { goods } = regions.delivery;
      return goods === undefined ? under : { ...under, amounts: goods.shipped };
    }
    case 'decline':
    case 'withdraw':
    case 'paid':
    case 'payment-seen':
    case 'refunded':
    case 'refund-seen':
    case 'consent':
    case 'remedy':
    case 'remedy-accept':
    case 'remedy-decline':
    case 'dispute-withdrawn':
    case 'statement':
    case 'rating':
    case 'reply':
      return under;
  }
}

function proposing(proposal: Proposal | undefined): Verdict {
  return proposal === undefined ? {} : { proposal };
}

/** Nothing is paid or shipped, or the other side let its time pass. */
function mayCancelAlone({ contract, payment, delivery, wasLate }: Regions, role: Role): boolean {
  const isShipped = delivery.shipped.length > 0;
  if (contract.status === 'open') return true;
  if (payment.claims.length === 0 && payment.seen === undefined && !isShipped) return true;
  return role === 'buyer' ? delivery.late : wasLate && !isShipped;
}

function endsOf({ deadline, created }: TradePayloadOf<'timeout'>, regions: Regions): TimeoutEnds {
  const { contract, payment, delivery } = regions;
  const { goods } = delivery;
  // The guards let only deadlines pass that run.
  const name = deadline as DeadlineName;
  switch (name) {
    case 'offer-expiry':
    case 'confirmation':
      return { deadline: name, rounds: contract.status === 'open' ? contract.open.map(({ round }) => round) : [] };
    case 'answer':
      return { deadline: name, remedies: unansweredIn(regions, created) };
    case 'refund':
      return { deadline: name, refunded: payment.refunded?.amount ?? 0 };
    case 'return':
      return {
        deadline: name,
        ...(goods === undefined ? {} : { returned: most(least(goods.returned, goods.returning), goods.returnSeen) }),
      };
    case 'inspection':
      return { deadline: name, ...(goods === undefined ? {} : { approved: goods.shipped }) };
    case 'payment':
    case 'delivery':
    case 'ruling':
    case 'fulfilment':
      return { deadline: name };
  }
}

/** The open remedies that had their whole time for an answer, by id; more than one only where a side forked. */
function unansweredIn({ deadlines, remedies }: Regions, created: number): readonly string[] {
  const running = deadlines.find(({ deadline }) => deadline === 'answer');
  const first = Math.min(...remedies.map(({ since }) => since));
  if (running === undefined) return [];
  return remedies
    .filter(({ since }) => running.at + (since - first) + DEADLINE_GRACE < created)
    .map(({ id }) => keyOf(id));
}
