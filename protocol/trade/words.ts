import type { Regions } from './regions.js';

/** Whether anything is still to come: `open` yes; `final` no; `owed`: something has to go back. */
export type Phase = 'open' | 'final' | 'owed';

/** The words that people see, what they mean, and where they leave a trade. */
export const WORDS = {
  offered: { phase: 'open', meaning: 'an offer waits for its answer' },
  countered: { phase: 'open', meaning: 'a counter-offer waits for its answer' },
  unconfirmed: {
    phase: 'open',
    meaning: 'the buyer has accepted goods that are subject to stock; the seller has to confirm',
  },
  accepted: { phase: 'open', meaning: 'there is a contract; nothing is paid or shipped yet' },
  paid: {
    phase: 'open',
    meaning: 'the buyer says to have paid, or a part was seen; the seller has not seen all of it',
  },
  'payment-confirmed': { phase: 'open', meaning: 'the seller has seen the money' },
  'partly-shipped': { phase: 'open', meaning: 'a part was delivered; the rest is still to come' },
  shipped: { phase: 'open', meaning: 'the seller has delivered; the buyer has not said that it came' },
  received: { phase: 'open', meaning: 'the buyer has the goods; they are inspected, or still to be paid' },
  completed: { phase: 'final', meaning: 'all that was owed was paid, delivered and approved' },
  declined: { phase: 'final', meaning: 'the last proposal was declined' },
  withdrawn: { phase: 'final', meaning: 'the last proposal was taken back by its author' },
  expired: { phase: 'final', meaning: 'the last proposal ran out unanswered' },
  lapsed: { phase: 'final', meaning: 'the contract was not paid in time; a payment opens it again' },
  cancelled: { phase: 'final', meaning: 'the trade was cancelled, and nothing has to go back' },
  'refund-due': { phase: 'owed', meaning: 'money has to go back to the buyer, who has not seen all of it yet' },
  'return-due': { phase: 'owed', meaning: 'goods have to go back to the seller, who has not seen all of them yet' },
  disputed: { phase: 'open', meaning: 'a side disputes, or contradicted its own accept: deadlines stand still' },
  unresolved: {
    phase: 'final',
    meaning: 'the sides did not agree, and nobody ruled in time or what was ruled was not done',
  },
} as const satisfies Record<string, { phase: Phase; meaning: string }>;

export type Word = keyof typeof WORDS;

const OPEN_WORDS = { offer: 'offered', counter: 'countered', accept: 'unconfirmed' } as const;

/** The word for four regions. What is contested is said first, then what ended and what it left owed, then how far it came. */
export function wordOf(regions: Pick<Regions, 'contract' | 'payment' | 'delivery' | 'dispute'>): Word {
  const { contract, dispute } = regions;
  switch (contract.status) {
    case 'open':
      return OPEN_WORDS[contract.last.kind];
    case 'declined':
    case 'withdrawn':
    case 'expired':
      return contract.status;
    case 'cancelled':
    case 'lapsed':
    case 'completed':
      if (dispute.status === 'unresolved') return 'unresolved';
      return dispute.status === 'open' ? 'disputed' : (owedIn(regions) ?? contract.status);
    case 'agreed':
      if (dispute.status === 'unresolved') return 'unresolved';
      return dispute.status === 'open' || dispute.status === 'frozen' ? 'disputed' : progressOf(regions);
  }
}

function owedIn({ payment, delivery }: Pick<Regions, 'payment' | 'delivery'>): Word | undefined {
  if (payment.status === 'refund-due' || payment.status === 'refund-claimed') return 'refund-due';
  return delivery.status === 'return-due' || delivery.status === 'returned' ? 'return-due' : undefined;
}

function progressOf({ payment, delivery }: Pick<Regions, 'payment' | 'delivery'>): Word {
  switch (delivery.status) {
    case 'partly':
      return 'partly-shipped';
    case 'shipped':
    case 'received':
      return delivery.status;
    case 'approved':
      return 'received';
    case 'return-due':
    case 'returned':
    case 'return-seen':
      return 'return-due';
    case 'none':
    case 'due':
    case 'void':
      break;
  }
  switch (payment.status) {
    case 'claimed':
    case 'short':
      return 'paid';
    case 'seen':
    case 'over':
    case 'refund-due':
    case 'refund-claimed':
    case 'refund-seen':
      return 'payment-confirmed';
    case 'none':
    case 'not-due':
    case 'due':
    case 'void':
      return 'accepted';
  }
}
