import { createHash } from 'node:crypto';
import type { Regions } from '../../protocol/trade/regions.js';
import { nameOfStep } from '../../protocol/trade/variants.js';
import { knownTo, type Cut, type History } from './history.js';

/** What a state says, without ids and without what nobody's future depends on. */
export function meaningOf(regions: Regions): string {
  const { contract, payment, delivery, dispute, remedies, consent, ratings } = regions;
  const { deadlines, cancelProposedBy, wasLate, word, conflicts, equivocations } = regions;
  const open = contract.status === 'open' ? contract.open : [];
  const agreement = 'agreement' in contract ? contract.agreement : undefined;
  return JSON.stringify([
    word,
    contract.status,
    open.map(({ kind, by, subjectToStock, expires }) => [kind, by, subjectToStock, expires]),
    [agreement?.terms.stock, agreement?.since],
    [payment.status, payment.claims.map(({ amount }) => amount.amount)],
    [payment.seen, payment.refunded, payment.refundSeen, payment.price, payment.owed].map((money) => money?.amount),
    [delivery.status, delivery.late, delivery.shipped.length, delivery.received.length, delivery.goods],
    [dispute.status, dispute.by, dispute.messages.length, dispute.conflicts.length],
    remedies.map(({ by, remedy: { refund, return: back, replace, omit }, since }) => [
      by,
      refund,
      back,
      replace,
      omit,
      since,
    ]),
    [
      consent !== undefined,
      ratings.buyer?.reply !== undefined,
      ratings.buyer?.stars,
      ratings.seller?.reply !== undefined,
      ratings.seller?.stars,
    ],
    deadlines.map(({ deadline, at }) => [deadline, at]),
    [cancelProposedBy, wasLate, conflicts.length, equivocations.length],
  ]);
}

/** What every role surely knows. An arbiter that has not spoken, or not since a dispute, has had the dispute's past by the time it matters. */
export function commonTo(history: History): Cut {
  const cuts = [knownTo(history, 'buyer'), knownTo(history, 'seller')];
  const arbiters = arbitersCut(history);
  if (arbiters !== undefined) cuts.push(arbiters);
  return [0, 1, 2].map((at) => Math.min(...cuts.map((cut) => cut[at] ?? 0))) as unknown as Cut;
}

/** An arbiter rules only where it knows of a dispute: all before the first is behind it by then. */
export function arbitersCut(history: History): Cut | undefined {
  const disputes = history.chains.flatMap((chain) => chain.filter(({ step }) => step.kind === 'dispute'));
  if (disputes.length === 0) return undefined;
  const before = disputes.map(({ seen }) => seen);
  const cut = [0, 1, 2].map((at) => Math.min(...before.map((seen) => seen[at] ?? 0)));
  return cut as unknown as Cut;
}

/** The most of a history that every message outside of it comes after, and that every role surely knows. */
function behindAll(history: History): Cut {
  let cut = commonTo(history);
  for (let before: Cut | undefined; before === undefined || before.some((count, at) => count !== cut[at]);) {
    before = cut;
    for (const [place, chain] of history.chains.entries()) {
      const next = chain[cut[place] ?? 0];
      // The first of a chain that is outside has seen least.
      if (next !== undefined)
        cut = cut.map((count, at) => Math.min(count, at === place ? count : (next.seen[at] ?? 0))) as unknown as Cut;
    }
  }
  return cut;
}

/**
 * A name for all histories that go on alike: of what everything else comes after, only the meaning counts; the rest stands
 * with who said it, on top of what. How often each bounded kind was said is part of it.
 * @param meaningAt what a part of a history says: {@link meaningOf} of what a node sees that knows it
 */
export function nameOf(history: History, budget: string, meaningAt: (history: History, cut: Cut) => string): string {
  const base = behindAll(history);
  const meaning = base.some((count) => count > 0) ? meaningAt(history, base) : openingOf(history);
  const rest = history.chains.map((chain, place) =>
    chain
      .slice(base[place])
      .map(({ step, seen }) =>
        [nameOfStep(step), ...seen.map((count, at) => (at === place ? 0 : count - (base[at] ?? 0)))].join(),
      ),
  );
  return createHash('sha256')
    .update(`${meaning}|${JSON.stringify(rest)}|${budget}`)
    .digest('base64url')
    .slice(0, 20);
}

function openingOf({ chains }: History): string {
  const first = chains.flat().find(({ step }) => step.kind === 'offer');
  const terms = first?.step.fields['terms'] as { stock?: string } | undefined;
  return `${first?.step.role ?? ''} ${terms?.stock ?? ''}`;
}
