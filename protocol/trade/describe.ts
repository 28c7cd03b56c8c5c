import { transitions, type Transition } from './explore.js';
import { outlineOf } from './signature.js';
import { DEADLINE_NAMES, DEADLINES } from './deadlines.js';
import { CONTENT_GUARDS } from './guards/content.js';
import { STATE_GUARDS } from './guards/state.js';
import { RULES, type Rule, type Rules } from './rules.js';
import { MESSAGE_KINDS } from './schema.js';
import { WORDS } from './words.js';

/**
 * The rules as Markdown with two Mermaid diagrams, for docs/reference/trade-states.md: words and messages from their tables, the
 * diagrams from walking the machine itself.
 */
export function describeMachine(rules: Rules = RULES): string {
  const all = walked(rules);
  const crossings = all.filter(({ by }) => by.includes('∥'));
  const steps = all.filter(({ by }) => !by.includes('∥'));
  return [
    '## States',
    '',
    'The one word that people see is derived from four regions that move side by side.',
    '',
    table(
      ['word', '', 'meaning'],
      Object.entries(WORDS).map(([word, { phase, meaning }]) => [word, phase, meaning]),
    ),
    '',
    '## Messages',
    '',
    'A message is judged by the state in its own past. It is valid when its author has the role, each region has one of the statuses, and what it needs holds.',
    '',
    table(
      ['message', 'from', 'contract', 'payment', 'dispute', 'needs', 'what it does', 'then'],
      MESSAGE_KINDS.map((kind) => ruleRow(kind, rules[kind])),
    ),
    '',
    '## Deadlines',
    '',
    'Each runs from the time that its beginning claims, for as long as the contract says (`terms.deadlines`); during a dispute all but its own stand still, that of the inspection also while a remedy of the buyer is open. A `timeout` says that one has passed; a node takes it from 10 minutes after that by its own clock.',
    '',
    table(
      ['deadline', 'for', 'from', 'lasts', 'then'],
      DEADLINE_NAMES.map((name) => {
        const { says, from, lasts, then } = DEADLINES[name];
        return [name, says, from, lasts, then];
      }),
    ),
    '',
    '## Steps',
    '',
    'Steps that change the word; the others change a region only.',
    '',
    diagram(steps),
    '',
    '## Crossings',
    '',
    'Two steps of which neither author had seen the other (`∥`), where one after the other is not possible or leads elsewhere.',
    '',
    table(['steps', 'of', 'in', 'leads to'], crossingRows(crossings)),
    '',
  ].join('\n');
}

/** Walked twice, since all at once is more than fits a page: what crosses in a trade that goes well, and what mends one that does not. */
function walked(rules: Rules): readonly Transition[] {
  const all = [
    ...transitions({ ...OUTLINE, rules, counters: 1, remedies: 0, disputes: 0, crossings: true }),
    ...transitions({ ...OUTLINE, rules, counters: 0, remedies: 1, disputes: 1, crossings: false }),
  ];
  return [...new Map(all.map((one) => [`${one.from} ${one.to} ${one.by}`, one])).values()];
}

const OUTLINE = { signature: outlineOf, without: ['statement', 'rating', 'reply'] } as const;

function ruleRow(kind: string, rule: Rule): string[] {
  const statuses = (list: readonly string[] | undefined) => (list === undefined ? 'any' : list.join(', '));
  const needs = [
    ...rule.state.map((name) => STATE_GUARDS[name].says),
    ...rule.content.map((name) => CONTENT_GUARDS[name].says),
  ];
  return [
    kind,
    rule.by.join(', '),
    statuses(rule.contract),
    statuses(rule.payment),
    statuses(rule.dispute),
    needs.join('; '),
    rule.help,
    rule.next,
  ];
}

function crossingRows(crossings: readonly Transition[]): string[][] {
  const states = new Map<string, { cells: [string, string, string]; from: Set<string> }>();
  for (const { from, to, by } of crossings) {
    const steps = by.split(' ∥ ').map((step) => step.split(' '));
    const kinds = steps.map(([, ...kind]) => kind.join(' ')).sort();
    const side = new Set(steps.map(([role]) => role)).size === 1 ? 'one side' : 'both sides';
    const cells: [string, string, string] = [kinds.join(' ∥ '), side, to];
    const row = states.get(cells.join()) ?? { cells, from: new Set() };
    states.set(cells.join(), row);
    row.from.add(from);
  }
  const rows = [...states.values()].map(({ cells: [kinds, side, to], from }) => [
    kinds,
    side,
    [...from].join(', '),
    to,
  ]);
  return rows.sort((a, b) => (a.join() < b.join() ? -1 : 1));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function diagram(all: readonly Transition[]): string {
  // Mermaid takes no hyphens in the names of states.
  const name = (word: string) => (word === 'start' ? '[*]' : word.replaceAll('-', '_'));
  const labels = new Map<string, string[]>();
  for (const { from, to, by } of all) {
    const way = `${name(from)} --> ${name(to)}`;
    labels.set(way, [...(labels.get(way) ?? []), by]);
  }
  const aliases = Object.keys(WORDS).filter((word) => word.includes('-'));
  return [
    '```mermaid',
    'stateDiagram-v2',
    ...aliases.map((word) => `  state "${word}" as ${name(word)}`),
    ...[...labels].map(([way, by]) => `  ${way}: ${mergeRoles(by).join(', ')}`),
    ...Object.entries(WORDS).flatMap(([word, { phase }]) => (phase === 'final' ? [`  ${name(word)} --> [*]`] : [])),
    '```',
  ].join('\n');
}

/** `buyer cancel` and `seller cancel` as `cancel`. */
function mergeRoles(by: readonly string[]): string[] {
  const kinds = new Map<string, string[]>();
  for (const name of by) {
    const [role = '', ...kind] = name.split(' ');
    kinds.set(kind.join(' '), [...(kinds.get(kind.join(' ')) ?? []), role]);
  }
  return [...kinds].map(([kind, roles]) => (roles.length > 1 ? kind : `${roles.join()} ${kind}`));
}
