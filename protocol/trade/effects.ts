import type { CID } from 'multiformats/cid';
import type { Money } from '../money.js';
import { deadlinesOf } from './deadlines.js';
import { leftToReturn, leftToShip } from './goods.js';
import { keyOf, type Entry, type Equivocation } from './log.js';
import { isNone, partsOf, type Amounts, type Parts } from './parts.js';
import { agreementIn, type Regions } from './regions.js';
import type { Role, Side } from './roles.js';
import type { MessageKind } from './schema.js';
import type { Claim } from './settlement/index.js';
import type { Line } from './terms.js';
import type { Word } from './words.js';

/** What a node has to do because a trade changed. Data: the runner does it after the message is on disk. */
export type Effect =
  /** Seller: the reservation of this trade is now exactly `lines`; `until` (ms) while it rests on an open proposal. */
  | { readonly kind: 'reserve-stock'; readonly lines: readonly Line[]; readonly until?: number }
  /** Seller: the reservation of this trade ends. */
  | { readonly kind: 'release-stock'; readonly lines: readonly Line[] }
  /** Seller: these pieces are gone for good; what of the reservation is left comes as `reserve-stock` after it. */
  | { readonly kind: 'stock-sold'; readonly lines: readonly Line[] }
  | { readonly kind: 'watch-deadline'; readonly deadline: string; readonly at: number }
  | { readonly kind: 'forget-deadline'; readonly deadline: string }
  /** Seller: so much money has to go back; `owed` is all of it, minor units in the contract's currency. */
  | { readonly kind: 'refund-due'; readonly claims: readonly Claim[]; readonly owed: Money; readonly seen?: Money }
  /** Buyer: these goods have to go back. */
  | { readonly kind: 'return-due'; readonly shipped: readonly CID[]; readonly parts: Parts }
  /** Seller: the keys of these deliveries of digital goods go sealed to the buyer. */
  | { readonly kind: 'release-content'; readonly shipped: readonly CID[] }
  /** A proof that a device signed contradicting branches: to be kept, shown, and sent to the other side. */
  | { readonly kind: 'equivocation'; readonly equivocation: Equivocation }
  | { readonly kind: 'notify'; readonly event: TradeEvent };

/** What people are told. */
export type TradeEvent =
  | { readonly type: 'message'; readonly message: CID; readonly messageKind: MessageKind; readonly by: Role }
  | { readonly type: 'state'; readonly from?: Word; readonly to: Word }
  | { readonly type: 'turn'; readonly role: Side };

/** What a state asks of the seller's stock: what is set aside, and what was sent. */
interface Stock {
  readonly reserved: readonly Line[];
  /** What the reservation rests on: another proposal is another reservation. */
  readonly proposal?: string;
  readonly until?: number;
  readonly sold: readonly Line[];
}

/**
 * What is to be done on the way from one state to a later one: the difference of what the two ask for, so that a replay
 * does nothing twice. With `before` undefined, all that `after` asks for, as a node needs it when it starts.
 */
