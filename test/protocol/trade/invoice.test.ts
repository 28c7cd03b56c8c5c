import { describe, expect, it } from 'vitest';
import { invoiceOf } from '../../../protocol/trade/invoice.js';
import { after, agreed, idr, offered, received, termsBy } from './traders.js';

/**
 * The part of the public UBL 2.1 schema that is used: the children of each type, in the order of its sequence, with how often each
 * may be there (UBL-Invoice-2.1.xsd, UBL-CommonAggregateComponents-2.1.xsd). No validator of XML Schema is among the tools of these tests.
 */
const SCHEMA: Readonly<Record<string, readonly string[]>> = {
  Invoice: [
    ...[
      'UBLVersionID?',
      'CustomizationID?',
      'ProfileID?',
      'ProfileExecutionID?',
      'ID',
      'CopyIndicator?',
      'UUID?',
      'IssueDate',
    ],
    ...[
      'IssueTime?',
      'DueDate?',
      'InvoiceTypeCode?',
      'Note*',
      'TaxPointDate?',
      'DocumentCurrencyCode?',
      'BuyerReference?',
    ],
    ...[
      'InvoicePeriod*',
      'OrderReference?',
      'BillingReference*',
      'AccountingSupplierParty',
      'AccountingCustomerParty',
      'Delivery*',
    ],
    ...[
      'PaymentMeans*',
      'PaymentTerms*',
      'PrepaidPayment*',
      'AllowanceCharge*',
      'TaxTotal*',
      'LegalMonetaryTotal',
      'InvoiceLine+',
    ],
  ],
  OrderReference: ['ID', 'SalesOrderID?', 'IssueDate?'],
  AccountingSupplierParty: ['CustomerAssignedAccountID?', 'Party?'],
  AccountingCustomerParty: ['CustomerAssignedAccountID?', 'Party?'],
  Party: ['WebsiteURI?', 'EndpointID?', 'PartyIdentification*', 'PartyName*'],
  PartyIdentification: ['ID'],
  PartyName: ['Name'],
  AllowanceCharge: [
    'ID?',
    'ChargeIndicator',
    'AllowanceChargeReasonCode?',
    'AllowanceChargeReason*',
    'MultiplierFactorNumeric?',
    'Amount',
  ],
  LegalMonetaryTotal: [
    ...[
      'LineExtensionAmount?',
      'TaxExclusiveAmount?',
      'TaxInclusiveAmount?',
      'AllowanceTotalAmount?',
      'ChargeTotalAmount?',
    ],
    ...['PrepaidAmount?', 'PayableRoundingAmount?', 'PayableAmount'],
  ],
  InvoiceLine: [
    'ID',
    'UUID?',
    'Note*',
    'InvoicedQuantity?',
    'LineExtensionAmount',
    'AllowanceCharge*',
    'Item',
    'Price?',
  ],
  Item: ['Description*', 'Name?', 'BuyersItemIdentification?', 'SellersItemIdentification?'],
  SellersItemIdentification: ['ID'],
  Price: ['PriceAmount'],
};

interface Element {
  readonly name: string;
  readonly prefix: string;
  readonly attributes: string;
  readonly children: Element[];
  text: string;
}

function parse(xml: string): Element {
  const root: Element = { name: '', prefix: '', attributes: '', children: [], text: '' };
  const stack = [root];
  for (const [, close, prefix = '', name = '', attributes = '', text = ''] of xml
    .replace(/^<\?xml[^>]*\?>\n/, '')
    .matchAll(/<(\/?)(?:(\w+):)?(\w+)([^>]*)>([^<]*)/g)) {
    if (close === '/') {
      expect(stack.pop()?.name).toBe(name);
      continue;
    }
    const element: Element = { name, prefix, attributes: attributes.trim(), children: [], text: text.trim() };
    stack.at(-1)?.children.push(element);
    stack.push(element);
  }
  expect(stack).toHaveLength(1);
  return root.children[0] ?? root;
}

function check({ name, prefix, children, attributes, text }: Element): void {
  const sequence = SCHEMA[name];
  expect(prefix, name).toBe(name === 'Invoice' ? '' : sequence === undefined ? 'cbc' : 'cac');
  if (sequence === undefined) {
    expect(children, name).toEqual([]);
    expect(text, name).not.toBe('');
    if (name.endsWith('Amount'))
      expect([attributes, text]).toEqual([
        expect.stringMatching(/^currencyID="[A-Z]{3}"$/),
        expect.stringMatching(/^\d+(\.\d+)?$/),
      ]);
    if (name === 'IssueDate') expect(text).toMatch(/^\d{4}-\d\d-\d\d$/);
    return;
  }
  const form = sequence
    .map((child) => `(?:${child.replace(/[?*+]$/, '')} )${/[?*+]$/.exec(child)?.[0] ?? ''}`)
    .join('');
  expect(children.map((child) => `${child.name} `).join(''), name).toMatch(new RegExp(`^${form}$`));
  children.forEach(check);
}

function valueOf(xml: string, ...path: readonly string[]): string | undefined {
  return path.reduce<Element | undefined>((at, name) => at?.children.find((child) => child.name === name), parse(xml))
    ?.text;
}

describe('the invoice of a trade', () => {
  it.each([
    ['with shipping, unpaid', agreed()],
    ['paid', received()],
    [
      'with a refund that was agreed',
      after(received(), ['buyer', 'remedy', { fields: { refund: idr(500_050) } }], ['seller', 'remedy-accept']),
    ],
    ['of a trade that was cancelled', after(agreed(), ['buyer', 'cancel'])],
  ])('has the form of UBL 2.1: %s', (_, state) => {
    check(parse(invoiceOf(state, { seller: 'Toko Kopi', buyer: 'Sari' })));
  });

  it('adds up', () => {
    const xml = invoiceOf(
      after(received(), ['buyer', 'remedy', { fields: { refund: idr(500_050) } }], ['seller', 'remedy-accept']),
    );
    const total = (name: string) => Number(valueOf(xml, 'LegalMonetaryTotal', name));
    expect(total('LineExtensionAmount') + total('ChargeTotalAmount') - total('AllowanceTotalAmount')).toBeCloseTo(
      total('TaxInclusiveAmount'),
    );
    expect(total('TaxInclusiveAmount') - total('PrepaidAmount')).toBeCloseTo(total('PayableAmount'));
    expect(total('TaxInclusiveAmount')).toBe(94_999.5);
  });

  it('escapes what strangers wrote', () => {
    const lines = termsBy('buyer').lines.map((line) => ({ ...line, title: 'Kopi </cbc:Name> & "x" <b>' }));
    const xml = invoiceOf(after(undefined, ['buyer', 'offer', { terms: { lines } }], ['seller', 'accept']));
    check(parse(xml));
    expect(valueOf(xml, 'InvoiceLine', 'Item', 'Name')).toBe('Kopi &lt;/cbc:Name&gt; &amp; &quot;x&quot; &lt;b&gt;');
  });

  it('is refused where there is no contract', () => {
    expect(() => invoiceOf(offered())).toThrow(expect.objectContaining({ code: 'TRADE_STATE' }) as Error);
  });
});
