import { ROLES } from './roles.js';
import type { Rule, Rules } from './rules.js';
import { MESSAGE_KINDS, type MessageKind } from './schema.js';

/** The rules with one guard taken out: a checker that does not notice does not check it. */
export interface Ablation {
  readonly kind: MessageKind;
  /** `by`, the region whose statuses are asked for, or the name of a guard. */
  readonly guard: string;
  readonly rules: Rules;
}

/** One for each guard of each row. That no trade yet takes an offer only, and an offer nothing else, is no guard: it has no state to ask. */
export function ablations(rules: Rules): readonly Ablation[] {
  return MESSAGE_KINDS.flatMap((kind) => {
    const rule = rules[kind];
    const without = (guard: string, changed: Partial<Rule>): Ablation => ({
      kind,
      guard,
      rules: { ...rules, [kind]: { ...rule, ...changed } },
    });
    const { contract: _contract, ...anyContract } = rule;
    const { payment: _payment, ...anyPayment } = rule;
    const { dispute: _dispute, ...anyDispute } = rule;
    const replaced = (guard: string, whole: Rule): Ablation => ({ kind, guard, rules: { ...rules, [kind]: whole } });
    return [
      ...(rule.by.length === ROLES.length || kind === 'offer' ? [] : [without('by', { by: ROLES })]),
      ...(rule.contract === undefined || kind === 'offer' ? [] : [replaced('contract', anyContract)]),
      ...(rule.payment === undefined ? [] : [replaced('payment', anyPayment)]),
      ...(rule.dispute === undefined ? [] : [replaced('dispute', anyDispute)]),
      ...rule.state.map((guard) => without(guard, { state: rule.state.filter((one) => one !== guard) })),
      ...rule.content.map((guard) => without(guard, { content: rule.content.filter((one) => one !== guard) })),
    ];
  });
}
