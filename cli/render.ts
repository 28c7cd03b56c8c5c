import { formatMoney, moneyFromJson } from '../protocol/money.js';
import { safeLine, safeText } from './safe-text.js';

/** Fields that hold a moment in milliseconds since 1970. */
const MOMENTS: ReadonlySet<string> = new Set([
  'time',
  'created',
  'updated',
  'expires',
  'until',
  'published',
  'validFrom',
  'validUntil',
  'asOf',
  'since',
  'checked',
  'found',
  'deadline',
  'revoked',
  'lastSeen',
]);
const NOTHING = '-';
/** A longer text with spaces in it is a sentence. */
const LONGEST_WORD = 40;

type Fields = Readonly<Record<string, unknown>>;

/** An output as lines of `key: value`; what is inside an object or a list of objects is set in. */
export function renderFields(value: Fields, indent = ''): string[] {
  return Object.entries(value).flatMap(([key, inner]) => {
    if (inner === undefined) return [];
    const name = `${indent}${safeLine(key)}:`;
    if (isObjectList(inner)) {
      return [name, ...inner.flatMap((item) => markFirst(renderFields(item, `${indent}    `), indent))];
    }
    if (isSentences(inner)) return [name, ...inner.map((text) => `${indent}  - ${safeLine(text)}`)];
    if (isObject(inner) && !isMoney(inner)) {
      const lines = renderFields(inner, `${indent}  `);
      return lines.length === 0 ? [`${name} ${NOTHING}`] : [name, ...lines];
    }
    const [first = NOTHING, ...more] = renderValue(key, inner).split('\n');
    return [`${name} ${first}`, ...more.map((line) => `${indent}  ${line}`)];
  });
}

/** A dash before the first line of each item of a list. */
function markFirst(lines: readonly string[], indent: string): string[] {
  return lines.map((line, index) => (index === 0 ? `${indent}  - ${line.slice(indent.length + 4)}` : line));
}

/** One value in words; may have several lines. */
export function renderValue(key: string, value: unknown): string {
  if (value === null || value === undefined || value === '') return NOTHING;
  if (typeof value === 'string') return safeText(value);
  if (typeof value === 'number' && MOMENTS.has(key)) return moment(value);
  if (Array.isArray(value))
    return value.length === 0 ? NOTHING : value.map((item) => renderValue(key, item)).join(', ');
  if (isMoney(value)) return money(value);
  return safeLine(JSON.stringify(value));
}

function moment(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? String(milliseconds) : date.toISOString().replace(/\.\d+Z$/, 'Z');
}

function money(value: { amount: string; currency: string }): string {
  try {
    return formatMoney(moneyFromJson(value));
  } catch {
    // A unit that this version does not know is shown as it came.
    return safeLine(`${value.amount} ${value.currency} (minor units)`);
  }
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isObjectList(value: unknown): value is readonly Fields[] {
  return Array.isArray(value) && value.length > 0 && value.every(isObject) && !value.some(isMoney);
}

/** Texts that would run into each other on one line. */
function isSentences(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.every((item) => typeof item === 'string') &&
    value.some((item) => item.length > LONGEST_WORD && item.includes(' '))
  );
}

function isMoney(value: unknown): value is { amount: string; currency: string } {
  return isObject(value) && typeof value['amount'] === 'string' && typeof value['currency'] === 'string';
}
