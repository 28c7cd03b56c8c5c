import type { Regions } from './regions.js';

/** Whether anything is still to come: `open` yes; `final` no; `owed`: something has to go back, by hand until it is gone. */
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
  shipped: { phase: 'open', meaning: 'the seller has delivered; the buyer has not said that it came' },
  received: { phase: 'open', meaning: 'the buyer has the goods; the seller has not seen the money' },
  completed: { phase: 'final', meaning: 'the seller has the money and the buyer the goods' },
  declined: { phase: 'final', meaning: 'the last proposal was declined' },
  withdrawn: { phase: 'final', meaning: 'the last proposal was taken back by its author' },
  expired: { phase: 'final', meaning: 'the last proposal ran out unanswered' },
  cancelled: { phase: 'final', meaning: 'the trade was cancelled before anything was paid or shipped' },
  'refund-due': { phase: 'owed', meaning: 'the trade was cancelled, and money was claimed or seen: it has to go back' },
  'return-due': { phase: 'owed', meaning: 'the trade was cancelled after the goods went out: they have to go back' },
  disputed: { phase: 'open', meaning: 'a side contradicted its own accept: the trade is frozen' },
} as const satisfies Record<string, { phase: Phase; meaning: string }>;

export type Word = keyof typeof WORDS;

const OPEN_WORDS = { offer: 'offered', counter: 'countered', accept: 'unconfirmed' } as const;

/** The word for four regions. What ends a trade is said first, then what is contested, then how far it came. */
export function wordOf({
  contract,
  payment,
  delivery,
  dispute,
}: Pick<Regions, 'contract' | 'payment' | 'delivery' | 'dispute'>): Word {
  switch (contract.status) {
    case 'open':
      return OPEN_WORDS[contract.last.kind];
    case 'cancelled':
      if (payment.status === 'refund-due') return 'refund-due';
      return delivery.status === 'return-due' ? 'return-due' : 'cancelled';
    case 'agreed':
      if (dispute.status === 'frozen') return 'disputed';
      if (delivery.status === 'received' || delivery.status === 'shipped') return delivery.status;
      if (payment.status === 'seen') return 'payment-confirmed';
      return payment.status === 'claimed' || payment.status === 'short' ? 'paid' : 'accepted';
    case 'completed':
    case 'declined':
    case 'withdrawn':
    case 'expired':
      return contract.status;
  }
}