export function effectsBetween(before: Regions | undefined, after: Regions, added?: Entry): readonly Effect[] {
  const effects: Effect[] = [...stockEffects(before, after), ...deadlineEffects(before, after)];
  effects.push(...owedEffects(before, after));
  const releasedBefore = new Set((before?.delivery.released ?? []).map(keyOf));
  const released = after.delivery.released.filter((id) => !releasedBefore.has(keyOf(id)));
  if (released.length > 0) effects.push({ kind: 'release-content', shipped: released });
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

function owedEffects(before: Regions | undefined, after: Regions): Effect[] {
  const effects: Effect[] = [];
  const { payment, delivery } = after;
  const isDue = ({ payment: { status } }: Regions) => status === 'refund-due' || status === 'over';
  const more = payment.owed !== undefined && payment.owed.amount !== before?.payment.owed?.amount;
  if (payment.owed !== undefined && isDue(after) && (more || before === undefined || !isDue(before))) {
    const { claims, owed, seen } = payment;
    effects.push({ kind: 'refund-due', claims, owed, ...(seen === undefined ? {} : { seen }) });
  }
  const back = returningIn(after);
  if (back.length > 0 && JSON.stringify(back) !== JSON.stringify(before === undefined ? [] : returningIn(before))) {
    const { goods } = delivery;
    // Less is on the way than before where a part of it was sent: that is nothing new to do.
    const grown =
      goods !== undefined && JSON.stringify(goods.returning) !== JSON.stringify(before?.delivery.goods?.returning);
    if (grown) effects.push({ kind: 'return-due', shipped: delivery.shipped, parts: back });
  }
  return effects;
}

function returningIn({ delivery: { goods } }: Regions): Parts {
  return goods === undefined ? [] : partsOf(leftToReturn(goods));
}

function stockEffects(before: Regions | undefined, after: Regions): Effect[] {
  const was: Stock = before === undefined ? { reserved: [], sold: [] } : stockOf(before);
  const is = stockOf(after);
  const effects: Effect[] = [];
  const sold = soldSince(was.sold, is.sold);
  if (sold.length > 0) effects.push({ kind: 'stock-sold', lines: sold });
  if (is.reserved.length === 0) {
    // What is sold was taken from what was set aside.
    if (was.reserved.length > 0 && sold.length === 0) effects.push({ kind: 'release-stock', lines: was.reserved });
    return effects;
  }
  const same = was.proposal === is.proposal && was.until === is.until && samePieces(was.reserved, is.reserved);
  if (!same || sold.length > 0) {
    effects.push({ kind: 'reserve-stock', lines: is.reserved, ...(is.until === undefined ? {} : { until: is.until }) });
  }
  return effects;
}

/** What was sold stays sold: goods that come back are counted by hand. */
function stockOf(regions: Regions): Stock {
  const { contract, delivery, dispute } = regions;
  const agreement = agreementIn(contract);
  const { goods } = delivery;
  if (agreement !== undefined && goods !== undefined) {
    const { lines, delivery: terms } = agreement.terms;
    // Milestones are no pieces: with the first of them the service counts as sold.
    const byPiece = terms?.milestones === undefined;
    const sold = byPiece ? some(lines, goods.shipped) : isNone(goods.shipped) ? [] : lines;
    const going = contract.status === 'agreed' && dispute.status !== 'unresolved';
    if (!going) return { reserved: [], sold };
    const reserved = byPiece ? some(lines, leftToShip(goods)) : isNone(goods.shipped) ? lines : [];
    return { reserved, proposal: keyOf(agreement.proposal), sold };
  }
  if (contract.status !== 'open') return { reserved: [], sold: [] };
  const { last } = contract;
  return last.by === 'seller' && last.terms.stock === 'reserved'
    ? { reserved: last.terms.lines, proposal: keyOf(last.source), until: last.expires, sold: [] }
    : { reserved: [], sold: [] };
}

/** Lines with so many pieces, without those of none. */
function some(lines: readonly Line[], amounts: Amounts): readonly Line[] {
  return lines.flatMap((line, place) => {
    const quantity = amounts[place] ?? 0;
    return quantity === 0 ? [] : [{ ...line, quantity }];
  });
}

function samePieces(a: readonly Line[], b: readonly Line[]): boolean {
  return a.length === b.length && a.every((line, place) => line.quantity === b[place]?.quantity);
}

/** By slot and variant, since forks can change which contract counts, and with it the lines. */
function soldSince(was: readonly Line[], is: readonly Line[]): readonly Line[] {
  const nameOfLine = ({ slot, variant }: Line) => JSON.stringify([slot, variant ?? null]);
  const before = new Map<string, number>();
  for (const line of was) before.set(nameOfLine(line), (before.get(nameOfLine(line)) ?? 0) + line.quantity);
  return is.flatMap((line) => {
    const known = before.get(nameOfLine(line)) ?? 0;
    before.set(nameOfLine(line), Math.max(0, known - line.quantity));
    return line.quantity > known ? [{ ...line, quantity: line.quantity - known }] : [];
  });
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
