import type { Client } from '../../node/api/client.js';
import type { OperationKey } from '../../node/api/operations.js';
import type { ListingView, MoneyView } from '../../node/api/views.js';
import type { TradeDetailView } from '../../node/api/trade-views.js';
import { NiagaError } from '../../protocol/errors.js';
import { addMoney, formatMoney, moneyFromJson, multiplyMoney, parseMoney, type Money } from '../../protocol/money.js';
import type { Cost } from './spending.js';

/** What is known of a step before it is made. */
export interface Forecast {
  /** What the node is asked: as it was given, with the prices that were looked at, so that no others are agreed on. */
  readonly input: Fields;
  /** What it commits the owner to pay, where it does. */
  readonly cost?: Cost;
  /** What it is about, for whoever decides; strangers' words among it. */
  readonly about?: Fields;
}

type Fields = Readonly<Record<string, unknown>>;
type Options = { readonly signal: AbortSignal };

/**
 * What a step would cost: of a buyer what is agreed on or said to be paid, of a seller what goes back. Deadlines, stars and
 * words cost nothing; what goods are worth to their seller is the seller's to price.
 * @throws NiagaError where the listing or trade cannot be looked at: what cannot be counted is not spent
 */
export async function forecast(key: OperationKey, input: Fields, client: Client, options: Options): Promise<Forecast> {
  switch (key) {
    case 'offer':
      return forecastOffer(input, client, options);
    case 'tradeAccept':
    case 'tradeCounter':
    case 'tradePay':
    case 'tradeRemedy':
    case 'tradeRemedyAccept':
    case 'tradeRefund':
      return forecastStep(key, input, await client.call('tradeShow', { trade: String(input['trade']) }, options));
    default:
      return { input };
  }
}

interface Ordered {
  /** The listing and, behind a `#`, the variant. */
  readonly id: string;
  readonly title: string;
  readonly variant: string | undefined;
  readonly quantity: number;
  readonly price: Money;
}

async function forecastOffer(input: Fields, client: Client, options: Options): Promise<Forecast> {
  const { parseAlso } = await import('../../node/trades/terms.js');
  const also = Array.isArray(input['also']) ? input['also'].map(String) : [];
  const named = also.map(parseAlso).map(({ listing, ...wish }) => ({ listing: listing.toString(), ...wish }));
  const wished = [
    {
      listing: String(input['listing']),
      ...(typeof input['variant'] === 'string' ? { variant: input['variant'] } : {}),
      ...(typeof input['quantity'] === 'number' ? { quantity: input['quantity'] } : {}),
      ...(typeof input['price'] === 'string' ? { price: input['price'] } : {}),
    },
    ...named,
  ];
  const lines: Ordered[] = [];
  for (const wish of wished) {
    lines.push(ordered(wish, await client.call('listingShow', { listing: wish.listing }, options)));
  }
  const [first, ...others] = lines;
  if (first === undefined) throw new NiagaError('INPUT_MISSING', 'An offer names a listing.', { where: 'listing' });
  return {
    input: {
      ...input,
      quantity: first.quantity,
      price: formatMoney(first.price),
      ...(others.length === 0
        ? {}
        : { also: others.map(({ id, quantity, price }) => `${id}=${quantity}@${formatMoney(price)}`) }),
    },
    cost: { trade: undefined, money: sumOf(lines) },
    about: {
      lines: lines.map((line) => lineInWords(line, formatMoney(line.price))),
    },
  };
}

