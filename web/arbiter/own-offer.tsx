import { useState } from 'preact/hooks';
import { useAction } from '../api/action.js';
import { change, type OutputOf } from '../api/client.js';
import { moneyForField, moneyText, moneyTyped } from '../format/money.js';
import { Field } from '../parts/field.js';
import { Problem } from '../parts/problem.js';
import { useLanguage, useWords } from '../shell/language.js';
import { ARBITER_WORDS } from './words.js';

const CURRENCY = 'IDR';
const MAX_TERMS = 4_000;

/** The signed offer to rule: whoever is named by a contract on these terms agrees by itself. */
export function OwnOffer({ offer, onChange }: { offer: OutputOf<'arbiter.list'> | undefined; onChange: () => void }) {
  const t = useWords(ARBITER_WORDS);
  const language = useLanguage();
  const [first] = offer?.fees ?? [];
  const currency = first?.currency ?? CURRENCY;
  const [fee, setFee] = useState(first === undefined ? '' : moneyForField(first, language));
  const [share, setShare] = useState(offer?.share === undefined ? '' : String(offer.share));
  const [languages, setLanguages] = useState((offer?.languages ?? [language]).join(', '));
  const [terms, setTerms] = useState(offer?.terms ?? '');
  const action = useAction();
  const typed = fee.trim() === '' ? undefined : moneyTyped(fee, currency, language);
  const badFee = fee.trim() !== '' && typed === undefined;
  const percent = share.trim() === '' ? 0 : Number(share.replace(',', '.'));
  const badShare = !(percent >= 0 && percent <= 100);
  const send = (close: boolean): void => {
    if (badFee || badShare) return;
    action.run(async () => {
      await change('arbiter.offer', {
        fee: typed === undefined ? [] : [typed],
        share: percent,
        language: languages.split(/[\s,]+/).filter((each) => each !== ''),
        ...(terms.trim() === '' ? {} : { terms: terms.trim() }),
        close,
      });
      onChange();
    });
  };
  return (
    <section aria-labelledby="own-offer">
      <h2 id="own-offer">{t.offerTitle}</h2>
      <p data-offer={offer === undefined ? 'none' : offer.open ? 'open' : 'closed'}>
        {offer === undefined
          ? t.noOffer
          : offer.open
            ? t.open(offer.fees.map((each) => moneyText(each, language)).join(', '))
            : t.closed}
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send(false);
        }}
        data-form="arbiter"
      >
        <div class="columns">
          <Field
            label={t.fee(currency)}
            name="fee"
            keys="decimal"
            required
            value={fee}
            onValue={setFee}
            problem={badFee ? t.badAmount : undefined}
          />
          <Field
            label={t.share}
            name="share"
            keys="decimal"
            value={share}
            onValue={setShare}
            problem={badShare ? t.badShare : undefined}
          />
          <Field
            label={t.languages}
            name="languages"
            required
            value={languages}
            onValue={setLanguages}
            hint={t.languagesHint}
          />
        </div>
        <Field label={t.terms} name="terms" lines={3} maxLength={MAX_TERMS} value={terms} onValue={setTerms} />
        <p class="soft">{t.meaning}</p>
        {action.refusal === undefined ? null : <Problem refusal={action.refusal} />}
        <div class="row">
          <button type="submit" class="main" disabled={action.running}>
            {offer?.open === true ? t.change : t.begin}
          </button>
          {offer?.open === true ? (
            <button type="button" class="stop" disabled={action.running} onClick={() => send(true)}>
              {t.close}
            </button>
          ) : null}
        </div>
      </form>
    </section>
  );
}
