import { ANALYSIS_VERSION, indexOf, postedTerms, termsOfText } from '../../dist/protocol/index.js';
import { KOPI, LESSON } from './catalog-samples.mjs';

/** Text → terms, a listing’s item → the index of its card, and what no index may look like. */

const TEXTS = [
  ['nothing', ''],
  ['only function words', 'the and of dan yang di'],
  ['English plurals', 'wireless headphones boxes batteries'],
  ['Indonesian affixes', 'makanan minuman perlengkapan pakaian'],
  ['an Indonesian plural', 'anak-anak buku-buku'],
  ['capitals and accents', 'Café CRÈME Señor'],
  ['composed and decomposed text have the same terms', 'Cafe\u0301 Café'],
  ['German letters', 'Straße Müller'],
  ['Turkish capitals', 'İstanbul ISTANBUL'],
  ['full-width letters', 'ＡＢＣ１２３'],
  ['ligatures', 'ﬁlter oﬃce'],
  ['a model code with hyphens', 'Sony WH-1000XM4'],
  ['the same code without', 'sony wh1000xm4'],
  ['a name with an ampersand', 'H&M t-shirt e-cloth'],
  ['a measure', 'Kopi 250 g'],
  ['a measure without a space', 'Kopi 250g'],
  ['a unit in words', '2 liter 5 kilogram'],
  ['a measure with a hyphen', '12-inch 55"'],
  ['sizes', '9 x 12 cm'],
  ['sizes without spaces', '9x12x3cm'],
  ['decimals', '1.5 kg 0.5'],
  ['thousands', '1,000 10.000'],
  ['years', '2020-2021'],
  ['without something', 'cake without sugar'],
  ['tanpa', 'kopi tanpa gula'],
  ['free of something', 'sugar free lactose-free'],
  ['apostrophes', "men's l'Oréal don't"],
  ['marks and symbols', 'C++ C# 100% @home #1'],
  ['Chinese', '咖啡豆'],
  ['Japanese', 'コーヒー ひらがな'],
  ['Korean', '커피 원두'],
  ['Arabic', 'قهوة عربية'],
  ['Hindi', 'कॉफ़ी'],
  ['Thai', 'กาแฟ'],
  ['Cyrillic', 'Кофе КОФЕ'],
  ['Greek', 'Καφές ΚΑΦΕΣ'],
  ['an emoji', 'kopi ☕️ enak 👍🏽'],
  ['characters of no width', 'ko\u200bpi ko\u00adpi'],
  ['a word of more than 40 bytes', 'a'.repeat(60)],
  ['line breaks and tabs', 'kopi\ngayo\tbiji'],
];

const ITEMS = [
  ['everything that a listing can say', KOPI],
  ['the least that a listing must say', LESSON],
  ['one word many times', { ...LESSON, title: 'kopi '.repeat(20).trim(), description: 'kopi' }],
  ['an index cut at 100 bytes: the description goes first', KOPI, 100],
  ['an index cut at 20 bytes', KOPI, 20],
  ['an index of no bytes to speak of', KOPI, 1],
  ['only the last two levels of a category count', { ...LESSON, category: ['Rumah', 'Dapur', 'Kopi', 'Biji'] }],
  [
    'attributes that are no text are left out',
    { ...LESSON, additionalProperty: { grams: 250, organic: true, roast: 'medium' } },
  ],
  [
    'a text of two languages',
    {
      ...LESSON,
      title: 'Noise cancelling headphones tanpa kabel',
      description: 'Garansi resmi, with the original box.',
    },
  ],
];

const BAD_INDEXES = [
  ['a map', {}],
  ['a group that is a map', [{}]],
  ['a group of two', [[1, 1]]],
  ['a group of four', [[1, 1, 'kopi', 0]]],
  ['a mask of 0', [[0, 1, 'kopi']]],
  ['a mask of 32', [[32, 1, 'kopi']]],
  ['a count of 0', [[1, 0, 'kopi']]],
  ['a count of 16', [[1, 16, 'kopi']]],
  ['a mask as text', [['1', 1, 'kopi']]],
  ['terms as a list', [[1, 1, ['kopi']]]],
  ['no terms', [[1, 1, '']]],
  ['two spaces', [[1, 1, 'gayo  kopi']]],
  ['a space at the end', [[1, 1, 'kopi ']]],
  ['terms out of order', [[1, 1, 'kopi gayo']]],
  ['a term twice in a group', [[1, 1, 'kopi kopi']]],
  [
    'a term in two groups',
    [
      [1, 1, 'kopi'],
      [2, 1, 'kopi'],
    ],
  ],
  [
    'masks out of order',
    [
      [2, 1, 'gayo'],
      [1, 1, 'kopi'],
    ],
  ],
  [
    'counts out of order',
    [
      [1, 2, 'gayo'],
      [1, 1, 'kopi'],
    ],
  ],
  [
    'one mask and count in two groups',
    [
      [1, 1, 'gayo'],
      [1, 1, 'kopi'],
    ],
  ],
  ['a capital letter', [[1, 1, 'Kopi']]],
  ['a tab', [[1, 1, 'kopi\tgayo']]],
  ['a space that does not break', [[1, 1, 'kopi\u00a0gayo']]],
  ['a term of 41 bytes', [[1, 1, 'a'.repeat(41)]]],
  ['201 terms', [[1, 1, Array.from({ length: 201 }, (_, number) => `t${String(number).padStart(3, '0')}`).join(' ')]]],
];

/** An index of the right form that is not the one of its item: signed evidence against the seller. */
function lies() {
  const honest = indexOf(KOPI);
  const [first, ...rest] = honest;
  const [mask, count, terms] = first;
  return [
    ['a term that the listing does not have', [[mask, count, [...terms.split(' '), 'zzz'].join(' ')], ...rest]],
    [
      'a higher count',
      honest.map(([one, times, text], at) => (at === honest.length - 1 ? [one, times + 1, text] : [one, times, text])),
    ],
    ['a field in which the term does not stand', [...honest.slice(0, -1), [31, 1, honest.at(-1)[2]]]],
    ['a group left out from the middle', [honest[0], ...honest.slice(2)]],
    ['the index of another listing', indexOf(LESSON)],
  ].map(([description, index]) => ({ description, valid: false, item: 0, index }));
}

export function searchTermVectors() {
  return {
    about: 'search-terms',
    version: ANALYSIS_VERSION,
    texts: TEXTS.map(([description, text]) => ({ description, text, terms: termsOfText(text) })),
    items: ITEMS.map(([description, item, maxBytes]) => {
      const index = indexOf(indexed(item), maxBytes === undefined ? {} : { maxBytes });
      return {
        description,
        item: indexed(item),
        ...(maxBytes === undefined ? {} : { maxBytes }),
        index,
        posted: postedTerms(index),
      };
    }),
    cases: [
      { description: 'the index of the first item', valid: true, index: indexOf(KOPI) },
      { description: 'no groups: nothing of the item had room', valid: true, index: [] },
      ...BAD_INDEXES.map(([description, index]) => ({ description, valid: false, code: 'RECORD_SCHEMA', index })),
    ],
    lies: lies(),
  };
}

/** The fields of a listing that its index is made of. */
function indexed({ title, description, category, brand, additionalProperty, keywords }) {
  return JSON.parse(JSON.stringify({ title, description, category, brand, additionalProperty, keywords }));
}
