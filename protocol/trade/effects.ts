import type { CID } from 'multiformats/cid';
import type { Money } from '../money.js';
import { deadlinesOf } from './guards.js';
import { keyOf, type Entry, type Equivocation } from './log.js';
import { agreementIn, type Claim, type Regions } from './regions.js';
import type { Role } from './roles.js';
import type { MessageKind } from './schema.js';
import type { Line } from './terms.js';
import type { Word } from './words.js';

/** What a node has to do because a trade changed. Data: the runner does it after the message is on disk. */
export type Effect =
  /** Seller: the reservation of this trade is now exactly `lines`; `until` (ms) while it rests on an open proposal. */
  | { readonly kind: 'reserve-stock'; readonly lines: readonly Line[]; readonly until?: number }
  /** Seller: the reservation of this trade ends. */
  | { readonly kind: 'release-stock'; readonly lines: readonly Line[] }
  /** Seller: what was reserved is gone for good. */
  | { readonly kind: 'stock-sold'; readonly lines: readonly Line[] }
  | { readonly kind: 'watch-deadline'; readonly deadline: string; readonly at: number }
  | { readonly kind: 'forget-deadline'; readonly deadline: string }
  | { readonly kind: 'refund-due'; readonly claims: readonly Claim[]; readonly seen?: Money }
  | { readonly kind: 'return-due'; readonly shipped: readonly CID[] }
  /** A proof that a device signed contradicting branches: to be kept, shown, and sent to the other side. */
  | { readonly kind: 'equivocation'; readonly equivocation: Equivocation }
  | { readonly kind: 'notify'; readonly event: TradeEvent };

/** What people are told. */
export type TradeEvent =
  | { readonly type: 'message'; readonly message: CID; readonly messageKind: MessageKind; readonly by: Role }
  | { readonly type: 'state'; readonly from?: Word; readonly to: Word }
  | { readonly type: 'turn'; readonly role: Role };

type Stock =
  | { readonly status: 'free' }
  | { readonly status: 'reserved'; readonly proposal: string; readonly lines: readonly Line[]; readonly until?: number }
  | { readonly status: 'sold'; readonly lines: readonly Line[] };

/**
 * What is to be done on the way from one state to a later one: the difference of what the two ask for, so that a replay
 * does nothing twice. With `before` undefined, all that `after` asks for, as a node needs it when it starts.
 */
export function effectsBetween(before: Regions | undefined, after: Regions, added?: Entry): readonly Effect[] {
  const effects: Effect[] = [...stockEffects(before, after), ...deadlineEffects(before, after)];
  const { payment, delivery } = after;
  if (payment.status === 'refund-due' && before?.payment.status !== 'refund-due') {
    effects.push({
      kind: 'refund-due',
      claims: payment.claims,
      ...(payment.seen === undefined ? {} : { seen: payment.seen }),
    });
  }
  if (delivery.status === 'return-due' && before?.delivery.status !== 'return-due') {
    effects.push({ kind: 'return-due', shipped: delivery.shipped });
  }
  const known = new Set((before?.equivocations ?? []).map(nameOf));
  for (const equivocation of after.equivocations) {
    if (!known.has(nameOf(equivocation))) effects.push({ kind: 'equivocation', equivocation });
  }
  for (const event of eventsBetween(before, after, added)) effects.push({ kind: 'notify', event });
  return effects;
}

function nameOf({ messages }: Equivocation): string {
  return messages.map(keyOf).join();
}

function stockEffects(before: Regions | undefined, after: Regions): Effect[] {
  const was: Stock = before === undefined ? { status: 'free' } : stockOf(before);
  const is = stockOf(after);
  switch (is.status) {
    case 'free':
      return was.status === 'reserved' ? [{ kind: 'release-stock', lines: was.lines }] : [];
    case 'sold':
      return was.status === 'sold' ? [] : [{ kind: 'stock-sold', lines: is.lines }];
    case 'reserved': {
      const same = was.status === 'reserved' && was.proposal === is.proposal && was.until === is.until;
      return same
        ? []
        : [{ kind: 'reserve-stock', lines: is.lines, ...(is.until === undefined ? {} : { until: is.until }) }];
    }
  }
}

/** What a state asks of the seller's stock. What was sold stays sold: goods that come back are counted by hand. */
function stockOf(regions: Regions): Stock {
  const { contract, delivery } = regions;
  const agreement = agreementIn(contract);
  if (agreement !== undefined) {
    const { lines } = agreement.terms;
    if (delivery.shipped.length > 0) return { status: 'sold', lines };
    return contract.status === 'cancelled'
      ? { status: 'free' }
      : { status: 'reserved', proposal: keyOf(agreement.proposal), lines };
  }
  if (contract.status !== 'open') return { status: 'free' };
  const { last } = contract;
  return last.by === 'seller' && last.terms.stock === 'reserved'
    ? { status: 'reserved', proposal: keyOf(last.source), lines: last.terms.lines, until: last.expires }
    : { status: 'free' };
}

function deadlineEffects(before: Regions | undefined, after: Regions): Effect[] {
  const was = before === undefined ? [] : deadlinesOf(before);
  const is = deadlinesOf(after);
  const ended = was.filter(({ deadline }) => !is.some((one) => one.deadline === deadline));
  const begun = is.filter(({ deadline, at }) => !was.some((one) => one.deadline === deadline && one.at === at));
  return [
    ...ended.map(({ deadline }): Effect => ({ kind: 'forget-deadline', deadline })),
    ...begun.map(({ deadline, at }): Effect => ({ kind: 'watch-deadline', deadline, at })),
  ];
}

function eventsBetween(before: Regions | undefined, after: Regions, added: Entry | undefined): TradeEvent[] {
  const events: TradeEvent[] = [];
  if (added !== undefined) {
    events.push({
      type: 'message',
      message: added.message.id,
      messageKind: added.message.payload.kind,
      by: added.role,
    });
  }
  if (before?.word !== after.word)
    events.push({ type: 'state', ...(before === undefined ? {} : { from: before.word }), to: after.word });
  const turn = after.contract.status === 'open' ? after.contract.turn : undefined;
  const turnBefore = before?.contract.status === 'open' ? before.contract.turn : undefined;
  if (turn !== undefined && turn !== turnBefore) events.push({ type: 'turn', role: turn });
  return events;
}
