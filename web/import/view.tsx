import { useState } from 'preact/hooks';
import { useAction } from '../api/action.js';
import { changeAll, type OutputOf } from '../api/client.js';
import { Refusal } from '../api/refusal.js';
import { moneyText } from '../format/money.js';
import { download } from '../parts/download.js';
import { Problem } from '../parts/problem.js';
import { useLanguage, useWords } from '../shell/language.js';
import { REFUSAL_WORDS } from '../shell/refusal-words.js';
import { hrefTo } from '../shell/route.js';
import type { Fault, Line } from './read.js';
import { IMPORT_WORDS } from './words.js';

type Answer = OutputOf<'publish'>;

/** So many go to the node at once: each answer moves the count on. */
const BATCH = 100;
const MAX_BYTES = 20 * 1024 * 1024;
const SHOWN = 50;
const EXAMPLE =
  'sku,title,price,currency,quantity,category,description\nk-250,Kopi Gayo 250 g,85000,IDR,10,Food > Drinks > Coffee,"Arabica, medium roast"\n';

/** Many listings at once from a file: what each line would put up is shown before anything is signed. */
export function ImportView() {
  const t = useWords(IMPORT_WORDS);
  const [lines, setLines] = useState<readonly Line[]>();
  const [answers, setAnswers] = useState<readonly Answer[]>([]);
  const reading = useAction();
  const sending = useAction();
  const good = (lines ?? []).filter(({ fault }) => fault === undefined);
  const choose = (file: File | undefined): void => {
    setLines(undefined);
    setAnswers([]);
    if (file !== undefined) reading.run(async () => setLines(await linesOf(file)));
  };
  const send = (): void =>
    sending.run(async () => {
      const all: Answer[] = [];
      for (let at = 0; at < good.length; at += BATCH) {
        const items = good.slice(at, at + BATCH).map(({ line, value }) => ({ line, value }));
        all.push(...(await changeAll('publish', { items })));
        setAnswers([...all]);
      }
    });
  const done = answers.length > 0 && answers.length === good.length;
  return (
    <section>
      <p>
        <a href={hrefTo(['sell'])}>{t.back}</a>
      </p>
      <h1>{t.title}</h1>
      <p>{t.what}</p>
      <p>
        <button type="button" onClick={() => download('niaga.csv', btoa(EXAMPLE))}>
          {t.example}
        </button>
      </p>
      <label>
        <span>{t.file}</span>
        <input
          type="file"
          name="csv"
          accept=".csv,.tsv,.txt,text/csv"
          onChange={(event) => choose(event.currentTarget.files?.[0])}
        />
      </label>
      {reading.refusal === undefined ? null : <Problem refusal={reading.refusal} />}
      {lines === undefined ? null : (
        <>
          <h2>{t.preview}</h2>
          <p role="status" data-good={good.length} data-faulty={lines.length - good.length}>
            {t.counts(good.length, lines.length - good.length)}
          </p>
          <Preview lines={lines} answers={answers} />
          {sending.refusal === undefined ? null : <Problem refusal={sending.refusal} />}
          <div role="status">
            {answers.length === 0 ? null : (
              <p class={done ? 'note good' : 'note'} data-done={done}>
                {t.sent(answers.filter(({ status }) => status !== 'invalid').length, good.length)}
              </p>
            )}
          </div>
          {good.length === 0 || done ? null : (
            <button type="button" class="main" disabled={sending.running} onClick={send}>
              {t.publish(good.length)}
            </button>
          )}
        </>
      )}
    </section>
  );
}

/** @throws Refusal for a file that is no table */
async function linesOf(file: File): Promise<readonly Line[]> {
  if (file.size > MAX_BYTES) throw new Refusal('INPUT_TOO_LARGE', `${file.name} is larger than 20 MiB.`);
  const text = new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer());
  const { readLines } = await import('./read.js');
  return readLines(text);
}

/** Those with a fault come first: they are what somebody has to look at. */
function Preview({ lines, answers }: { lines: readonly Line[]; answers: readonly Answer[] }) {
  const t = useWords(IMPORT_WORDS);
  const [shown, setShown] = useState(SHOWN);
  const answered = new Map(answers.map((answer) => [answer.line, answer]));
  const isFaulty = ({ line, fault }: Line): boolean => fault !== undefined || answered.get(line)?.status === 'invalid';
  const sorted = [...lines.filter(isFaulty), ...lines.filter((line) => !isFaulty(line))];
  return (
    <>
      <ol class="plain lines">
        {sorted.slice(0, shown).map((line) => (
          <One key={line.line} line={line} answer={answered.get(line.line)} />
        ))}
      </ol>
      {sorted.length <= shown ? null : (
        <button type="button" onClick={() => setShown(shown + SHOWN)}>
          {t.more(sorted.length - shown)}
        </button>
      )}
    </>
  );
}

function One({ line, answer }: { line: Line; answer: Answer | undefined }) {
  const t = useWords(IMPORT_WORDS);
  const language = useLanguage();
  const fault = line.fault ?? answer?.error;
  const listing = answer?.listing ?? null;
  return (
    <li class="row" data-line={line.line}>
      <span class={fault === undefined ? 'badge good' : 'badge bad'}>
        {fault === undefined ? (answer === undefined ? t.fine : t.status[answer.status]) : t.faulty}
      </span>
      <span class="soft">{t.line(line.line)}</span>
      <span>{listing === null ? line.title : <a href={hrefTo(['listing', listing])}>{line.title}</a>}</span>
      {line.price === undefined ? null : <span class="price">{moneyText(line.price, language)}</span>}
      {fault === undefined ? null : <Why fault={fault} />}
      {line.warnings.map((warning) => (
        <span key={warning} class="soft" lang="en">
          {warning}
        </span>
      ))}
    </li>
  );
}

function Why({ fault: { code, message } }: { fault: Fault }) {
  const t = useWords(REFUSAL_WORDS);
  return (
    <span class="why">
      {t.known[code]}{' '}
      <span class="soft" lang="en">
        {message}
      </span>
    </span>
  );
}
