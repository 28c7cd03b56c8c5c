import { isCurrency, MAX_CURRENCY_LENGTH } from './currencies.js';
import { NETWORK_NAME } from './header.js';
import { FORBIDDEN_CHARACTERS, LAST_TIME } from './schema.js';

/**
 * The atoms of the schemas once more, by hand: for the checks of records that come by the thousands (card-check.ts,
 * listing-check.ts), which take a twentieth of a schema's time. Tests hold those to the schemas' verdicts.
 */

/** As `textSchema`. */
export function isText(value: unknown, min: number, max: number): value is string {
  return (
    isString(value) &&
    value.length >= min &&
    value.length <= max &&
    !FORBIDDEN_CHARACTERS.test(value) &&
    value.isWellFormed()
  );
}

export function isString(value: unknown): value is string {
  return typeof value === 'string';
}

export function isInteger(value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max;
}

export function isTime(value: unknown): value is number {
  return isInteger(value, 0, LAST_TIME);
}

export function isOneOf(values: readonly string[], value: unknown): boolean {
  return isString(value) && values.includes(value);
}

/** @param most entries */
export function isList(value: unknown, most: number, fits: (entry: unknown) => boolean): value is readonly unknown[] {
  if (!Array.isArray(value) || value.length > most) return false;
  for (const entry of value as unknown[]) if (!fits(entry)) return false;
  return true;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object of names and values, and not one of a class: bytes, say. */
export function isMap(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

export function isMoney(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { amount, currency } = value;
  return isInteger(amount, 0) && isString(currency) && currency.length <= MAX_CURRENCY_LENGTH && isCurrency(currency);
}

/** The header's fields but `kind`; no to `crit` altogether, which the schema takes: whoever meets it asks the schema. */
export function isPlainHeader({ network, trader, device, created, crit }: Readonly<Record<string, unknown>>): boolean {
  return (
    isString(network) &&
    NETWORK_NAME.test(network) &&
    isKey(trader) &&
    isKey(device) &&
    isTime(created) &&
    crit === undefined
  );
}

function isKey(value: unknown): boolean {
  return value instanceof Uint8Array && value.length === 32;
}
