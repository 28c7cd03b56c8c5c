import type { CID } from 'multiformats/cid';
import type { Side } from './roles.js';
import type { TradeMessage, TradePayloadOf } from './schema.js';
import type { Terms } from './terms.js';

const hour = 60 * 60 * 1000;
/** How long after the proposal's own expiry a seller may still confirm what the buyer accepted subject to stock. */
export const CONFIRMATION_TIME = 24 * hour;

/**
 * Something that the other side can answer: an offer, a counter-offer, or the buyer's accept of goods that are subject to
 * stock (DESIGN section 6: it binds only with the seller's confirmation, which is an accept of this accept).
 */
export interface Proposal {
  readonly id: CID;
  readonly kind: 'offer' | 'counter' | 'accept';
  readonly by: Side;
  readonly terms: Terms;
  /** The offer or counter-offer that the terms stand in: itself, unless it is an accept. */
  readonly source: CID;
  /** An accept must claim a time up to here. */
  readonly expires: number;
  /** An accept of it does not bind yet. */
  readonly subjectToStock: boolean;
  /**
   * What it answers, as text; empty for the first offer. Proposals of one round are rivals: there is more than one
   * only where a side forked, and one answer ends the round.
   */
  readonly round: string;
  readonly depth: number;
}

/** No id: the round of proposals that answer the first offer has its id for a name. */
const FIRST_ROUND = '';

/**
 * The proposal that a message makes, if it makes one.
 * @param answered the proposal that it answers, if any
 */
export function proposalOf(
  { id, payload }: TradeMessage,
  by: Side,
  depth: number,
  answered?: Proposal,
): Proposal | undefined {
  if (payload.kind === 'offer' || payload.kind === 'counter') {
    const { kind, terms } = payload;
    const round = payload.kind === 'counter' ? payload.answers.toString() : FIRST_ROUND;
    return {
      id,
      kind,
      by,
      terms,
      source: id,
      expires: terms.expires,
      subjectToStock: terms.stock === 'subject-to-stock',
      round,
      depth,
    };
  }
  if (payload.kind !== 'accept' || answered?.subjectToStock !== true) return undefined;
  const { terms, source } = answered;
  const expires = terms.expires + CONFIRMATION_TIME;
  return {
    id,
    kind: 'accept',
    by,
    terms: withCommitments(terms, payload),
    source,
    expires,
    subjectToStock: false,
    round: payload.answers.toString(),
    depth,
  };
}

/** The terms with what the buyer's accept adds to them. */
export function withCommitments(
  terms: Terms,
  { address, phone, code }: Pick<TradePayloadOf<'accept'>, 'address' | 'phone' | 'code'>,
): Terms {
  if (address === undefined && phone === undefined && code === undefined) return terms;
  const delivery = terms.delivery ?? { method: code === undefined ? ('shipping' as const) : ('pickup' as const) };
  const added = {
    ...(address === undefined ? {} : { address }),
    ...(phone === undefined ? {} : { phone }),
    ...(code === undefined ? {} : { code }),
  };
  return { ...terms, delivery: { ...delivery, ...added } };
}
