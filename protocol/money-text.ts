import { currencyExponent, unknownCurrency, upperCaseCode } from './currencies.js';
import { NiagaError } from './errors.js';
import type { Money, ParseMoneyOptions } from './money.js';
import { quote } from './quote.js';

/** Ends a sentence that refuses an amount of money. */
export const MONEY_FORMS = 'Write it as "150000 IDR" or "12.50 USD".';
const MAX_TEXT = 128;

/** Digits, whole or in groups of three set off by `_` or a space (the same throughout), and decimals after a point. */
const AMOUNT = '(\\d+|\\d{1,3}(?:_\\d{3})+|\\d{1,3}(?: \\d{3})+)(?:\\.(\\d+))?';
const AMOUNT_FIRST = new RegExp(`^${AMOUNT}(?: ?([A-Za-z]{3})| (\\S+:\\S+))?$`);
const CODE_FIRST = new RegExp(`^([A-Za-z]{3}) ?${AMOUNT}$`);

/** More digits than this a fraction does not keep in a JSON number (IEEE 754 double: DBL_DIG). */
const EXACT_DIGITS = 15;

/** The digits before and after the decimal point, and the currency where it was named. */
interface Parts {
  readonly whole: string;
  readonly fraction: string;
  readonly currency?: string | undefined;
}

/**
 * `parseMoney` for text and numbers.
 *
 * @throws NiagaError MONEY_INVALID, CURRENCY_UNKNOWN
 */
export function parseMoneyText(input: unknown, options: ParseMoneyOptions): Money {
  const { where } = options;
  const fail = (message: string): NiagaError => new NiagaError('MONEY_INVALID', message, { where });
  let parts: Parts | string;
  if (typeof input === 'string') parts = partsOfText(input.trim());
  else if (typeof input === 'number') parts = partsOfNumber(input);
  else if (typeof input === 'bigint') parts = input < 0n ? 'is negative' : { whole: String(input), fraction: '' };
  else parts = `is not an amount of money. ${MONEY_FORMS}`;
  if (typeof parts === 'string') throw fail(`${quote(input)} ${sentence(parts)}`);

  const given = upperCaseCode(options.currency);
  const currency = parts.currency ?? given ?? upperCaseCode(options.fallbackCurrency);
  if (currency === undefined || currency === '') throw fail(`${quote(input)} has no currency. ${MONEY_FORMS}`);
  const exponent = currencyExponent(currency);
  if (exponent === undefined) throw unknownCurrency(currency, where);
  if (given !== undefined && given !== currency) {
    throw fail(`${quote(input)} is in ${currency}, but the currency is given as ${quote(given)}.`);
  }
  const { whole, fraction } = parts;
  if (fraction.length > exponent) {
    throw fail(
      `${quote(input)} has ${fraction.length} decimals; ${currency} has ${exponent}.${separatorHint(parts, currency)}`,
    );
  }
  if (typeof input === 'number' && fraction !== '' && (whole + fraction).replace(/^0+/, '').length > EXACT_DIGITS) {
    throw fail(
      `${quote(input)} has more digits than a number keeps exactly. Write it as text: "${input} ${currency}".`,
    );
  }
  const minor = BigInt(whole + fraction.padEnd(exponent, '0'));
  if (minor > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw fail(`${quote(input)} is too large: Niaga counts up to ${Number.MAX_SAFE_INTEGER} minor units.`);
  }
  return { amount: Number(minor), currency };
}

function partsOfText(text: string): Parts | string {
  if (text.length > MAX_TEXT) return `is too long for an amount of money. ${MONEY_FORMS}`;
  const first = AMOUNT_FIRST.exec(text);
  if (first) return parts(first[1], first[2], first[3]?.toUpperCase() ?? first[4]);
  const last = CODE_FIRST.exec(text);
  if (last) return parts(last[2], last[3], last[1]?.toUpperCase());
  return whatIsWrong(text);
}

function parts(whole = '', fraction = '', currency?: string): Parts {
  return { whole: whole.replace(/[_ ]/g, ''), fraction, currency };
}

function whatIsWrong(text: string): string {
  if (/^(?:[A-Za-z]{3} ?)?[-−–]/.test(text)) return 'is negative; an amount of money is 0 or more';
  if (/\d,\d/.test(text))
    return `has a comma. The decimal mark is the point, and thousands are not set off by commas. ${MONEY_FORMS}`;
  if (/\d\.\d+\.\d/.test(text)) return `has more than one point. The point is the decimal mark only. ${MONEY_FORMS}`;
  if (/\d[eE][+-]?\d/.test(text)) return `has an exponent; write the amount out. ${MONEY_FORMS}`;
  if (/^(?:Rp|\p{Sc}|[A-Z]{1,2}\$)|\p{Sc}$/iu.test(text))
    return `has a symbol instead of a currency code. ${MONEY_FORMS}`;
  return `is not an amount of money. ${MONEY_FORMS}`;
}

function partsOfNumber(value: number): Parts | string {
  if (Number.isNaN(value)) return 'is not a number';
  if (value < 0) return 'is negative; an amount of money is 0 or more';
  if (!Number.isFinite(value)) return 'is too large; a number such as 1e400 is beyond every amount';
  // The shortest decimal text that means this number, with its exponent written out.
  const [mantissa = '', exponent = '0'] = String(value).split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const point = whole.length + Number(exponent);
  const digits = whole + fraction;
  if (point <= 0) return { whole: '0', fraction: '0'.repeat(-point) + digits };
  return { whole: digits.slice(0, point).padEnd(point, '0'), fraction: digits.slice(point) };
}

/** `150.000 IDR` is how Indonesians write one hundred and fifty thousand; it must not be guessed at. */
function separatorHint({ whole, fraction }: Parts, currency: string): string {
  if (fraction.length !== 3 || whole.length > 3) return '';
  return ` The point is the decimal mark: if you mean ${whole} thousand and more, write "${whole}${fraction} ${currency}".`;
}

function sentence(text: string): string {
  return text.endsWith('.') ? text : `${text}.`;
}
