import { useState } from 'preact/hooks';
import type { ListingView } from '../../node/api/views.js';
import { useAction } from '../api/action.js';
import { changeAll } from '../api/client.js';
import { refusalIn } from '../api/refusal.js';
import { LISTING_WORDS } from '../listing/words.js';
import { Choose, Field } from '../parts/field.js';
import { Problem } from '../parts/problem.js';
import { PictureChooser } from '../pictures/chooser.js';
import { SEARCH_WORDS } from '../search/words.js';
import { useLanguage, useWords } from '../shell/language.js';
import {
  CONDITIONS,
  draftOf,
  emptyDraft,
  itemOf,
  KINDS,
  PAYMENT_METHODS,
  problemsOf,
  restocks,
  type Draft,
} from './draft.js';
import { SELL_WORDS } from './words.js';

/** Publishes one listing and waits until the node has signed and stored it. @throws Refusal for a listing that is not right */
async function publish(
  value: Record<string, unknown>,
  restock: boolean,
): Promise<'published' | 'unchanged' | 'updated'> {
  for (const { status, error } of await changeAll('publish', { items: [{ value }], restock })) {
    if (status === 'invalid') throw refusalIn(error, 'invalid');
    return status;
  }
  throw refusalIn(undefined, 'no answer');
}

export function SellForm({ before, onDone }: { before?: ListingView | undefined; onDone: () => void }) {
  const t = useWords(SELL_WORDS);
  const search = useWords(SEARCH_WORDS);
  const language = useLanguage();
  const [draft, setDraft] = useState<Draft>(() =>
    before === undefined ? emptyDraft(Date.now()) : draftOf(before, language),
  );
  const [done, setDone] = useState<string>();
  const [busy, setBusy] = useState(false);
  const action = useAction();
  const problems = problemsOf(draft, language);
  const set =
    <Name extends keyof Draft>(name: Name) =>
    (value: Draft[Name]): void => {
      setDone(undefined);
      setDraft((now) => ({ ...now, [name]: value }));
    };
  const text = (
    name: 'title' | 'description' | 'category' | 'unitText' | 'place' | 'shipsTo' | 'sku' | 'currency',
  ) => ({
    name,
    value: draft[name],
    onValue: set(name),
  });
  const amount = (name: 'price' | 'rate') => ({
    name,
    value: draft[name],
    onValue: set(name),
    keys: 'decimal' as const,
    problem: problems.has(name) ? t.badAmount : undefined,
  });
  const submit = (event: Event): void => {
    event.preventDefault();
    if (problems.size > 0 || busy) return;
    action.run(async () => {
      const status = await publish(itemOf(draft, language, before), restocks(draft, language, before));
      setDone(status === 'unchanged' ? t.unchanged : t.published);
      if (before === undefined) setDraft(emptyDraft(Date.now()));
      onDone();
    });
  };
  return (
    <form onSubmit={submit} data-form="sell">
      <Field label={t.fieldTitle} {...text('title')} required maxLength={300} />
      <Field label={t.description} {...text('description')} lines={4} maxLength={20_000} hint={t.descriptionHint} />
      <PictureChooser
        pictures={draft.pictures}
        title={draft.title}
        onPictures={(change) => {
          setDone(undefined);
          setDraft((now) => ({ ...now, pictures: change(now.pictures) }));
        }}
        onBusy={setBusy}
      />
      <div class="columns">
        <Field label={t.price} {...amount('price')} hint={t.priceHint} />
        <Field label={t.currency} {...text('currency')} required maxLength={3} />
        <Field label={t.unit} {...text('unitText')} maxLength={40} />
        <Field
          label={t.quantity}
          name="quantity"
          keys="numeric"
          value={draft.quantity}
          onValue={set('quantity')}
          hint={t.quantityHint}
          problem={problems.has('quantity') ? t.badNumber : undefined}
        />
      </div>
      <div class="columns">
        <Choose
          label={t.kind}
          name="kind"
          value={draft.kind}
          options={KINDS.map((each) => [each, search.kinds[each] ?? each] as const)}
          onValue={set('kind')}
        />
        <Choose
          label={t.condition}
          name="condition"
          value={draft.condition}
          options={[['', t.notSaid], ...CONDITIONS.map((each) => [each, search.conditions[each] ?? each] as const)]}
          onValue={set('condition')}
        />
        <Field label={t.category} {...text('category')} hint={t.categoryHint} />
        <Field label={t.place} {...text('place')} maxLength={120} />
        <Field label={t.shipsTo} {...text('shipsTo')} maxLength={80} />
        <Field label={t.rate} {...amount('rate')} />
      </div>
      <label class="check">
        <input
          type="checkbox"
          checked={draft.pickup}
          onChange={(event) => set('pickup')(event.currentTarget.checked)}
        />
        <span>{t.pickup}</span>
      </label>
      <Payment chosen={draft.payment} onChosen={set('payment')} />
      <p>{t.terms}</p>
      {(['delivery', 'guarantee', 'refund'] as const).map((name) => (
        <Field key={name} label={t[name]} name={name} lines={2} value={draft[name]} onValue={set(name)} />
      ))}
      {before === undefined ? <Field label={t.sku} {...text('sku')} required maxLength={128} hint={t.skuHint} /> : null}
      <p class="soft">{t.public}</p>
      {action.refusal === undefined ? null : (
        <>
          <p>{t.refused}</p>
          <Problem refusal={action.refusal} />
        </>
      )}
      <div role="status">{done === undefined ? null : <p class="note good">{done}</p>}</div>
      <button type="submit" class="main" disabled={action.running || busy}>
        {t.publish}
      </button>
    </form>
  );
}

function Payment({ chosen, onChosen }: { chosen: readonly string[]; onChosen: (methods: readonly string[]) => void }) {
  const t = useWords(SELL_WORDS);
  const listing = useWords(LISTING_WORDS);
  // Methods that another program wrote stay, and can be taken off.
  const methods = [...new Set([...PAYMENT_METHODS, ...chosen])];
  return (
    <fieldset>
      <legend>{t.payment}</legend>
      {methods.map((method) => (
        <label key={method} class="check">
          <input
            type="checkbox"
            name="payment"
            value={method}
            checked={chosen.includes(method)}
            onChange={(event) =>
              onChosen(event.currentTarget.checked ? [...chosen, method] : chosen.filter((each) => each !== method))
            }
          />
          <span>{listing.payment[method] ?? method}</span>
        </label>
      ))}
    </fieldset>
  );
}
