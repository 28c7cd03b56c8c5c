import { useState } from 'preact/hooks';
import type { OutputOf } from '../api/client.js';
import { useAction } from '../api/action.js';
import { moneyForField, moneyTyped } from '../format/money.js';
import { Choose, Field } from '../parts/field.js';
import { Files, type FileGiven } from '../parts/files.js';
import { Problem } from '../parts/problem.js';
import { useLanguage, useWords, type Language } from '../shell/language.js';
import { amountDue, STEPS, type Step, type StepField, type StepValues } from './steps.js';
import { STEP_WORDS } from './step-words.js';

type Trade = OutputOf<'trade.show'>;

const AMOUNTS: readonly StepField[] = ['amount', 'refund', 'price', 'shipping'];
/** Pieces of the one line of an order. */
const PIECES: readonly StepField[] = ['return', 'replace'];
const NUMBERS: readonly StepField[] = ['quantity', ...PIECES];
const LONG: readonly StepField[] = ['note', 'reason', 'why', 'text'];
const STARS = [5, 4, 3, 2, 1] as const;
const BEST = '5';

/** A button that opens the form of a step; one with nothing to fill in and nothing grave is done at once. */
export function StepForm({
  trade,
  step,
  main,
  onDone,
}: {
  trade: Trade;
  step: string;
  main: boolean;
  onDone: () => void;
}) {
  const t = useWords(STEP_WORDS);
  const [open, setOpen] = useState(false);
  const row = STEPS[step];
  if (row === undefined) return null;
  const name = t.button[step] ?? step;
  if (!open) {
    const look = row.grave === true ? 'stop' : main ? 'main' : '';
    return (
      <button type="button" class={look} data-step={step} onClick={() => setOpen(true)}>
        {name}
      </button>
    );
  }
  return <OpenForm trade={trade} step={step} row={row} onClose={() => setOpen(false)} onDone={onDone} />;
}

interface OpenFormProps {
  readonly trade: Trade;
  readonly step: string;
  readonly row: Step;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

function OpenForm({ trade, step, row, onClose, onDone }: OpenFormProps) {
  const t = useWords(STEP_WORDS);
  const language = useLanguage();
  const { currency } = trade.total;
  const [typed, setTyped] = useState<StepValues>(() => initialValues(trade, step, row, language));
  const [files, setFiles] = useState<readonly FileGiven[]>([]);
  const action = useAction();
  const problems = problemsIn(typed, currency, language);
  const submit = (event: Event): void => {
    event.preventDefault();
    if (problems.size > 0) return;
    action.run(async () => {
      await row.send(trade.trade, valuesFor(trade, typed, language), files.length === 0 ? undefined : [...files]);
      onClose();
      onDone();
    });
  };
  return (
    <form class="card" onSubmit={submit} data-form={step}>
      <h3>{t.button[step] ?? step}</h3>
      {t.means[step] === undefined ? null : <p>{t.means[step]}</p>}
      {fieldsFor(trade, row).map((field) =>
        field === 'stars' ? (
          <Choose
            key={field}
            label={t.field.stars}
            name="stars"
            value={typed.stars ?? BEST}
            options={STARS.map((each) => [String(each), t.stars(each)] as const)}
            onValue={(value) => setTyped({ ...typed, stars: value })}
          />
        ) : (
          <Field
            key={field}
            name={field}
            label={AMOUNTS.includes(field) ? `${t.field[field]} (${currency})` : t.field[field]}
            value={typed[field] ?? ''}
            required={row.required?.includes(field) === true}
            {...(LONG.includes(field) ? { lines: 2 } : {})}
            keys={AMOUNTS.includes(field) ? 'decimal' : NUMBERS.includes(field) ? 'numeric' : 'text'}
            problem={problems.has(field) ? (NUMBERS.includes(field) ? t.badNumber : t.badAmount) : undefined}
            onValue={(value) => setTyped({ ...typed, [field]: value })}
          />
        ),
      )}
      {row.files === true ? <Files onFiles={setFiles} /> : null}
      {action.refusal === undefined ? null : <Problem refusal={action.refusal} />}
      <div class="row">
        <button type="submit" class={row.grave === true ? 'stop' : 'main'} disabled={action.running}>
          {row.fields.length === 0 ? t.sure : (t.button[step] ?? step)}
        </button>
        <button type="button" onClick={onClose}>
          {t.cancelStep}
        </button>
      </div>
    </form>
  );
}

/** Of an order of several lines only the whole can be countered here, and only money goes back. */
function fieldsFor(trade: Trade, { fields }: Step): readonly StepField[] {
  const several = trade.lines.length > 1;
  return several ? fields.filter((field) => field !== 'price' && !NUMBERS.includes(field)) : fields;
}

function initialValues(trade: Trade, step: string, row: Step, language: Language): StepValues {
  const due = amountDue(trade, step);
  const [line] = trade.lines;
  const single = trade.lines.length === 1 && line !== undefined && step === 'counter';
  return {
    ...(due !== undefined && row.fields.includes('amount') ? { amount: moneyForField(due, language) } : {}),
    ...(single ? { price: moneyForField(line.price, language), quantity: String(line.quantity) } : {}),
    ...(row.fields.includes('stars') ? { stars: BEST } : {}),
  };
}

function filledIn(typed: StepValues): [StepField, string][] {
  return (Object.entries(typed) as [StepField, string][]).filter(([, value]) => value.trim() !== '');
}

function problemsIn(typed: StepValues, currency: string, language: Language): ReadonlySet<StepField> {
  const bad = filledIn(typed).filter(([field, value]) => {
    if (AMOUNTS.includes(field)) return moneyTyped(value, currency, language) === undefined;
    return NUMBERS.includes(field) && !/^[1-9]\d{0,8}$/.test(value.trim());
  });
  return new Set(bad.map(([field]) => field));
}

function valuesFor({ lines, total }: Trade, typed: StepValues, language: Language): StepValues {
  return Object.fromEntries(
    filledIn(typed).map(([field, value]) => {
      if (AMOUNTS.includes(field)) return [field, moneyTyped(value, total.currency, language)];
      return [field, PIECES.includes(field) ? `${lines[0]?.line ?? 1}=${value.trim()}` : value.trim()];
    }),
  );
}
