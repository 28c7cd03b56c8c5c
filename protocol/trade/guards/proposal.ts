import type { CID } from 'multiformats/cid';
import { equalBytes } from '../../ids.js';
import { keyOf } from '../log.js';
import { isSide, type Side } from '../roles.js';
import type { TradePayload } from '../schema.js';
import { checkTerms } from '../terms.js';
import type { ContentContext, Objection } from './content.js';

/** What messages of the negotiation say. */

function answersOf(payload: TradePayload): CID | undefined {
  switch (payload.kind) {
    case 'counter':
    case 'accept':
    case 'decline':
    case 'withdraw':
      return payload.answers;
    default:
      return undefined;
  }
}

function answeredBy({ payload, regions }: ContentContext) {
  const answers = answersOf(payload);
  if (answers === undefined || regions?.contract.status !== 'open') return undefined;
  const key = keyOf(answers);
  return regions.contract.open.find((proposal) => keyOf(proposal.id) === key);
}

export function checkAnswers(context: ContentContext, wanted: (by: Side) => boolean): Objection | undefined {
  const answers = answersOf(context.payload);
  const proposal = answeredBy(context);
  if (proposal !== undefined && wanted(proposal.by)) return undefined;
  const where = 'answers';
  if (answers === undefined || !context.isInPast(answers)) {
    return { code: 'TRADE_HEADS', where, message: 'The message answers one that is not among those before it.' };
  }
  if (proposal !== undefined)
    return { code: 'TRADE_TURN', where, message: 'The message answers a proposal of the wrong side.' };
  return { code: 'TRADE_STATE', where, message: 'What the message answers is not, or no longer, an open proposal.' };
}

export function checkInTime(context: ContentContext): Objection | undefined {
  const proposal = answeredBy(context);
  if (proposal === undefined || context.payload.created <= proposal.expires) return undefined;
  return { code: 'TRADE_EXPIRED', message: `The proposal expired ${new Date(proposal.expires).toISOString()}.` };
}

export function checkProposal({ payload, role }: ContentContext): Objection | undefined {
  if ((payload.kind !== 'offer' && payload.kind !== 'counter') || !isSide(role)) return undefined;
  const problem = checkTerms(payload.terms, role, payload.created);
  return problem === undefined ? undefined : { code: 'TRADE_TERMS', ...problem };
}

export function checkArbiter({ payload, parties }: ContentContext): Objection | undefined {
  if (payload.kind !== 'offer' && payload.kind !== 'counter') return undefined;
  const arbiter = payload.terms.arbiter?.trader;
  if (arbiter === undefined || !(equalBytes(arbiter, parties.buyer) || equalBytes(arbiter, parties.seller))) {
    return undefined;
  }
  return { code: 'TRADE_TERMS', where: 'terms.arbiter.trader', message: 'The arbiter is neither buyer nor seller.' };
}

/** Else a seller could put in a code of its own, and with it "prove" that goods were handed over. */
export function checkCommitments(context: ContentContext): Objection | undefined {
  const { payload, role } = context;
  if (role === 'buyer') return undefined;
  const answered = answeredBy(context);
  const known = answered?.by === 'buyer' ? answered.terms.delivery : undefined;
  const names = ['address', 'phone', 'code'] as const;
  if (payload.kind === 'accept') {
    return names.some((name) => payload[name] !== undefined) ? commitmentObjection('') : undefined;
  }
  if (payload.kind !== 'offer' && payload.kind !== 'counter') return undefined;
  const { delivery } = payload.terms;
  const foreign = names.some((name) => {
    const [own, theirs] = [delivery?.[name], known?.[name]];
    return own !== undefined && (theirs === undefined || !equalBytes(own, theirs));
  });
  return foreign ? commitmentObjection('terms.delivery') : undefined;
}

function commitmentObjection(where: string): Objection {
  const message = 'Only the buyer commits to an address, a phone number or a code.';
  return { code: 'TRADE_TERMS', message, ...(where === '' ? {} : { where }) };
}
