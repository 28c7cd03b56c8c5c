import { useState } from 'preact/hooks';
import { useAction } from '../api/action.js';
import { change, changeAll, type OutputOf } from '../api/client.js';
import { Refusal } from '../api/refusal.js';
import { moneyText } from '../format/money.js';
import { download } from '../parts/download.js';
import { Problem } from '../parts/problem.js';
import { base64Of, shrink } from '../pictures/shrink.js';
import { useLanguage, useWords } from '../shell/language.js';
import { REFUSAL_WORDS } from '../shell/refusal-words.js';
import { hrefTo } from '../shell/route.js';
import { chosenPictures, withIds, type ChosenPictures } from './pictures.js';
import type { Fault, Line } from './read.js';
import { IMPORT_WORDS } from './words.js';

type Answer = OutputOf<'publish'>;

/** So many go to the node at once: each answer moves the count on. */
const BATCH = 100;
const MAX_BYTES = 20 * 1024 * 1024;
const SHOWN = 50;
/** So many names of missing pictures are said. */
const NAMED = 5;
const EXAMPLE =
  'sku,title,price,currency,quantity,category,description\nk-250,Kopi Gayo 250 g,85000,IDR,10,Food > Drinks > Coffee,"Arabica, medium roast"\n';

/** Many listings at once from a file: what each line would put up is shown before anything is signed. */
export function ImportView() {
  const t = useWords(IMPORT_WORDS);
  const [lines, setLines] = useState<readonly Line[]>();
  const [answers, setAnswers] = useState<readonly Answer[]>([]);
  const reading = useAction();
  const sending = useAction();
  const [chosen, setChosen] = useState<ChosenPictures>(new Map());
  const [shrinking, setShrinking] = useState<string>();
  const missing = [...new Set((lines ?? []).flatMap(({ pictures }) => pictures))].filter((name) => !chosen.has(name));
  const shown = lines?.map((line) => withoutPicture(line, missing));
  const good = (shown ?? []).filter(({ fault }) => fault === undefined);
  const choose = (file: File | undefined): void => {
    setLines(undefined);
    setAnswers([]);
    if (file !== undefined) reading.run(async () => setLines(await linesOf(file)));
  };
  const send = (): void =>
    sending.run(async () => {
      const all: Answer[] = [];
      const ids = new Map<string, string | Refusal>();
      for (let at = 0; at < good.length; at += BATCH) {
        const batch = good.slice(at, at + BATCH);
        for (const name of batch.flatMap(({ pictures }) => pictures)) {
          const file = chosen.get(name);
          if (file === undefined || ids.has(name)) continue;
          setShrinking(file.name);
          ids.set(name, await putUp(file));
        }
        setShrinking(undefined);
        const refused = batch.flatMap((line) => refusedFor(line, ids));
        const items = batch
          .filter(({ line }) => !refused.some((answer) => answer.line === line))
          .map(({ line, value }) => ({ line, value: withIds(value, (name) => ids.get(name)) }));
        if (items.length > 0) all.push(...(await changeAll('publish', { items })));
        all.push(...refused);
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
      <label>
        <span>{t.pictures}</span>
        <input
          type="file"
          name="pictures"
          accept="image/*"
          multiple
          aria-describedby="pictures-hint"
          onChange={(event) => setChosen(chosenPictures([...(event.currentTarget.files ?? [])]))}
        />
      </label>
      <p class="soft" id="pictures-hint">
        {t.picturesHint}
      </p>
      {reading.refusal === undefined ? null : <Problem refusal={reading.refusal} />}
      {shown === undefined ? null : (
        <>
          <h2>{t.preview}</h2>
          <p role="status" data-good={good.length} data-faulty={shown.length - good.length}>
            {t.counts(good.length, shown.length - good.length)}
          </p>
          {missing.length === 0 ? null : (
            <p class="note warn" data-missing={missing.length}>
              {t.missing(missing.length, missing.slice(0, NAMED).join(', ') + (missing.length > NAMED ? ' …' : ''))}
            </p>
          )}
          <Preview lines={shown} answers={answers} />
          {sending.refusal === undefined ? null : <Problem refusal={sending.refusal} />}
          <p role="status" class="soft">
            {shrinking === undefined ? null : t.shrinking(shrinking)}
          </p>
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

/** A line that names pictures which were not chosen is not put up without them. */
function withoutPicture(line: Line, missing: readonly string[]): Line {
  const name = line.fault === undefined ? line.pictures.find((each) => missing.includes(each)) : undefined;
  if (name === undefined) return line;
  return { ...line, fault: { code: 'INPUT_MISSING', message: `The picture "${name}" was not chosen.` } };
}

/** Makes a picture smaller and puts it on the node. Gives its id, or why it is none; @throws Refusal where the node does not answer */
async function putUp(file: File): Promise<string | Refusal> {
  const small = await shrink(file).catch(() => undefined);
  if (small === undefined)
    return new Refusal('PICTURE_INVALID', `This browser cannot read "${file.name}" as a picture.`);
  return (await change('picture.add', { content: await base64Of(small) })).picture;
}

/** The answer to a line one of whose pictures is none: the others go on. */
function refusedFor({ line, pictures }: Line, ids: ReadonlyMap<string, string | Refusal>): Answer[] {
  const refusal = pictures.map((name) => ids.get(name)).find((id) => id instanceof Refusal);
  if (refusal === undefined) return [];
  const { code, message } = refusal;
  return [{ line, sku: null, listing: null, status: 'invalid', error: { code, message }, replicas: 0, quorum: false }];
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
