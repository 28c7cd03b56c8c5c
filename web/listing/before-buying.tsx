import { moneyText } from '../format/money.js';
import { useLanguage, useWords } from '../shell/language.js';
import type { Details, TermName } from './read.js';
import { LISTING_WORDS } from './words.js';

/** Buying, paying, delivery, guarantee and refund: all of it stands above the button. */
export function BeforeBuying({ details }: { details: Details }) {
  const t = useWords(LISTING_WORDS);
  const language = useLanguage();
  return (
    <section aria-labelledby="before">
      <h2 id="before">{t.terms}</h2>
      <h3>{t.buying}</h3>
      <ol>
        {t.buyingSteps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      <Term name="purchase" details={details} />
      <h3>{t.paying}</h3>
      {details.payment.length === 0 ? (
        <p>{t.payingNone}</p>
      ) : (
        <p>
          {t.payingBy}: {details.payment.map((method) => t.payment[method] ?? method).join(', ')}.
        </p>
      )}
      <p>{t.payWithin}</p>
      <h3>{t.delivery}</h3>
      {details.shipping.length === 0 && !details.pickup ? <p>{t.deliveryNone}</p> : null}
      <ul>
        {details.shipping.map(({ to, rate, minDays, maxDays }) =>
          to === undefined ? (
            <li key="">{t.otherPlaces}</li>
          ) : (
            <li key={to}>
              {to}: {rate === undefined ? t.shippingFree : moneyText(rate, language)}, {t.days(minDays, maxDays)}
            </li>
          ),
        )}
        {details.pickup ? <li>{t.pickup}</li> : null}
      </ul>
      <Term name="delivery" details={details} />
      <p>{t.privacy}</p>
      <h3>{t.guarantee}</h3>
      <Term name="guarantee" details={details} needed />
      <h3>{t.refund}</h3>
      <Term name="refund" details={details} needed />
      <p>{t.inspect}</p>
    </section>
  );
}

/** The seller's own text; that there is none is said where people count on one. */
function Term({ name, details, needed = false }: { name: TermName; details: Details; needed?: boolean }) {
  const t = useWords(LISTING_WORDS);
  const text = details.terms[name];
  if (text !== undefined) return <blockquote class="text">{text}</blockquote>;
  if (details.named.includes(name)) return <p class="note warn">{t.missing}</p>;
  return needed ? <p>{t.none}</p> : null;
}
