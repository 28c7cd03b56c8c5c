import { useId, useRef, useState } from 'preact/hooks';
import { change } from '../api/client.js';
import { refusalOf, type Refusal } from '../api/refusal.js';
import { Problem } from '../parts/problem.js';
import { useWords } from '../shell/language.js';
import { Picture } from './picture.js';
import { base64Of, shrink } from './shrink.js';
import { PICTURE_WORDS } from './words.js';

/** protocol/listing/item.ts */
const MAX_PICTURES = 20;

/** The pictures of a listing that is being written: each is made smaller and put on the node as soon as it is chosen. */
export function PictureChooser(given: {
  readonly pictures: readonly string[];
  /** What is being sold, as far as it was written. */
  readonly title: string;
  /** Called with what becomes of those that are there then. */
  readonly onPictures: (change: (now: readonly string[]) => readonly string[]) => void;
  /** While one is on its way the listing is not to be sent. */
  readonly onBusy: (busy: boolean) => void;
}) {
  const t = useWords(PICTURE_WORDS);
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [working, setWorking] = useState<string>();
  const [problems, setProblems] = useState<readonly string[]>([]);
  const [refusal, setRefusal] = useState<Refusal>();
  const { pictures, title, onPictures, onBusy } = given;
  const room = MAX_PICTURES - pictures.length;

  const add = async (files: readonly File[]): Promise<void> => {
    setProblems(files.length > room ? [t.tooMany(MAX_PICTURES)] : []);
    setRefusal(undefined);
    onBusy(true);
    for (const file of files.slice(0, room)) {
      setWorking(file.name);
      const small = await shrink(file).catch(() => undefined);
      if (small === undefined) {
        setProblems((now) => [...now, t.unreadable(file.name)]);
        continue;
      }
      try {
        const { picture } = await change('picture.add', { content: await base64Of(small) });
        onPictures((now) => (now.includes(picture) ? now : [...now, picture]));
      } catch (thrown) {
        setRefusal(refusalOf(thrown));
        break;
      }
    }
    setWorking(undefined);
    onBusy(false);
  };
  const move = (from: number, to: number): void =>
    onPictures((now) => {
      const moved = [...now];
      moved.splice(to, 0, ...moved.splice(from, 1));
      return moved;
    });
  const remove = (picture: string): void => {
    onPictures((now) => now.filter((each) => each !== picture));
    // The button goes with its picture: the keyboard goes on from here.
    input.current?.focus();
  };
  return (
    <fieldset>
      <legend>{t.add}</legend>
      <label for={id} class="soft">
        {t.hint(MAX_PICTURES)}
      </label>
      <input
        id={id}
        ref={input}
        type="file"
        name="pictures"
        accept="image/*"
        multiple
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          event.currentTarget.value = '';
          if (working === undefined && files.length > 0) void add(files);
        }}
      />
      <p role="status" class="soft">
        {working === undefined ? null : t.shrinking(working)}
      </p>
      {problems.map((problem) => (
        <p key={problem} class="note bad" role="alert">
          {problem}
        </p>
      ))}
      {refusal === undefined ? null : <Problem refusal={refusal} />}
      {pictures.length < 2 ? null : <p class="soft">{t.first}</p>}
      <ol class="plain pictures">
        {pictures.map((picture, at) => (
          <li key={picture} data-picture={picture}>
            <Picture picture={picture} alt={t.of(title === '' ? t.title : title, at + 1, pictures.length)} />
            <div class="row">
              <button type="button" disabled={at === 0} aria-label={t.earlier(at + 1)} onClick={() => move(at, at - 1)}>
                ←
              </button>
              <button
                type="button"
                disabled={at === pictures.length - 1}
                aria-label={t.later(at + 1)}
                onClick={() => move(at, at + 1)}
              >
                →
              </button>
              <button type="button" class="stop" aria-label={t.remove(at + 1)} onClick={() => remove(picture)}>
                ×
              </button>
            </div>
          </li>
        ))}
      </ol>
    </fieldset>
  );
}
