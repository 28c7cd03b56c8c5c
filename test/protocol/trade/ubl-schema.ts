import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { memoryPages, validateXML, type XMLFileInfo } from 'xmllint-wasm';

/**
 * The folder `xsd` or `xsdrt` of the public schemas, as they are in UBL-2.1.zip (http://docs.oasis-open.org/ubl/os-UBL-2.1/). No
 * package has them, and they are no part of this project: where the variable is not set, the part that is restated below stands in.
 */
export const PUBLIC_SCHEMAS = process.env.NIAGA_UBL_SCHEMAS;

/** Simple types, as the unqualified data types of UBL have them: what is in the element, and an attribute that it must have. */
const LEAVES = {
  identifier: { base: 'normalizedString' },
  code: { base: 'normalizedString' },
  text: { base: 'string' },
  name: { base: 'string' },
  date: { base: 'date' },
  indicator: { base: 'boolean' },
  amount: { base: 'decimal', attribute: 'currencyID', use: 'required' },
  quantity: { base: 'decimal', attribute: 'unitCode', use: 'optional' },
} as const;
type Leaf = keyof typeof LEAVES;

/**
 * The types that an invoice of ours uses, with the order and number of their children: UBL-Invoice-2.1.xsd and
 * UBL-CommonAggregateComponents-2.1.xsd. Children that we never write are left out, so that this schema takes no more than the public one.
 */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  Invoice: [
    ...['UBLVersionID?', 'ID', 'IssueDate', 'InvoiceTypeCode?', 'DocumentCurrencyCode?', 'OrderReference?'],
    ...['AccountingSupplierParty', 'AccountingCustomerParty', 'AllowanceCharge*', 'LegalMonetaryTotal', 'InvoiceLine+'],
  ],
  OrderReference: ['ID'],
  AccountingSupplierParty: ['Party?'],
  AccountingCustomerParty: ['Party?'],
  Party: ['PartyIdentification*', 'PartyName*'],
  PartyIdentification: ['ID'],
  PartyName: ['Name'],
  AllowanceCharge: ['ChargeIndicator', 'AllowanceChargeReason*', 'Amount'],
  LegalMonetaryTotal: [
    ...['LineExtensionAmount?', 'TaxExclusiveAmount?', 'TaxInclusiveAmount?', 'AllowanceTotalAmount?'],
    ...['ChargeTotalAmount?', 'PrepaidAmount?', 'PayableAmount'],
  ],
  InvoiceLine: ['ID', 'InvoicedQuantity?', 'LineExtensionAmount', 'Item', 'Price?'],
  Item: ['Name?', 'SellersItemIdentification?'],
  SellersItemIdentification: ['ID'],
  Price: ['PriceAmount'],
};
const LEAF_OF: readonly (readonly [end: string, leaf: Leaf])[] = [
  ['Amount', 'amount'],
  ['Quantity', 'quantity'],
  ['Indicator', 'indicator'],
  ['Date', 'date'],
  ['Code', 'code'],
  ['ID', 'identifier'],
  ['Reason', 'text'],
  ['Name', 'name'],
];

const UBL = 'urn:oasis:names:specification:ubl:schema:xsd';
const OCCURS: Readonly<Record<string, string>> = {
  '': '',
  '?': ' minOccurs="0"',
  '*': ' minOccurs="0" maxOccurs="unbounded"',
  '+': ' maxOccurs="unbounded"',
};

/** What an XML Schema validator finds wrong with invoices, with the number of each; nothing where all are valid. */
export async function invoiceProblems(invoices: readonly string[]): Promise<string[]> {
  files ??= PUBLIC_SCHEMAS === undefined ? restated() : publicFiles(PUBLIC_SCHEMAS);
  const isMain = ({ fileName }: XMLFileInfo): boolean => fileName === MAIN;
  const { valid, errors, rawOutput } = await validateXML({
    xml: invoices.map((contents, at) => ({ fileName: `${at}.xml`, contents })),
    schema: files.filter(isMain),
    preload: files.filter((file) => !isMain(file)),
    // The public schemas take more than the 32 MiB that a run has by default.
    initialMemoryPages: 64 * memoryPages.MiB,
    maxMemoryPages: 512 * memoryPages.MiB,
  });
  if (valid) return [];
  return errors.length === 0 ? [rawOutput] : errors.map(({ message, loc }) => `${loc?.fileName ?? ''}: ${message}`);
}

