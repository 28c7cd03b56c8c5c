import type { Language } from '../shell/language.js';

const LOCALES: Readonly<Record<Language, string>> = { en: 'en-GB', id: 'id-ID' };
const minute = 60_000;
const UNITS = [
  ['day', 24 * 60 * minute],
  ['hour', 60 * minute],
  ['minute', minute],
] as const;

/** `22 Nov 2026, 14:05` */
export function timeText(time: number, language: Language): string {
  return new Intl.DateTimeFormat(LOCALES[language], { dateStyle: 'medium', timeStyle: 'short' }).format(time);
}

export function dateText(time: number, language: Language): string {
  return new Intl.DateTimeFormat(LOCALES[language], { dateStyle: 'medium' }).format(time);
}

/** `in 3 days`, `2 hours ago`: in the largest unit of which there is at least one. */
export function fromNow(time: number, now: number, language: Language): string {
  const format = new Intl.RelativeTimeFormat(LOCALES[language], { numeric: 'auto' });
  const away = time - now;
  const [unit, length] = UNITS.find(([, each]) => Math.abs(away) >= each) ?? UNITS[2];
  return format.format(Math.trunc(away / length), unit);
}
