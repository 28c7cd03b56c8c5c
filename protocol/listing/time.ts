import type { Field, Reading } from './reading.js';

const DAY = 24 * 60 * 60 * 1000;
const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3})\d*)?)?(Z|[+-]\d{2}:?\d{2})?)?$/i;
/** 1973: a smaller count since 1970 is one of seconds. */
const MIN_MILLISECONDS = 100_000_000_000;
/** The last millisecond of the year 9999. */
const MAX_MILLISECONDS = 253_402_300_799_999;

const FORMS =
  'it must be a date (2026-12-31), a time with its zone (2026-12-31T17:00+07:00) or milliseconds since 1970';

/**
 * A moment in milliseconds since 1970 UTC, from ISO 8601 or a count of milliseconds. A date alone is in UTC: its first
 * millisecond, or its last where it ends something.
 */
export function readTime(field: Field, bound: 'from' | 'through', reading: Reading): number | undefined {
  const { value } = field;
  const text = typeof value === 'string' ? value.trim() : value;
  if (text === '') return undefined;
  const count = typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : text;
  if (typeof count === 'number') {
    if (!Number.isSafeInteger(count) || count < 0 || count > MAX_MILLISECONDS) return reading.invalid(field, FORMS);
    return count < MIN_MILLISECONDS
      ? reading.invalid(field, 'that is seconds; it must be milliseconds since 1970')
      : count;
  }
  const match = typeof text === 'string' ? ISO.exec(text) : null;
  return (match && momentOf(match, bound)) ?? reading.invalid(field, FORMS);
}

function momentOf(match: RegExpExecArray, bound: 'from' | 'through'): number | undefined {
  const [, year, month, day, hour, minute, second = '0', fraction = '', zone] = match;
  const date = Date.UTC(Number(year), Number(month) - 1, Number(day));
  // Date.UTC rolls the 31st of February over into March and reads the years 0 to 99 as 1900 and later.
  if (!new Date(date).toISOString().startsWith(`${year}-${month}-${day}`) || date < 0) return undefined;
  if (hour === undefined || minute === undefined) return bound === 'from' ? date : date + DAY - 1;
  if (zone === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const offset = offsetMinutes(zone);
  if (offset === undefined) return undefined;
  const minutes = Number(hour) * 60 + Number(minute) - offset;
  const moment = date + (minutes * 60 + Number(second)) * 1000 + Number(fraction.padEnd(3, '0'));
  return moment < 0 ? undefined : moment;
}

function offsetMinutes(zone: string): number | undefined {
  if (zone.toUpperCase() === 'Z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  if (hours > 14 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}
