import type { Alphabet } from './explorer.js';

/**
 * What is explored to the end. Each bounds how often something is said, never how long a trade is or how late anybody hears
 * of anything.
 */
export const ALPHABETS = {
  /** One counter-offer; both sides may open, both promises of stock, every way out, and the first payment. */
  'counter-offer': {
    most: { counter: 1, accept: 1, decline: 1, withdraw: 1, cancel: 1, timeout: 1, paid: 1 },
    without: ['timeout (payment)', 'timeout (delivery)'],
  },
  /** One delivery in two parts, payment in full or in part, up to the end. */
  'part-delivery': {
    openings: ['buyer'],
    most: { accept: 1, paid: 1, 'payment-seen': 1, shipped: 2, received: 2, approved: 1 },
  },
  /** Money that comes in two parts, each of them claimed before or after it was seen, or the second only claimed. */
  'part-payment': {
    openings: ['buyer'],
    most: { accept: 1, paid: 2, 'payment-seen': 3, timeout: 1 },
    without: ['timeout (offer-expiry)', 'timeout (delivery)'],
  },
  /**
   * One dispute, its arbiter, and its ruling or withdrawal; a part of the goods was sent, or all. Of each deadline one side says that it
   * passed: that both say it, each before it heard of the other, is left to the schedules.
   */
  dispute: {
    openings: ['buyer'],
    together: ['dispute', 'timeout'],
    most: {
      accept: 1,
      consent: 1,
      'payment-seen': 1,
      shipped: 1,
      dispute: 1,
      'dispute-withdrawn': 1,
      ruling: 1,
      approved: 1,
      timeout: 1,
    },
    without: [
      'payment-seen (a part)',
      'timeout (payment)',
      'timeout (delivery)',
      'timeout (inspection)',
      'timeout (offer-expiry)',
    ],
  },
} as const satisfies Record<string, Alphabet>;

/** The same of smaller trades, for every run of the tests. */
export const SMALL_ALPHABETS = {
  'counter-offer': { openings: ['buyer'], most: { counter: 1, accept: 1, decline: 1, withdraw: 1 } },
  'part-delivery': {
    openings: ['buyer'],
    most: { accept: 1, 'payment-seen': 1, shipped: 2, received: 1, approved: 1 },
    without: ['payment-seen (a part)'],
  },
  'part-payment': { openings: ['buyer'], most: { accept: 1, paid: 2, 'payment-seen': 2 } },
  dispute: {
    openings: ['buyer'],
    together: ['dispute'],
    most: { accept: 1, consent: 1, 'payment-seen': 1, dispute: 1, 'dispute-withdrawn': 1, ruling: 1 },
    without: ['payment-seen (a part)'],
  },
} as const satisfies Record<string, Alphabet>;
