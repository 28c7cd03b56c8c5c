import type { Regions } from './regions.js';

/** Coarser still, for a page that people read: the statuses, and who has a proposal open. */
export function outlineOf({
  contract,
  payment,
  delivery,
  dispute,
  word,
  remedies,
  consent,
  cancelProposedBy,
}: Regions): string {
  const turn = contract.status === 'open' ? [contract.turn, ...contract.open.map((one) => one.subjectToStock)] : [];
  const statuses = [word, contract.status, turn, payment.status, delivery.status, delivery.late, dispute.status];
  return JSON.stringify([statuses, remedies.map(({ by }) => by), consent !== undefined, cancelProposedBy]);
}

/** The same without amounts: the statuses, and what waits for whom. */
export function shapeOf(regions: Regions): string {
  const { contract, payment, delivery, dispute, remedies, consent, deadlines, cancelProposedBy, wasLate } = regions;
  const open = contract.status === 'open' ? contract.open : [];
  return JSON.stringify([
    contract.status,
    open.map(({ kind, by, subjectToStock }) => [kind, by, subjectToStock]),
    payment.status,
    [delivery.status, delivery.late],
    [dispute.status, dispute.by, dispute.conflicts.length > 0],
    remedies.map(({ by }) => by),
    consent !== undefined,
    deadlines.map(({ deadline }) => deadline),
    cancelProposedBy,
    wasLate,
  ]);
}