const MAIN = 'UBL-Invoice-2.1.xsd';
let files: readonly XMLFileInfo[] | undefined;

/** The validator has no folders: the schemas name each other without them. */
function publicFiles(folder: string): XMLFileInfo[] {
  const common = join(folder, 'common');
  const paths = readdirSync(common).flatMap((name) => (name.endsWith('.xsd') ? [[name, join(common, name)]] : []));
  return [[MAIN, join(folder, 'maindoc', MAIN)], ...paths].map(([fileName = '', path = '']) => ({
    fileName,
    contents: readFileSync(path, 'utf8').replaceAll('schemaLocation="../common/', 'schemaLocation="'),
  }));
}

function restated(): XMLFileInfo[] {
  const children = [...new Set(Object.values(TYPES).flat().map(nameOf))];
  const leaves = children.filter((name) => TYPES[name] === undefined);
  const types = Object.keys(TYPES);
  return [
    {
      fileName: MAIN,
      contents: schema('Invoice-2', [
        `<xsd:import namespace="${UBL}:CommonAggregateComponents-2" schemaLocation="cac.xsd"/>`,
        `<xsd:import namespace="${UBL}:CommonBasicComponents-2" schemaLocation="cbc.xsd"/>`,
        element('Invoice'),
      ]),
    },
    {
      fileName: 'cac.xsd',
      contents: schema('CommonAggregateComponents-2', [
        `<xsd:import namespace="${UBL}:CommonBasicComponents-2" schemaLocation="cbc.xsd"/>`,
        ...types.filter((name) => name !== 'Invoice').map(element),
      ]),
    },
    { fileName: 'cbc.xsd', contents: schema('CommonBasicComponents-2', leaves.map(leafElement)) },
  ];
}

function schema(target: string, content: readonly string[]): string {
  const spaces = `xmlns:cac="${UBL}:CommonAggregateComponents-2" xmlns:cbc="${UBL}:CommonBasicComponents-2"`;
  return `<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" ${spaces} targetNamespace="${UBL}:${target}" elementFormDefault="qualified">\n${content.join('\n')}\n</xsd:schema>`;
}

function element(name: string): string {
  const references = (TYPES[name] ?? []).map((child) => {
    const plain = nameOf(child);
    const space = TYPES[plain] === undefined ? 'cbc' : 'cac';
    return `<xsd:element ref="${space}:${plain}"${OCCURS[child.slice(plain.length)] ?? ''}/>`;
  });
  return `<xsd:element name="${name}"><xsd:complexType><xsd:sequence>${references.join('')}</xsd:sequence></xsd:complexType></xsd:element>`;
}

function leafElement(name: string): string {
  const leaf = LEAF_OF.find(([end]) => name.endsWith(end))?.[1];
  if (leaf === undefined) throw new Error(`no simple type is known for ${name}`);
  const type: { readonly base: string; readonly attribute?: string; readonly use?: string } = LEAVES[leaf];
  const attribute =
    type.attribute === undefined
      ? ''
      : `<xsd:attribute name="${type.attribute}" type="xsd:normalizedString" use="${type.use ?? 'optional'}"/>`;
  return `<xsd:element name="${name}"><xsd:complexType><xsd:simpleContent><xsd:extension base="xsd:${type.base}">${attribute}</xsd:extension></xsd:simpleContent></xsd:complexType></xsd:element>`;
}

function nameOf(child: string): string {
  return child.replace(/[?*+]$/, '');
}
