import { useState } from 'preact/hooks';
import { useAction } from '../api/action.js';
import { useAnswer } from '../api/answer.js';
import { call, change } from '../api/client.js';
import { useChanges } from '../api/live.js';
import { timeText } from '../format/time.js';
import { download } from '../parts/download.js';
import { Choose, Field } from '../parts/field.js';
import { Problem } from '../parts/problem.js';
import { useLanguage, useWords } from '../shell/language.js';
import { CHAT_WORDS } from './chat-words.js';
import { ORDER_WORDS } from './words.js';

const PAGE_SIZE = 30;
const MAX_TEXT = 4_000;

type Party = 'buyer' | 'seller';

/** The messages about a trade: a side writes to the other one, an arbiter to either. */
export function Chat({ trade, role }: { trade: string; role: Party | 'arbiter' }) {
  const t = useWords(CHAT_WORDS);
  const order = useWords(ORDER_WORDS);
  const [to, setTo] = useState<Party>('buyer');
  return (
    <section aria-labelledby="chat">
      <h2 id="chat">{t.title}</h2>
      {role === 'arbiter' ? (
        <Choose
          label={t.whom}
          value={to}
          options={(['buyer', 'seller'] as const).map((each) => [each, order.role[each]] as const)}
          onValue={setTo}
        />
      ) : (
        <p class="soft">{t.who}</p>
      )}
      <Conversation key={to} trade={trade} {...(role === 'arbiter' ? { to } : {})} />
    </section>
  );
}

/** The newest at the foot. */
function Conversation({ trade, to }: { trade: string; to?: Party }) {
  const t = useWords(CHAT_WORDS);
  const order = useWords(ORDER_WORDS);
  const language = useLanguage();
  const whom = { with: trade, ...(to === undefined ? {} : { to }) };
  const [limit, setLimit] = useState(PAGE_SIZE);
  const [text, setText] = useState('');
  const {
    value: page,
    refusal,
    reload,
  } = useAnswer((signal) => call('chat.show', { ...whom, limit }, signal), [limit]);
  useChanges(['chat-message', 'chat-delivery', 'gap'], reload);
  const sending = useAction();
  const saving = useAction();
  const send = (event: Event): void => {
    event.preventDefault();
    if (text.trim() === '') return;
    sending.run(async () => {
      await change('chat.send', { ...whom, text: text.trim() });
      setText('');
      reload();
    });
  };
  const save = (file: string): void =>
    saving.run(async () => {
      const { name, content } = await call('file.save', { ...whom, file });
      download(name, content);
    });
  const messages = [...(page?.items ?? [])].reverse();
  return (
    <>
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
    </>
  );
}
