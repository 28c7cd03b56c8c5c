import { useEffect, useState } from 'preact/hooks';
import type { ListingView, MoneyView } from '../../node/api/views.js';
import { useAction } from '../api/action.js';
import { useAnswer } from '../api/answer.js';
import { call, change } from '../api/client.js';
import { moneyForField, moneyText, moneyTyped, timesMoney } from '../format/money.js';
import { Choose, Field } from '../parts/field.js';
import { Problem } from '../parts/problem.js';
import { useLanguage, useWords } from '../shell/language.js';
import { goTo, hrefTo } from '../shell/route.js';
import { OFFER_WORDS } from './offer-words.js';
import type { Details, Variant } from './read.js';

type Method = 'shipping' | 'pickup' | 'digital' | 'service';

function methodsFor(listing: ListingView, details: Details): readonly Method[] {
  if (listing.kind === 'digital') return ['digital'];
  if (listing.kind === 'service') return ['service'];
  return details.pickup ? ['shipping', 'pickup'] : ['shipping'];
}

const SHORT_KEY = 14;
const ARBITERS_AGAIN_MS = 10_000;

export function OfferForm({ listing, details }: { listing: ListingView; details: Details }) {
  const t = useWords(OFFER_WORDS);
  const language = useLanguage();
  const currency = (listing.price ?? details.variants.find(({ price }) => price !== null)?.price)?.currency ?? 'IDR';
  const methods = methodsFor(listing, details);
  const [variant, setVariant] = useState('');
  const [quantity, setQuantity] = useState('1');
  const [price, setPrice] = useState(listing.price === null ? '' : moneyForField(listing.price, language));
  const [method, setMethod] = useState<Method>(methods[0] ?? 'shipping');
  const [address, setAddress] = useState('');
  const [phone, setPhone] = useState('');
  const [note, setNote] = useState('');
  const [arbiter, setArbiter] = useState('');
  const arbiters = useAnswer((signal) => call('arbiter.list', {}, signal), []);
  const offer = useAction();
  // Arbiters are many hops away at times: once more, by itself, where none was found.
  useEffect(() => {
    if (arbiters.value?.items.length !== 0) return;
    const timer = setTimeout(arbiters.reload, ARBITERS_AGAIN_MS);
    return () => clearTimeout(timer);
  }, [arbiters.value]);

  if (details.availability === 'OutOfStock') return <p class="note warn">{t.soldOut}</p>;
  const pieces = Number(quantity);
  const typed = moneyTyped(price, currency, language);
  const chosen = details.variants.find(({ sku }) => sku === variant);
  const listedPrice = chosen === undefined ? listing.price : chosen.price;
  const listed = listedPrice !== null && typed === moneyTyped(moneyForField(listedPrice, language), currency, language);
  const limits = [details.left, chosen?.left].filter((limit) => typeof limit === 'number');
  const max = limits.length === 0 ? undefined : Math.min(...limits);
  const undecided = details.variants.length > 0 && (chosen === undefined || chosen.left === 0);
  const choose = (sku: string): void => {
    setVariant(sku);
    const price = details.variants.find((one) => one.sku === sku)?.price ?? listing.price;
    setPrice(price === null ? '' : moneyForField(price, language));
  };
  const open = (arbiters.value?.items ?? []).filter((each) => each.open && !each.own);
  const submit = (event: Event): void => {
    event.preventDefault();
    if (typed === undefined || undecided) return;
    offer.run(async () => {
      const { trade } = await change('offer', {
        listing: listing.listing,
        ...(chosen === undefined ? {} : { variant: chosen.sku }),
        quantity: pieces,
        delivery: method,
        ...(listed ? {} : { price: typed }),
        ...(note.trim() === '' ? {} : { note: note.trim() }),
        ...(method === 'shipping' && address.trim() !== '' ? { address: address.trim() } : {}),
        ...(phone.trim() === '' ? {} : { phone: phone.trim() }),
        ...(method === 'pickup' ? { code: true } : {}),
        ...(arbiter === '' ? {} : { arbiter }),
      });
      goTo(hrefTo(['trade', trade]));
    });
  };
  return (
    <section aria-labelledby="offer">
      <h2 id="offer">{t.title}</h2>
      <form onSubmit={submit}>
        {details.variants.length === 0 ? null : (
          <ChooseVariant variants={details.variants} value={variant} onValue={choose} />
        )}
        <div class="columns">
          <Field
            label={t.quantity}
            name="quantity"
            type="number"
            keys="numeric"
            min={1}
            max={max}
            required
            value={quantity}
            onValue={setQuantity}
          />
          <Field
            label={`${t.price(details.unit ?? t.piece)}, ${currency}`}
            name="price"
            keys="decimal"
            required
            value={price}
            onValue={setPrice}
            hint={listedPrice === null ? undefined : t.listed(moneyText(listedPrice, language))}
            problem={price !== '' && typed === undefined ? t.badPrice : undefined}
          />
        </div>
        {methods.length < 2 ? null : (
          <Choose
            label={t.delivery}
            name="delivery"
            value={method}
            options={methods.map((each) => [each, t.methods[each]] as const)}
            onValue={setMethod}
          />
        )}
        {method === 'shipping' ? (
          <Field
            label={t.address}
            name="address"
            lines={3}
            required
            maxLength={2000}
            value={address}
            onValue={setAddress}
            hint={t.addressHint}
          />
        ) : null}
        <Field label={t.phone} name="phone" keys="tel" maxLength={100} value={phone} onValue={setPhone} />
        <Field label={t.note} name="note" lines={2} maxLength={2000} value={note} onValue={setNote} />
        {open.length === 0 ? null : (
          <Choose
            label={t.arbiter}
            name="arbiter"
            value={arbiter}
            hint={t.arbiterHint}
            options={[
              ['', t.noArbiter],
              ...open.map(
                (each) =>
                  [
                    each.trader,
                    t.arbiterOne(
                      `${each.trader.slice(0, SHORT_KEY)}…`,
                      each.fees.map((fee) => moneyText(fee, language)).join(', '),
                    ),
                  ] as const,
              ),
            ]}
            onValue={setArbiter}
          />
        )}
        {undecided ? null : <Total pieces={pieces} typed={typed} price={listed ? listedPrice : null} />}
        {method === 'shipping' ? <p class="soft">{t.shipping}</p> : null}
        <p>{t.binding}</p>
        {offer.refusal === undefined ? null : <Problem refusal={offer.refusal} />}
        <button type="submit" class="main" disabled={offer.running || undecided}>
          {t.send}
        </button>
      </form>
    </section>
  );
}

