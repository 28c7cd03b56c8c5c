import { useEffect, useState } from 'preact/hooks';
import { useAnswer } from '../api/answer.js';
import { call } from '../api/client.js';
import { moneyText } from '../format/money.js';
import { dateText } from '../format/time.js';
import { Loading } from '../parts/loading.js';
import { Problem } from '../parts/problem.js';
import { Gallery } from '../pictures/gallery.js';
import { SEARCH_WORDS } from '../search/words.js';
import { useLanguage, useWords } from '../shell/language.js';
import { hrefTo } from '../shell/route.js';
import { BeforeBuying } from './before-buying.js';
import { OfferForm } from './offer-form.js';
import { RatingList } from './rating-list.js';
import { ratingsOf } from './ratings.js';
import { detailsOf, isWhole, type Details } from './read.js';
import type { Deal } from './trust.js';
import { TrustPanel } from './trust-panel.js';
import { LISTING_WORDS } from './words.js';

/** All that is known of a deal: the listing, what its seller says of itself, and the own past with the seller. */
async function dealOf(id: string, signal: AbortSignal): Promise<Omit<Deal, 'ratings'> & { own: boolean }> {
  const listing = await call('listing.show', { listing: id }, signal);
  const [seller, trades, status] = await Promise.all([
    // Nobody reached, or no profile: the rest is worth showing.
    call('trader.show', { trader: listing.seller }, signal).catch(() => null),
    call('trade.list', { limit: 1000 }, signal),
    call('status', {}, signal),
  ]);
  const withSeller = trades.items.filter(
    ({ counterparty, role }) => counterparty === listing.seller && role === 'buyer',
  );
  const count = (state: string): number => withSeller.filter((trade) => trade.state === state).length;
  return {
    listing,
    details: detailsOf(listing),
    seller,
    completed: count('completed'),
    unresolved: count('unresolved'),
    own: listing.seller === status.trader,
  };
}

/** Whoever has the listing is asked again by itself so often, each pause twice as long as the one before; afterwards by hand. */
const TRIES = 5;
const FIRST_PAUSE_MS = 1_500;

export function ListingPage({ id }: { id: string }) {
  const t = useWords(LISTING_WORDS);
  const { value: deal, refusal, reload } = useAnswer((signal) => dealOf(id, signal), []);
  return (
    <section>
      <p>
        <a href={hrefTo(['search'])}>{t.back}</a>
      </p>
      {refusal === undefined ? null : <Problem refusal={refusal} again={reload} />}
      {deal === undefined || isWhole(deal.details) ? null : <Lacking deal={deal} onAgain={reload} />}
      {deal === undefined ? refusal === undefined ? <Loading /> : null : <Shown deal={deal} own={deal.own} />}
    </section>
  );
}

/** A keeper that was slow is asked again, without anybody having to; how it stands is said. */
function Lacking({ deal, onAgain }: { deal: Pick<Deal, 'details'>; onAgain: () => void }) {
  const t = useWords(LISTING_WORDS);
  const [tries, setTries] = useState(0);
  const trying = tries < TRIES;
  useEffect(() => {
    if (!trying) return;
    const timer = setTimeout(
      () => {
        setTries(tries + 1);
        onAgain();
      },
      FIRST_PAUSE_MS * 2 ** tries,
    );
    return () => clearTimeout(timer);
    // Each answer that lacks something is another `deal`.
  }, [deal]);
  const again = (): void => {
    setTries(0);
    onAgain();
  };
  return (
    <div class="note warn" role="status">
      <p>{deal.details.partial ? t.partial : t.textsMissing}</p>
      {trying ? (
        <p>{t.asking}</p>
      ) : (
        <button type="button" onClick={again}>
          {t.askAgain}
        </button>
      )}
    </div>
  );
}

function Shown({ deal, own }: { deal: Omit<Deal, 'ratings'>; own: boolean }) {
  const t = useWords(LISTING_WORDS);
  const search = useWords(SEARCH_WORDS);
  const language = useLanguage();
  const { listing, details } = deal;
  // The listing does not wait for them: the seller's node is asked, which may sleep.
  const { value: ratings, refusal } = useAnswer((signal) => ratingsOf(listing.seller, signal), [listing.seller]);
  const rated = { ...deal, ratings };
  return (
    <>
      <h1>{listing.title}</h1>
      <p class="price">
        {listing.price === null ? t.onRequest : moneyText(listing.price, language)}
        {listing.price !== null && details.unit !== undefined ? (
          <span class="soft"> {search.per(details.unit)}</span>
        ) : null}
      </p>
      <p class="row">
        <span class={details.availability === 'OutOfStock' ? 'badge bad' : 'badge good'}>
          {search.availability[details.availability ?? ''] ?? details.availability}
        </span>
      </p>
      {listing.blocked === undefined ? null : <p class="note bad">{t.blocked(listing.blocked.list)}</p>}
      {listing.status === 'removed' ? <p class="note warn">{t.removed}</p> : null}
      <div class="two">
        <div>
          {details.pictures.length === 0 ? null : (
            <Gallery listing={listing.listing} title={listing.title} count={details.pictures.length} />
          )}
          {details.description === '' ? null : <p class="text">{details.description}</p>}
          <Facts details={details} />
          <Seller deal={rated} unrated={refusal !== undefined} />
        </div>
        {own ? null : <TrustPanel deal={rated} />}
      </div>
      {own ? <p class="note">{t.own}</p> : <BeforeBuying details={details} />}
      {own || listing.status === 'removed' ? null : <OfferForm listing={listing} details={details} />}
    </>
  );
}

function Facts({ details }: { details: Details }) {
  const t = useWords(LISTING_WORDS);
  const search = useWords(SEARCH_WORDS);
  const language = useLanguage();
  const { condition, published, validUntil, left } = details;
  const facts: readonly (readonly [string, string | undefined])[] = [
    [t.category, details.category.length === 0 ? undefined : details.category.join(' › ')],
    [t.brand, details.brand],
    [t.condition, condition === undefined ? undefined : (search.conditions[condition] ?? condition)],
    [t.place, details.place.length === 0 ? undefined : details.place.join(', ')],
    [t.left, typeof left === 'number' ? String(left) : undefined],
    ...details.properties,
    [t.published, published === undefined ? undefined : dateText(published, language)],
    [t.validUntil, validUntil === undefined ? undefined : dateText(validUntil, language)],
  ];
  return (
    <>
      <h2>{t.facts}</h2>
      <dl>
        {facts.map(([name, value]) =>
          value === undefined ? null : (
            <div key={name} class="fact">
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
        )}
      </dl>
    </>
  );
}

function Seller({ deal, unrated }: { deal: Deal; unrated: boolean }) {
  const t = useWords(LISTING_WORDS);
  const { listing, seller, completed, ratings } = deal;
  const profile = seller?.profile ?? null;
  return (
    <>
      <h2>{t.seller}</h2>
      {profile === null ? (
        <p>{t.sellerNoName}</p>
      ) : (
        <p>
          {t.sellerName}: <strong>{profile.name}</strong>
        </p>
      )}
      {profile?.description === undefined ? null : <p class="text">{profile.description}</p>}
      <p>
        {t.sellerKey}: <code>{listing.seller}</code>
      </p>
      <p class="soft">{t.anyName}</p>
      <p>{t.before(completed)}</p>
      <h3>{t.ratings}</h3>
      {unrated ? <p>{t.noRatings}</p> : <RatingList ratings={ratings} />}
      <p>
        <a href={hrefTo(['search'], { seller: listing.seller })}>{t.othersOf}</a>
      </p>
    </>
  );
}