/** @throws NiagaError LISTING_ON_REQUEST, MONEY_INVALID */
function ordered(
  wish: { readonly listing: string; readonly variant?: string; readonly quantity?: number; readonly price?: string },
  shown: ListingView,
): Ordered {
  const least: unknown = (shown['eligibleQuantity'] as Fields | undefined)?.['minValue'];
  const { listing, variant } = wish;
  const own = variantIn(shown, variant)?.['price'] as MoneyView | undefined;
  // Of a variant that a card alone says nothing of, no price is known.
  const whole = variant !== undefined && shown['partial'] === true ? null : shown.price;
  const known = own ?? whole;
  const listed = known === null ? undefined : moneyFromJson(known);
  const price =
    wish.price === undefined ? listed : parseMoney(wish.price, { fallbackCurrency: listed?.currency, where: 'price' });
  if (price === undefined) {
    throw new NiagaError('LISTING_ON_REQUEST', 'The listing has no fixed price.', {
      where: 'price',
      next: 'Name what is offered for one, such as "150000 IDR".',
    });
  }
  const quantity = wish.quantity ?? (typeof least === 'number' ? least : 1);
  return {
    id: variant === undefined ? listing : `${listing}#${variant}`,
    title: shown.title,
    variant,
    quantity,
    price,
  };
}

/** One that the listing does not have is left to the node, which refuses it and names those that there are. */
function variantIn(shown: ListingView, sku: string | undefined): Fields | undefined {
  const variants = Array.isArray(shown['hasVariant']) ? (shown['hasVariant'] as readonly Fields[]) : [];
  return sku === undefined ? undefined : variants.find((one) => one['sku'] === sku);
}

function sumOf(lines: readonly Pick<Ordered, 'quantity' | 'price'>[]): Money {
  return lines.map(({ quantity, price }) => multiplyMoney(price, quantity)).reduce(addMoney);
}

type StepKey = 'tradeAccept' | 'tradeCounter' | 'tradePay' | 'tradeRemedy' | 'tradeRemedyAccept' | 'tradeRefund';

async function forecastStep(key: StepKey, input: Fields, shown: TradeDetailView): Promise<Forecast> {
  const { role, lines, state, counterparty, messages } = shown;
  const last = messages.at(-1);
  const total = moneyFromJson(shown.total);
  const about = {
    role,
    state,
    counterparty,
    lines: lines.map((line) => lineInWords(line, inWords(line.price))),
    total: formatMoney(total),
    // A proposal that is agreed to stands in it: what comes back, what is left out, by when.
    ...(last === undefined ? {} : { last: { id: last.id, kind: last.kind, by: last.role, text: last.text } }),
  };
  const named = (field: string): Money | undefined =>
    typeof input[field] === 'string'
      ? parseMoney(input[field], { fallbackCurrency: total.currency, where: field })
      : undefined;
  const of = (money: Money): Forecast => ({ input, cost: { trade: shown.trade, money }, about });
  if (role === 'buyer') {
    if (key === 'tradeAccept') return of(total);
    if (key === 'tradePay') return of(higher(total, named('amount')));
    if (key === 'tradeCounter') return of(await countered(input, shown, named('shipping')));
  }
  if (role === 'seller') {
    if (key === 'tradeRefund') return of(named('amount') ?? total);
    if (key === 'tradeRemedyAccept') return of(total);
    const refund = key === 'tradeRemedy' ? named('refund') : undefined;
    if (refund !== undefined) return of(refund);
  }
  return { input, about };
}

/** What the order costs as the counter-offer has it. */
async function countered(input: Fields, shown: TradeDetailView, shipping: Money | undefined): Promise<Money> {
  const { changedLines } = await import('../../node/trades/terms.js');
  const lines = shown.lines.map(({ quantity, price }) => ({ quantity, price: moneyFromJson(price) }));
  const goods = sumOf(changedLines(lines, input));
  const total = moneyFromJson(shown.total);
  const before = { amount: total.amount - sumOf(lines).amount, currency: total.currency };
  return addMoney(goods, shipping ?? before);
}

/** What is named counts where it is more, or of another currency than the trade, for which there is a limit of its own. */
function higher(total: Money, named: Money | undefined): Money {
  if (named === undefined) return total;
  return named.currency !== total.currency || named.amount > total.amount ? named : total;
}

function lineInWords(
  { title, variant, quantity }: { title: string; variant?: string | undefined; quantity: number },
  price: string,
): Fields {
  return { title, ...(variant === undefined ? {} : { variant }), quantity, price };
}

const inWords = (money: MoneyView): string => formatMoney(moneyFromJson(money));
