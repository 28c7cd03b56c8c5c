import { itemOf, moneyText, textsIn, type Shown } from './item.js';

/** RSS 2.0 with the fields of Google's product data specification; what it must have and Niaga has not is left out. */
export const GOOGLE_HEAD = `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0">
<channel>
<title>Niaga</title>
<description>Listings of a Niaga node</description>
`;
export const GOOGLE_TAIL = '</channel>\n</rss>\n';

/** Google shows no more of them. */
const MAX_ID = 50;
const MAX_TITLE = 150;
const MAX_DESCRIPTION = 5_000;

/** One listing; the listing must have a price. */
export function listingAsGoogle(shown: Shown, base: string | undefined): string {
  const item = itemOf(shown);
  const fields: [string, string | undefined][] = [
    ['g:id', cut(shown.sku, MAX_ID)],
    ['g:title', cut(shown.title, MAX_TITLE)],
    [
      'g:description',
      cut(
        typeof item['description'] === 'string' && item['description'] !== '' ? item['description'] : shown.title,
        MAX_DESCRIPTION,
      ),
    ],
    ['g:link', base === undefined ? undefined : `${base.replace(/\/$/, '')}/${shown.listing}`],
    ['g:availability', shown['inventoryLevel'] === 0 ? 'out_of_stock' : 'in_stock'],
    ['g:price', shown.price === null ? undefined : moneyText(shown.price)],
    ['g:brand', typeof item['brand'] === 'string' ? item['brand'] : undefined],
    ['g:condition', conditionOf(item['itemCondition'])],
    ['g:product_type', textsIn(item['category']).join(' > ') || undefined],
  ];
  const lines = fields.flatMap(([name, value]) => (value === undefined ? [] : [`<${name}>${xml(value)}</${name}>`]));
  return `<item>\n${lines.join('\n')}\n</item>\n`;
}

/** Whether Google would refuse it: on request, no pictures of its own address, no page. */
export function lacksInGoogle(shown: Shown, base: string | undefined): boolean {
  return shown.price === null || base === undefined || shown.sku.length > MAX_ID;
}

function conditionOf(word: unknown): string | undefined {
  return word === 'damaged' ? 'used' : typeof word === 'string' ? word : undefined;
}

const cut = (text: string, length: number): string => [...text].slice(0, length).join('');

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
/** What XML 1.0 cannot hold, even written as a number. */
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Surrogate}/gu;

function xml(text: string): string {
  return text.replace(FORBIDDEN, '').replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
