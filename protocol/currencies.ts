import { NiagaError } from './errors.js';
import { quote } from './quote.js';

/**
 * How many decimals each currency of ISO 4217 has: facts of the standard's list one as of January 2026. The table is
 * ours because platforms disagree (some give IDR 0 decimals) and an amount must mean the same on every node. Precious
 * metals, units of account between banks and test codes are left out: nobody prices goods in them.
 */
const CODES_BY_EXPONENT: ReadonlyArray<readonly [exponent: number, codes: string]> = [
  [0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'],
  [
    2,
    'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY ' +
      'COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ' +
      'ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN ' +
      'MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE ' +
      'SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ' +
      'ZMW ZWG',
  ],
  [3, 'BHD IQD JOD KWD LYD OMR TND'],
  [4, 'CLF UYW'],
];

const EXPONENTS: ReadonlyMap<string, number> = new Map(
  CODES_BY_EXPONENT.flatMap(([exponent, codes]) => codes.split(' ').map((code) => [code, exponent] as const)),
);

/** `issuer:unit`: the trader's key in text and the name that the issuer gave the unit. */
const ISSUER_UNIT = /^z6Mk[1-9A-HJ-NP-Za-km-z]{44}:[a-z0-9][a-z0-9-]{0,31}$/;

/** The longest `issuer:unit`: 48 characters of key, a colon, 32 of unit. */
export const MAX_CURRENCY_LENGTH = 81;

/**
 * Decimals of a currency's major unit: 2 for IDR, 0 for JPY. An issuer's unit is counted whole (DESIGN section 8), so
 * it has 0. Undefined for what is no currency; codes are upper case.
 */
export function currencyExponent(currency: string): number | undefined {
  return EXPONENTS.get(currency) ?? (ISSUER_UNIT.test(currency) ? 0 : undefined);
}

export function isCurrency(currency: string): boolean {
  return currencyExponent(currency) !== undefined;
}

/** As people type a code: ISO codes also in small letters. An issuer's key is not touched. */
export function upperCaseCode(currency: string): string;
export function upperCaseCode(currency: string | undefined): string | undefined;
export function upperCaseCode(currency: string | undefined): string | undefined {
  return currency?.trim().replace(/^[a-z]{3}$/i, (code) => code.toUpperCase());
}

/** All codes of ISO 4217 that Niaga knows, sorted. */
export function currencyCodes(): string[] {
  return [...EXPONENTS.keys()].sort();
}

export function unknownCurrency(currency: string, where?: string): NiagaError {
  const message = `${quote(currency)} is not a currency; use its ISO 4217 code, such as IDR or USD.`;
  return new NiagaError('CURRENCY_UNKNOWN', message, { where });
}
