import type { ListingView } from '../../node/api/views.js';
import type { OutputOf } from '../api/client.js';
import type { Ratings } from './ratings.js';
import type { Details } from './read.js';

/**
 * The eight risks that keep people from buying from strangers, in the order in which they ask about them: the perceived-risk
 * dimensions of e-commerce research (Featherman and Pavlou 2003; Forsythe and Shi 2003).
 */
const RISKS = ['money', 'security', 'performance', 'time', 'effort', 'privacy', 'social', 'peace'] as const;
type Risk = (typeof RISKS)[number];

/** How well a risk is covered here: `good`, `warn`: partly, `bad`: not. */
type Cover = 'good' | 'warn' | 'bad';

/** What is known of a deal before an offer is made. */
export interface Deal {
  readonly listing: ListingView;
  readonly details: Details;
  /** What the seller says of itself; null: nothing could be had. */
  readonly seller: OutputOf<'trader.show'> | null;
  /** How buyers rated the seller; undefined: not known, or not yet. */
  readonly ratings: Ratings | undefined;
  /** Own completed trades with the seller. */
  readonly completed: number;
  /** Own trades with the seller that ended in a dispute that nobody settled. */
  readonly unresolved: number;
}

/** Which of a risk's sentences holds for a deal: keys of the words in trust-words.ts. */
export interface Finding {
  readonly risk: Risk;
  readonly cover: Cover;
  readonly says: readonly string[];
}

/** Stars of five, and buyers, from which on a seller is well rated. */
const WELL_RATED = 4;
const SEVERAL = 3;
const month = 30 * 24 * 60 * 60 * 1000;

/** What covers each risk of a deal, from what the listing and its seller have signed and from the own past. */
export function findingsFor(deal: Deal, now: number): readonly Finding[] {
  return RISKS.map((risk) => ({ risk, ...FINDERS[risk](deal, now) }));
}

type Found = Omit<Finding, 'risk'>;

const FINDERS: Readonly<Record<Risk, (deal: Deal, now: number) => Found>> = {
  money({ details }) {
    const onDelivery = details.payment.some((method) => /cash.on.delivery|^cod$|bayar di tempat/i.test(method));
    const refund = details.terms.refund !== undefined;
    return {
      cover: onDelivery ? 'good' : refund ? 'warn' : 'bad',
      says: [onDelivery ? 'payOnDelivery' : 'noEscrow', refund ? 'refundTerms' : 'noRefundTerms', 'arbiter'],
    };
  },
  security: () => ({ cover: 'good', says: ['signed', 'noCards'] }),
  performance({ details }) {
    const known = details.description.length > 0 || details.properties.length > 0;
    const promised = details.terms.guarantee !== undefined;
    return {
      cover: promised ? 'good' : known && !details.partial ? 'warn' : 'bad',
      says: [promised ? 'guarantee' : 'noGuarantee', known ? 'described' : 'notDescribed', 'inspection'],
    };
  },
  time({ details }) {
    const said = details.shipping.some(({ maxDays }) => maxDays !== undefined) || details.pickup;
    return { cover: said ? 'good' : 'warn', says: [said ? 'daysSaid' : 'daysNotSaid', 'deadlines'] };
  },
  effort({ details, listing }) {
    if (listing.kind === 'digital') return { cover: 'good', says: ['digital'] };
    const comes = details.shipping.length > 0;
    return {
      cover: comes ? 'good' : details.pickup ? 'warn' : 'bad',
      says: [comes ? 'comesToYou' : details.pickup ? 'pickupOnly' : 'deliveryNotSaid'],
    };
  },
  privacy: () => ({ cover: 'good', says: ['sealedAddress', 'sellerSees'] }),
  social({ completed, unresolved, seller, listing, ratings }) {
    if (listing.blocked !== undefined) return { cover: 'bad', says: ['blocked'] };
    if (unresolved > 0) return { cover: 'bad', says: ['unresolved'] };
    if (completed > 0) return { cover: 'good', says: ['tradedBefore'] };
    const who = (seller?.profile ?? null) === null ? 'stranger' : 'strangerWithName';
    if (ratings?.average === undefined) return { cover: 'bad', says: [who, 'noRatings'] };
    // Ratings are of real trades, but keys cost nothing: they make a stranger less of one, and never a friend.
    const well = ratings.average >= WELL_RATED && ratings.buyers >= SEVERAL;
    return { cover: well ? 'warn' : 'bad', says: [who, well ? 'ratedWell' : 'ratedSomehow'] };
  },
  peace({ details }, now) {
    const long = details.validUntil !== undefined && details.validUntil - now > month;
    return { cover: details.partial ? 'warn' : 'good', says: ['evidence', 'backOut', ...(long ? ['stands'] : [])] };
  },
};
