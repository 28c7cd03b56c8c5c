import { useEffect, useState } from 'preact/hooks';
import { stream, type OutputOf } from '../api/client.js';
import { refusalOf, type Refusal } from '../api/refusal.js';
import { Problem } from '../parts/problem.js';
import { useWords } from '../shell/language.js';
import { showsAlways } from './always.js';
import { Picture } from './picture.js';
import { PICTURE_WORDS } from './words.js';

type Known = OutputOf<'picture.list'>;

/** The pictures of a listing: those that are on this node, and the others once somebody asks for them. */
export function Gallery({ listing, title, count }: { listing: string; title: string; count: number }) {
  const t = useWords(PICTURE_WORDS);
  const [fetch, setFetch] = useState(showsAlways);
  const [known, setKnown] = useState<readonly Known[]>([]);
  const [done, setDone] = useState(false);
  const [refusal, setRefusal] = useState<Refusal>();
  const [chosen, setChosen] = useState(1);
  useEffect(() => {
    const ended = new AbortController();
    const { signal } = ended;
    const read = async (): Promise<void> => {
      setDone(false);
      setRefusal(undefined);
      for await (const one of stream('picture.list', { listing, fetch }, signal)) {
        if (signal.aborted) return;
        setKnown((now) => [...now.filter(({ place }) => place !== one.place), one]);
      }
    };
    read()
      .catch((thrown: unknown) => {
        if (!signal.aborted) setRefusal(refusalOf(thrown));
      })
      .finally(() => {
        if (!signal.aborted) setDone(true);
      });
    return () => ended.abort();
  }, [listing, fetch]);
  const shown = known.filter(({ type }) => type !== undefined).sort((a, b) => a.place - b.place);
  const lacking = known.filter(({ here }) => !here).length;
  const main = shown.find(({ place }) => place === chosen) ?? shown[0];
  const alt = (place: number): string => t.of(title, place, count);
  return (
    <section aria-label={t.title} data-pictures={done ? 'done' : 'loading'}>
      {main === undefined ? null : (
        <div class="main-picture">
          <Picture picture={main.picture} alt={alt(main.place)} />
        </div>
      )}
      {shown.length < 2 ? null : (
        <ul class="plain pictures">
          {shown.map(({ picture, place }) => (
            <li key={place}>
              <button
                type="button"
                class="thumbnail"
                aria-pressed={place === main?.place}
                aria-label={t.choose(place)}
                onClick={() => setChosen(place)}
              >
                <Picture picture={picture} alt="" />
              </button>
            </li>
          ))}
        </ul>
      )}
      {fetch || lacking === 0 ? null : (
        <div class="note">
          <p>{t.why}</p>
          <button type="button" onClick={() => setFetch(true)}>
            {t.show(count)}
          </button>
        </div>
      )}
      <p role="status" class="soft">
        {fetch && !done ? t.fetching : fetch && lacking > 0 ? t.missing(lacking) : null}
      </p>
      {refusal === undefined ? null : <Problem refusal={refusal} />}
    </section>
  );
}
