import type { Refusal } from '../api/refusal.js';
import { useWords } from '../shell/language.js';
import { REFUSAL_WORDS } from '../shell/refusal-words.js';
import { SHELL_WORDS } from '../shell/words.js';

/** A refusal in people's words; what the node itself said stands below, for those who want to know. */
export function Problem({ refusal, again }: { refusal: Refusal; again?: (() => void) | undefined }) {
  const t = useWords(REFUSAL_WORDS);
  const shell = useWords(SHELL_WORDS);
  const known = t.known[refusal.code];
  return (
    <div class="note bad" role="alert">
      <p>{known ?? `${t.refused} ${refusal.message}`}</p>
      {known === undefined ? null : (
        <details>
          <summary>{t.details}</summary>
          <p>
            {refusal.message} <code>{refusal.code}</code>
          </p>
        </details>
      )}
      {again === undefined ? null : (
        <button type="button" onClick={again}>
          {shell.again}
        </button>
      )}
    </div>
  );
}
