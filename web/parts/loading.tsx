import { useWords } from '../shell/language.js';
import { SHELL_WORDS } from '../shell/words.js';

export function Loading() {
  const t = useWords(SHELL_WORDS);
  return (
    <p class="loading" role="status">
      {t.loading}
    </p>
  );
}
