import type { OutputOf } from '../api/client.js';
import { saidInWords } from '../../protocol/trade/message-words.js';
import { moneyText } from '../format/money.js';
import { timeText } from '../format/time.js';
import { useLanguage, useWords } from '../shell/language.js';
import { ORDER_WORDS } from './words.js';

/** Each signed message of a trade: who, what, when, and how far it is on its way. */
export function Timeline({ trade }: { trade: OutputOf<'trade.show'> }) {
  const t = useWords(ORDER_WORDS);
  const language = useLanguage();
  return (
    <ol class="plain timeline">
      {trade.messages.map((message) => {
        const own = message.role === trade.role;
        return (
          <li key={message.id} data-kind={message.kind}>
            <p>
              <strong>{t.step[message.kind] ?? message.kind}</strong>
            </p>
            {message.says === undefined ? null : (
              <p class="text">{saidInWords(message.says, language, (amount) => moneyText(amount, language))}</p>
            )}
            <p class="soft">
              {t.role[message.role]}
              {own ? ` (${t.you})` : ''} · {timeText(message.time, language)}
              {own ? ` · ${t.delivery[message.delivery] ?? message.delivery}` : ''}
            </p>
          </li>
        );
      })}
    </ol>
  );
}
