import { NiagaError } from '../errors.js';
import { traderToText } from '../ids.js';
import { formatMoney, multiplyMoney, type Money } from '../money.js';
import { agreementIn } from './regions.js';
import type { TradeState } from './state.js';

/**
 * The contract as an invoice for bookkeeping: UBL 2.1 (http://docs.oasis-open.org/ubl/os-UBL-2.1/UBL-2.1.html), elements in the order
 * that its Invoice schema gives. It says what the log says, and no tax, since a contract states none.
 * @param names of the traders, where they are known
 * @throws NiagaError TRADE_STATE where there is no contract
 */
export function invoiceOf(
  state: TradeState,
  names: { readonly buyer?: string; readonly seller?: string } = {},
): string {
  const agreement = agreementIn(state.contract);
  if (agreement === undefined) throw new NiagaError('TRADE_STATE', 'Without a contract there is nothing to invoice.');
  const { terms, since } = agreement;
  const { currency } = terms.total;
  const money = (amount: number): Money => ({ amount, currency });
  const lines = terms.lines.map((line) => ({ ...line, sum: multiplyMoney(line.price, line.quantity) }));
  const goods = lines.reduce((so, { sum }) => so + sum.amount, 0);
  const shipping = terms.shipping?.amount ?? 0;
  const price = state.payment.price?.amount ?? terms.total.amount;
  const waived = terms.total.amount - price;
  const paid = Math.min(state.payment.seen?.amount ?? 0, price);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element(
    'Invoice',
    [
      text('cbc:UBLVersionID', '2.1'),
      text('cbc:ID', state.trade.toString()),
      text('cbc:IssueDate', new Date(since).toISOString().slice(0, 10)),
      // UN/CEFACT 1001: commercial invoice.
      text('cbc:InvoiceTypeCode', '380'),
      text('cbc:DocumentCurrencyCode', currency),
      element('cac:OrderReference', [text('cbc:ID', agreement.proposal.toString())]),
      element('cac:AccountingSupplierParty', [party(state.parties.seller, names.seller)]),
      element('cac:AccountingCustomerParty', [party(state.parties.buyer, names.buyer)]),
      ...(shipping === 0 ? [] : [allowance(true, 'Shipping', money(shipping))]),
      ...(waived === 0 ? [] : [allowance(false, 'Agreed or ruled refund', money(waived))]),
      element('cac:LegalMonetaryTotal', [
        amount('cbc:LineExtensionAmount', money(goods)),
        amount('cbc:TaxExclusiveAmount', money(price)),
        amount('cbc:TaxInclusiveAmount', money(price)),
        ...(waived === 0 ? [] : [amount('cbc:AllowanceTotalAmount', money(waived))]),
        ...(shipping === 0 ? [] : [amount('cbc:ChargeTotalAmount', money(shipping))]),
        ...(paid === 0 ? [] : [amount('cbc:PrepaidAmount', money(paid))]),
        amount('cbc:PayableAmount', money(price - paid)),
      ]),
      ...lines.map(({ title, variant, slot, quantity, price: each, sum }, place) =>
        element('cac:InvoiceLine', [
          text('cbc:ID', String(place + 1)),
          // UN/ECE Recommendation 20: pieces.
          text('cbc:InvoicedQuantity', String(quantity), 'unitCode="C62"'),
          amount('cbc:LineExtensionAmount', sum),
          element('cac:Item', [
            text('cbc:Name', title),
            element('cac:SellersItemIdentification', [text('cbc:ID', variant ?? slot.slice('listing/'.length))]),
          ]),
          element('cac:Price', [amount('cbc:PriceAmount', each)]),
        ]),
      ),
    ],
    NAMESPACES,
  )}`;
}

const UBL = 'urn:oasis:names:specification:ubl:schema:xsd';
const NAMESPACES = `xmlns="${UBL}:Invoice-2" xmlns:cac="${UBL}:CommonAggregateComponents-2" xmlns:cbc="${UBL}:CommonBasicComponents-2"`;

function party(trader: Uint8Array, name: string | undefined): string {
  return element('cac:Party', [
    element('cac:PartyIdentification', [text('cbc:ID', traderToText(trader))]),
    ...(name === undefined || name === '' ? [] : [element('cac:PartyName', [text('cbc:Name', name)])]),
  ]);
}

function allowance(isCharge: boolean, reason: string, money: Money): string {
  return element('cac:AllowanceCharge', [
    text('cbc:ChargeIndicator', String(isCharge)),
    text('cbc:AllowanceChargeReason', reason),
    amount('cbc:Amount', money),
  ]);
}

function amount(name: string, money: Money): string {
  const [decimal = ''] = formatMoney(money).split(' ');
  return text(name, decimal, `currencyID="${escaped(money.currency)}"`);
}

function element(name: string, children: readonly string[], attributes?: string): string {
  const inner = children.join('').replaceAll(/^(?=.)/gm, '  ');
  return `<${name}${attributes === undefined ? '' : ` ${attributes}`}>\n${inner}</${name}>\n`;
}

function text(name: string, value: string, attributes?: string): string {
  return `<${name}${attributes === undefined ? '' : ` ${attributes}`}>${escaped(value)}</${name}>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
/** Characters that XML 1.0 has not, and line ends, which would turn the form. */
const NOT_XML =
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function escaped(value: string): string {
  return value.replace(NOT_XML, ' ').replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '');
}
