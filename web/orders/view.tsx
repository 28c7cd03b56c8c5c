import { useAction } from '../api/action.js';
import { useAnswer } from '../api/answer.js';
import { call, type OutputOf } from '../api/client.js';
import { useChanges } from '../api/live.js';
import { moneyText } from '../format/money.js';
import { timeText } from '../format/time.js';
import { download } from '../parts/download.js';
import { Loading } from '../parts/loading.js';
import { Problem } from '../parts/problem.js';
import { useLanguage, useWords } from '../shell/language.js';
import { hrefTo } from '../shell/route.js';
import { Chat } from './chat.js';
import { DueList } from './due.js';
import { Private } from './private.js';
import { StepForm } from './step-form.js';
import { stepsFor } from './steps.js';
import { Timeline } from './timeline.js';
import { ORDER_WORDS } from './words.js';

type Trade = OutputOf<'trade.show'>;

/** States in which something has to be put right, and ends that nobody wanted. */
const LOOKS: Readonly<Record<string, string>> = {
  disputed: 'warn',
  'refund-due': 'warn',
  'return-due': 'warn',
  unresolved: 'bad',
  lapsed: 'bad',
};

/** One trade: what is waited for and what can be done, what was agreed, what happened, and the chat beside it. */
export function TradePage({ id }: { id: string }) {
  const { value: trade, refusal, reload } = useAnswer((signal) => call('trade.show', { trade: id }, signal), []);
  useChanges(['trade-changed', 'private-value', 'equivocation', 'chat-delivery', 'gap'], reload);
  return (
    <section>
      {refusal === undefined ? null : <Problem refusal={refusal} again={reload} />}
      {trade === undefined ? refusal === undefined ? <Loading /> : null : <Shown trade={trade} onChange={reload} />}
    </section>
  );
}

function Shown({ trade, onChange }: { trade: Trade; onChange: () => void }) {
  const t = useWords(ORDER_WORDS);
  const side = { buyer: t.buying, seller: t.selling, arbiter: t.ruling };
  return (
    <>
      <h1>{trade.lines.map(({ title }) => title).join(', ')}</h1>
      <p class="row" aria-live="polite">
        <span class={`badge ${LOOKS[trade.state] ?? 'good'}`} data-state={trade.state}>
          {t.state[trade.state] ?? trade.state}
        </span>
        <span class="soft">{side[trade.role]}</span>
      </p>
      {trade.equivocations === 0 ? null : <p class="note bad">{t.equivocation}</p>}
      <div class="two">
        <div>
          <h2>{t.now}</h2>
          <DueList trade={trade} />
          <Steps trade={trade} onDone={onChange} />
          <Agreed trade={trade} />
          <Private trade={trade} />
          <Evidence trade={trade} />
        </div>
        <div>
          <h2>{t.timeline}</h2>
          <Timeline trade={trade} />
          <Chat trade={trade.trade} role={trade.role} />
        </div>
      </div>
    </>
  );
}

function Steps({ trade, onDone }: { trade: Trade; onDone: () => void }) {
  const t = useWords(ORDER_WORDS);
  const { first, others } = stepsFor(trade);
  return (
    <>
      <h2>{t.your}</h2>
      {first.length === 0 ? <p>{t.nothingToDo}</p> : null}
      <div class="steps">
        {first.map((step, at) => (
          <div key={step}>
            <StepForm trade={trade} step={step} main={at === 0} onDone={onDone} />
          </div>
        ))}
      </div>
      {others.length === 0 ? null : (
        <details data-steps>
          <summary>{t.less}</summary>
          <div class="steps">
            {others.map((step) => (
              <div key={step}>
                <StepForm trade={trade} step={step} main={false} onDone={onDone} />
              </div>
            ))}
          </div>
        </details>
      )}
    </>
  );
}

/** The terms that stand. */
function Agreed({ trade }: { trade: Trade }) {
  const t = useWords(ORDER_WORDS);
  const language = useLanguage();
  const { shipping, arbiter, stock } = trade.terms;
  return (
    <>
      <h2>{t.goods}</h2>
      <ul>
        {trade.lines.map((line) => (
          <li key={line.line}>
            <a href={hrefTo(['listing', line.listing])}>{line.title}</a>
            {line.variant === undefined ? '' : ` (${line.variant})`}:{' '}
            {t.each(line.quantity, moneyText(line.price, language))}
          </li>
        ))}
      </ul>
      {stock === 'subject-to-stock' ? <p class="note">{t.subjectToStock}</p> : null}
      <dl>
        <dt>{t.total}</dt>
        <dd class="price">{moneyText(trade.total, language)}</dd>
        {shipping === null ? null : (
          <>
            <dt>{t.shipping}</dt>
            <dd data-shipping>{moneyText(shipping, language)}</dd>
          </>
        )}
        {arbiter === null ? null : (
          <>
            <dt>{t.arbiter}</dt>
            <dd data-arbiter={arbiter.trader}>
              <code>{arbiter.trader}</code> {t.fee(moneyText(arbiter.fee, language))}
            </dd>
          </>
        )}
        <dt>{t.other}</dt>
        <dd>
          <code>{trade.counterparty}</code>
        </dd>
        <dt>{t.created}</dt>
        <dd>{timeText(trade.created, language)}</dd>
      </dl>
    </>
  );
}

function Evidence({ trade }: { trade: Trade }) {
  const t = useWords(ORDER_WORDS);
  const language = useLanguage();
  const saving = useAction();
  const save = (): void =>
    saving.run(async () => {
      const { evidence } = await call('trade.export', { trade: trade.trade, language });
      download(`niaga-${trade.trade.slice(-8)}.html`, evidence);
    });
  return (
    <>
      <h2>{t.evidence}</h2>
      <p class="soft">{t.evidenceWhy}</p>
      {saving.refusal === undefined ? null : <Problem refusal={saving.refusal} />}
      <button type="button" disabled={saving.running} onClick={save}>
        {t.save}
      </button>
    </>
  );
}
