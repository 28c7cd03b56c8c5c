import { currencyExponent } from '../../protocol/currencies.js';
import type { MoneyView } from '../../node/api/views.js';
import type { Language } from '../shell/language.js';

const LOCALES: Readonly<Record<Language, string>> = { en: 'en-GB', id: 'id-ID' };

/** Money as people write it: Rp 85.000 in Indonesian, IDR 85,000 in English. Minor units that are 0 are left out. */
export function moneyText({ amount, currency }: MoneyView, language: Language): string {
  const exponent = currencyExponent(currency) ?? 0;
  const value = Number(amount) / 10 ** exponent;
  const digits = { minimumFractionDigits: Number.isInteger(value) ? 0 : exponent, maximumFractionDigits: exponent };
  if (!/^[A-Z]{3}$/.test(currency)) {
    return `${new Intl.NumberFormat(LOCALES[language], digits).format(value)} ${currency}`;
  }
  return new Intl.NumberFormat(LOCALES[language], { style: 'currency', currency, ...digits }).format(value);
}

/** How thousands and decimals are set off in each language. */
const MARKS: Readonly<Record<Language, { thousands: string; decimal: string }>> = {
  en: { thousands: ',', decimal: '.' },
  id: { thousands: '.', decimal: ',' },
};

/**
 * The amount that somebody typed, in the node's own form `85000 IDR`; undefined where it could be read in two ways or in none.
 * `85.000` is eighty-five thousand in Indonesian and not an amount of rupiah in English.
 */
export function moneyTyped(typed: string, currency: string, language: Language): string | undefined {
  const exponent = currencyExponent(currency);
  if (exponent === undefined) return undefined;
  const { thousands, decimal } = MARKS[language];
  const text = typed
    .trim()
    .replace(/^(rp\.?|idr)\s*/i, '')
    .replace(/\s/g, '');
  const [whole = '', fraction = '', ...more] = text.split(decimal);
  const grouped = whole.split(thousands);
  const groups = grouped.length > 1;
  if (more.length > 0 || !/^\d*$/.test(fraction) || fraction.length > exponent) return undefined;
  if (!grouped.every((part, at) => (groups && at > 0 ? /^\d{3}$/ : /^\d+$/).test(part))) return undefined;
  if (groups && (grouped[0] ?? '').length > 3) return undefined;
  return `${grouped.join('')}${fraction === '' ? '' : `.${fraction}`} ${currency}`;
}

/** The reverse of {@link moneyTyped}, for a field that is filled in already. */
export function moneyForField({ amount, currency }: MoneyView, language: Language): string {
  const exponent = currencyExponent(currency) ?? 0;
  const value = Number(amount) / 10 ** exponent;
  return new Intl.NumberFormat(LOCALES[language], {
    minimumFractionDigits: Number.isInteger(value) ? 0 : exponent,
    maximumFractionDigits: exponent,
  }).format(value);
}

/** So many times as much. */
export function timesMoney(money: MoneyView, times: number): MoneyView {
  return { ...money, amount: String(Number(money.amount) * times) };
}
