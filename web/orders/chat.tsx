import { useState } from 'preact/hooks';
import { useAction } from '../api/action.js';
import { useAnswer } from '../api/answer.js';
import { call } from '../api/client.js';
import { useChanges } from '../api/live.js';
import { timeText } from '../format/time.js';
import { download } from '../parts/download.js';
import { Field } from '../parts/field.js';
import { Problem } from '../parts/problem.js';
import { useLanguage, useWords } from '../shell/language.js';
import { CHAT_WORDS } from './chat-words.js';
import { ORDER_WORDS } from './words.js';

const PAGE_SIZE = 30;
const MAX_TEXT = 4_000;

/** The messages about a trade, the newest at the foot. */
export function Chat({ trade }: { trade: string }) {
  const t = useWords(CHAT_WORDS);
  const order = useWords(ORDER_WORDS);
  const language = useLanguage();
  const [limit, setLimit] = useState(PAGE_SIZE);
  const [text, setText] = useState('');
  const {
    value: page,
    refusal,
    reload,
  } = useAnswer((signal) => call('chat.show', { with: trade, limit }, signal), [limit]);
  useChanges(['chat-message', 'chat-delivery', 'gap'], reload);
  const sending = useAction();
  const saving = useAction();
  const send = (event: Event): void => {
    event.preventDefault();
    if (text.trim() === '') return;
    sending.run(async () => {
      await call('chat.send', { with: trade, text: text.trim() });
      setText('');
      reload();
    });
  };
  const save = (file: string): void =>
    saving.run(async () => {
      const { name, content } = await call('file.save', { with: trade, file });
      download(name, content);
    });
  const messages = [...(page?.items ?? [])].reverse();
  return (
    <section aria-labelledby="chat">
      <h2 id="chat">{t.title}</h2>
      <p class="soft">{t.who}</p>
      {refusal === undefined ? null : <Problem refusal={refusal} again={reload} />}
      {page?.next === undefined ? null : (
        <button type="button" onClick={() => setLimit(limit + PAGE_SIZE)}>
          {t.older}
        </button>
      )}
      {page?.items.length === 0 ? <p>{t.none}</p> : null}
      <ol class="plain chat" aria-live="polite">
        {messages.map((message) => (
          <li key={message.id} class={message.own ? 'own' : undefined}>
            <p class="text">{message.text}</p>
            {(message.files ?? []).map((file) => (
              <p key={file.file}>
                <button type="button" disabled={!file.here} onClick={() => save(file.file)}>
                  {t.save(file.name)}
                </button>
              </p>
            ))}
            <p class="soft">
              {timeText(message.time, language)}
              {message.delivery === undefined ? '' : ` · ${order.delivery[message.delivery] ?? message.delivery}`}
            </p>
          </li>
        ))}
      </ol>
      {saving.refusal === undefined ? null : <Problem refusal={saving.refusal} />}
      <form onSubmit={send}>
        <Field label={t.write} name="message" lines={2} maxLength={MAX_TEXT} required value={text} onValue={setText} />
        {sending.refusal === undefined ? null : <Problem refusal={sending.refusal} />}
        <button type="submit" disabled={sending.running}>
          {t.send}
        </button>
      </form>
    </section>
  );
}
