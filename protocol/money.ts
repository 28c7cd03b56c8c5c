import { z } from 'zod';
import { MAX_CURRENCY_LENGTH, currencyExponent, isCurrency, unknownCurrency, upperCaseCode } from './currencies.js';
import { NiagaError } from './errors.js';
import { MONEY_FORMS, parseMoneyText } from './money-text.js';
import { quote } from './quote.js';

/** An ISO 4217 code in upper case or `issuer:unit`. */
export const currencySchema = z
  .string()
  .max(MAX_CURRENCY_LENGTH)
  .refine(isCurrency, 'is not a currency of ISO 4217 or issuer:unit')
  .meta({ id: 'currency' });

/** Minor units (sen, cents) and their currency. Amounts are never negative: the direction of money is a role, not a sign. */
export const moneySchema = z.looseObject({ amount: z.int().min(0), currency: currencySchema }).meta({ id: 'money' });
export type Money = z.infer<typeof moneySchema>;

/** Money as the API and `--json` print it: minor units as decimal text, so that no JSON reader rounds it. */
export interface MoneyJson {
  amount: string;
  currency: string;
}

export interface ParseMoneyOptions {
  /** The currency of a number or text that names none; one that it does name must agree. */
  readonly currency?: string | undefined;
  /** The currency of what names none, where one that it names may differ. */
  readonly fallbackCurrency?: string | undefined;
  /** The field to blame in errors. */
  readonly where?: string | undefined;
}

/**
 * Money from what a person or a program writes, in *major* units:
 *
 * * text with its currency: `150000 IDR`, `IDR 150000`, `12.50 USD`, `150_000 IDR`, `150 000 IDR`
 * * a number or such text without a currency, and `options.currency` (or `fallbackCurrency`)
 * * `{price, currency}` or schema.org's `{price, priceCurrency}`, where `price` is one of the above
 *
 * The one exception is the form in which Niaga itself prints money, `{amount: "15000000", currency}` with `amount` as
 * text: there the amount is in *minor* units, so that what was printed can be read again. `amount` as a number is
 * refused, since either reading could be meant.
 *
 * The decimal mark is the point; groups of three digits may be set off by `_` or a space, by nothing else; there are
 * no signs, no symbols (`Rp`, `$`) and no exponents in text.
 *
 * @throws NiagaError CURRENCY_UNKNOWN, else MONEY_INVALID: negative, not finite, more decimals than the currency has,
 * beyond 2^53 − 1 minor units, without a currency, with two, or of another form.
 */
export function parseMoney(input: unknown, options: ParseMoneyOptions = {}): Money {
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) return parseObject(input, options);
  return parseMoneyText(input, options);
}

function parseObject(input: object, options: ParseMoneyOptions): Money {
  const { where } = options;
  const { amount, price, currency, priceCurrency } = input as Record<string, unknown>;
  const named = currency ?? priceCurrency ?? undefined;
  const fail = (message: string): NiagaError => new NiagaError('MONEY_INVALID', message, { where });
  if (named !== undefined && typeof named !== 'string') throw fail(`${quote(named)} is not a currency code.`);
  if ((amount ?? price) === undefined || (amount !== undefined && price !== undefined)) {
    throw fail(`An object for an amount of money has a price and a currency. ${MONEY_FORMS}`);
  }
  if (amount === undefined) {
    const money = parseMoneyText(price, { ...options, currency: named ?? options.currency });
    return named === undefined ? money : agreeing(money, options);
  }
  if (typeof amount !== 'string') {
    throw fail(`With an amount of ${quote(amount)} it is open whether minor units are meant. ${MONEY_FORMS}`);
  }
  if (named === undefined) throw fail(`The amount ${quote(amount)} has no currency. ${MONEY_FORMS}`);
  return agreeing(moneyFromJson({ amount, currency: named }, where), options);
}

function agreeing(money: Money, { currency, where }: ParseMoneyOptions): Money {
  const given = upperCaseCode(currency);
  if (given === undefined || given === money.currency) return money;
  const message = `${formatMoney(money)} is in ${money.currency}, but the currency is given as ${quote(currency)}.`;
  throw new NiagaError('MONEY_INVALID', message, { where });
}

/**
 * Money from the form that the API and `--json` use; the inverse of `moneyToJson`.
 *
 * @throws NiagaError MONEY_INVALID, CURRENCY_UNKNOWN
 */
export function moneyFromJson(json: { amount: string; currency: string }, where?: string): Money {
  const amount = /^(0|[1-9]\d{0,15})$/.test(json.amount) ? Number(json.amount) : NaN;
  if (!Number.isSafeInteger(amount)) {
    const message = `${quote(json.amount)} is not an amount: whole minor units as text, at most ${Number.MAX_SAFE_INTEGER}.`;
    throw new NiagaError('MONEY_INVALID', message, { where });
  }
  if (!isCurrency(json.currency)) throw unknownCurrency(json.currency, where);
  return { amount, currency: json.currency };
}

export function moneyToJson(money: Money): MoneyJson {
  return { amount: String(money.amount), currency: money.currency };
}

/**
 * Money in words that `parseMoney` reads back to the same value, the same on every platform: `150000 IDR`,
 * `12.50 USD`. Decimals appear when there are any. For people's own way of writing numbers, format in the page.
 */
export function formatMoney(money: Money): string {
  const exponent = currencyExponent(money.currency) ?? 0;
  const digits = String(money.amount).padStart(exponent + 1, '0');
  const whole = digits.slice(0, digits.length - exponent);
  const fraction = digits.slice(digits.length - exponent);
  return `${/[1-9]/.test(fraction) ? `${whole}.${fraction}` : whole} ${money.currency}`;
}

/** @throws NiagaError MONEY_INVALID when the currencies differ or the sum is beyond 2^53 − 1 minor units. */
export function addMoney(a: Money, b: Money): Money {
  if (a.currency !== b.currency) {
    throw new NiagaError('MONEY_INVALID', `${a.currency} and ${b.currency} cannot be added.`);
  }
  return checked(a.amount + b.amount, a.currency);
}

/** `money` × a whole number of pieces, 0 or more. @throws NiagaError MONEY_INVALID as `addMoney`. */
export function multiplyMoney(money: Money, times: number): Money {
  if (!Number.isSafeInteger(times) || times < 0) {
    throw new NiagaError('MONEY_INVALID', `Money can be multiplied by whole numbers from 0, not by ${quote(times)}.`);
  }
  return checked(money.amount * times, money.currency);
}

// Rounding to doubles is monotone: a sum or product beyond 2^53 − 1 never lands on a safe integer.
function checked(amount: number, currency: string): Money {
  if (Number.isSafeInteger(amount) && amount >= 0) return { amount, currency };
  throw new NiagaError('MONEY_INVALID', `The amount in ${currency} is larger than Niaga can count.`);
}