/** Which one: with its price, and whether there are any, before an offer can be sent. */
function ChooseVariant(given: {
  readonly variants: readonly Variant[];
  readonly value: string;
  readonly onValue: (sku: string) => void;
}) {
  const t = useWords(OFFER_WORDS);
  const language = useLanguage();
  const { variants, value, onValue } = given;
  const inWords = ({ title, price, left }: Variant): string =>
    [title, price === null ? undefined : moneyText(price, language), left === null ? undefined : t.left(left)]
      .filter((part) => part !== undefined)
      .join(' · ');
  return (
    <>
      <Choose
        label={t.variant}
        name="variant"
        value={value}
        options={[['', t.chooseVariant], ...variants.map((one) => [one.sku, inWords(one)] as const)]}
        onValue={onValue}
      />
      {variants.some(({ sku, left }) => sku === value && left === 0) ? (
        <p class="note warn">{t.variantSoldOut}</p>
      ) : null}
    </>
  );
}

/** What the goods cost at the listed price; at another price the contract says it. */
function Total({ pieces, typed, price }: { pieces: number; typed: string | undefined; price: MoneyView | null }) {
  const t = useWords(OFFER_WORDS);
  const language = useLanguage();
  if (!Number.isSafeInteger(pieces) || pieces < 1 || typed === undefined) return null;
  const text = price === null ? `${pieces} × ${typed}` : moneyText(timesMoney(price, pieces), language);
  return (
    <p>
      {t.goods}: <span class="price">{text}</span>
    </p>
  );
}
