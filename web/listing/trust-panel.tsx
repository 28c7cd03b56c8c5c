import { useNow } from '../format/now.js';
import { useWords } from '../shell/language.js';
import { findingsFor, type Deal } from './trust.js';
import { TRUST_WORDS } from './trust-words.js';

/** The eight risks of a deal, each with what covers it. Said in words too: colour alone tells not everybody. */
export function TrustPanel({ deal }: { deal: Deal }) {
  const t = useWords(TRUST_WORDS);
  const now = useNow();
  return (
    <section aria-labelledby="trust">
      <h2 id="trust">{t.title}</h2>
      <p class="soft">{t.intro}</p>
      <ul class="plain risks">
        {findingsFor(deal, now).map(({ risk, cover, says }) => (
          <li key={risk} class={cover} data-risk={risk}>
            <h3>
              {t.risks[risk]} <span class={`badge ${cover}`}>{t.covers[cover]}</span>
            </h3>
            <p>{says.map((each) => t.says[each] ?? each).join(' ')}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}
