import { currencyCodes, currencyExponent } from '../../dist/protocol/currencies.js';
import { formatMoney, parseMoney } from '../../dist/protocol/index.js';

/** Money as people and programs write it, in major units → minor units; and how many decimals each currency has. */

/** [description, input, currency of what names none] */
const VALID = [
  ['an amount and its currency', '150000 IDR'],
  ['the currency first', 'IDR 150000'],
  ['no space between', '150000IDR'],
  ['a code in small letters', '150000 idr'],
  ['space around it', '  150000 IDR '],
  ['decimals', '12.50 USD'],
  ['fewer decimals than the currency has', '12.5 USD'],
  ['groups set off by spaces', '1 250 000 IDR'],
  ['groups set off by underscores', '1_250_000.75 IDR'],
  ['a currency without decimals', '500 JPY'],
  ['a currency with three decimals', '1.234 KWD'],
  ['zero', '0 IDR'],
  ['zeros in front', '007 USD'],
  ['the largest amount that there is', '90071992547409.91 IDR'],
  ['a number and a currency beside it', 150000, 'IDR'],
  ['a number with decimals', 0.29, 'USD'],
  ['text without a currency and one beside it', '19.99', 'USD'],
  ['a price and its currency', { price: 85000, currency: 'IDR' }],
  ['schema.org’s names', { price: '85000', priceCurrency: 'IDR' }],
  ['the form that Niaga prints: minor units as text', { amount: '8500000', currency: 'IDR' }],
  ['an issuer’s unit is counted whole', '3 z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp:jam'],
];

/** [description, input, code, currency of what names none] */
const INVALID = [
  ['nothing', ''],
  ['no amount', 'IDR'],
  ['no currency', '150000'],
  ['a number without a currency', 150000],
  ['negative', '-1 IDR'],
  ['a negative number', -1, 'MONEY_INVALID', 'IDR'],
  ['a plus sign', '+1 IDR'],
  ['a decimal comma', '12,50 USD'],
  ['thousands set off by commas', '1,250,000 IDR'],
  ['thousands set off by points', '1.250.000 IDR'],
  ['three decimals where the currency has two: perhaps thousands', '150.000 IDR'],
  ['decimals of a currency without', '1.5 JPY'],
  ['four decimals where the currency has three', '1.2345 KWD'],
  ['groups of two', '12_50 IDR'],
  ['groups of two kinds', '1_250 000 IDR'],
  ['a point and nothing behind it', '12. USD'],
  ['a point and nothing before it', '.5 USD'],
  ['an exponent', '1e5 IDR'],
  ['a symbol', 'Rp 150000'],
  ['a dollar sign', '$12.50'],
  ['two currencies', 'IDR 150000 USD'],
  ['not a number', 'NaN IDR'],
  ['infinite', 'Infinity IDR'],
  ['digits of another script', '١٥٠ IDR'],
  ['a cent more than the largest amount', '90071992547409.92 IDR'],
  ['a number far beyond', 1e300, 'MONEY_INVALID', 'IDR'],
  ['another currency than the one beside it', '12 USD', 'MONEY_INVALID', 'IDR'],
  ['a currency that there is not', '12 ABC', 'CURRENCY_UNKNOWN'],
  ['a currency of former times', '12 DEM', 'CURRENCY_UNKNOWN'],
  ['an issuer’s unit in capitals', '3 z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp:JAM', 'CURRENCY_UNKNOWN'],
  ['half an issuer’s unit', '1.5 z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp:jam'],
  ['an amount as a number: minor or major?', { amount: 8500000, currency: 'IDR' }],
  ['a negative amount in minor units', { amount: '-1', currency: 'IDR' }],
  ['a fraction of a minor unit', { amount: '1.5', currency: 'IDR' }],
  ['zeros before an amount in minor units', { amount: '01', currency: 'IDR' }],
  ['amount and price at once', { amount: '1', price: 1, currency: 'IDR' }],
  ['an object without an amount', { currency: 'IDR' }],
  ['a price that is an object', { price: {}, currency: 'IDR' }],
  ['a list', ['1', 'IDR']],
  ['true', true],
  ['null', null],
];

export function moneyVectors() {
  return {
    about: 'money',
    exponents: Object.fromEntries(currencyCodes().map((code) => [code, currencyExponent(code)])),
    cases: [
      ...VALID.map(([description, input, currency]) => {
        const money = parseMoney(input, { currency });
        return { description, valid: true, input, ...named(currency), money, text: formatMoney(money) };
      }),
      ...INVALID.map(([description, input, code = 'MONEY_INVALID', currency = undefined]) => {
        return { description, valid: false, code, input, ...named(currency) };
      }),
    ],
  };
}

function named(currency) {
  return currency === undefined ? {} : { currency };
}
