/**
 * A listing as programs send it, as JSON Schema: the names of schema.org, other names that are understood, and the forms that
 * `readItem` (protocol/listing/input.ts) takes. Plain data and no schema that checks: what is wrong with a listing is told by
 * `readItem`, line by line, and all of it at once. Plain also because every command loads this file.
 */

const text = (description: string, more: object = {}) => ({ type: 'string', description, ...more });
const whole = (description: string, minimum = 0) => ({ type: ['integer', 'string'], minimum, description });
const lines = (description: string) => ({
  description,
  anyOf: [{ type: 'array', items: { type: 'string' } }, { type: 'string' }],
});
const money = (description: string) => ({
  description,
  anyOf: [
    { type: 'string' },
    { type: 'number', minimum: 0 },
    { type: 'null' },
    { type: 'object', description: '{"price": "85000", "currency": "IDR"}, or money as Niaga prints it' },
  ],
});
const time = (description: string) => ({ type: ['string', 'integer'], description });
const properties = {
  description: 'Attributes by name, such as {"roast": "medium"}; also `attributes`',
  type: ['object', 'array'],
  items: {},
};
const currency = text('Of prices that name none, ISO 4217; also `priceCurrency`');
const stock = {
  type: ['integer', 'string', 'null'],
  description: 'Pieces at hand; null or left out: no limit; also `quantity`, `stock`',
};

export const LISTING_FORM = {
  type: 'object',
  description: 'The listing. Names are compared without regard to case; null and empty text mean "not given"',
  required: ['sku', 'title'],
  properties: {
    sku: {
      type: ['string', 'integer'],
      description: 'Your own number for it: publishing the same one again changes the listing; also `id`',
    },
    title: text('On one line; also `name`', { maxLength: 300 }),
    kind: text('goods, service or digital; goods unless said'),
    description: text('Any number of lines', { maxLength: 20_000 }),
    category: lines('From the widest to the narrowest, a list or "Minuman > Kopi"'),
    brand: text('Who made it'),
    itemCondition: text('new, used, refurbished or damaged; also `condition`'),
    additionalProperty: properties,
    keywords: lines('Other words for it, a list or with commas; also `tags`'),
    hasVariant: {
      type: 'array',
      description:
        'Its sizes and colours: objects with sku, title, price, quantity and attributes of their own; also `variants`',
      items: {
        type: 'object',
        required: ['sku'],
        properties: {
          sku: { type: ['string', 'integer'] },
          title: { type: 'string' },
          price: money('Where it differs'),
          inventoryLevel: stock,
          additionalProperty: properties,
        },
      },
    },
    price: money('Of one, in whole units, such as "85000 IDR"; null or left out: on request'),
    currency,
    unitText: text('What one is: piece, kg, hour; also `unit`'),
    inventoryLevel: stock,
    eligibleQuantity: { type: 'object', description: 'How many one may order, {"minValue": 2, "maxValue": 50}' },
    minOrder: whole('The least that one may order', 1),
    maxOrder: whole('The most that one may order', 1),
    image: lines('Ids (CID) of pictures; also `images`, `media`'),
    availableAtOrFrom: {
      type: ['string', 'object'],
      description:
        'Where it is: a town, "Bandung, Jawa Barat, Indonesia", or {"country": "ID", "region": "…", "city": "…", "lat": …, "lon": …}; also `place`, `location`',
    },
    shippingDetails: {
      type: ['array', 'object', 'string'],
      items: {},
      description:
        'Where it is sent: text with commas, or objects {"destination": "Bandung, ID", "rate": "12000 IDR", "minDays": 1, "maxDays": 3}; also `shipsTo`',
    },
    pickup: { type: ['boolean', 'string'], description: 'Whether it can be fetched' },
    acceptedPaymentMethod: lines('How to pay, a list or with commas; also `payment`, `paymentMethods`'),
    conditions: {
      type: 'object',
      description: 'The terms, as text or the id of a text: they are a part of what a buyer agrees to',
      properties: {
        purchase: { type: 'string' },
        delivery: { type: 'string' },
        guarantee: { type: 'string' },
        refund: { type: 'string' },
      },
    },
    inLanguage: text('Of its texts, such as id or en; also `lang`, `language`'),
    validFrom: time('A date, a time with its zone, or milliseconds since 1970'),
    validThrough: time('Likewise: until when it is offered; also `validUntil`'),
  },
} as const;
