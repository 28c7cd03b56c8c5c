import { useEffect, useState } from 'preact/hooks';
import { call, redeem } from '../api/client.js';
import { ageOf, keepFor } from '../api/kept.js';
import { OFFLINE, Refusal, refusalOf } from '../api/refusal.js';
import { storeToken } from '../api/session.js';
import { Problem } from '../parts/problem.js';
import { useWords } from './language.js';
import { SHELL_WORDS } from './words.js';

/** Takes a link’s code or a token, tries it, and keeps the token for this tab. */
export function SignIn({
  again,
  code,
  onSignedIn,
}: {
  again: boolean;
  code: string | undefined;
  onSignedIn: () => void;
}) {
  const t = useWords(SHELL_WORDS);
  const [token, setToken] = useState('');
  const [refusal, setRefusal] = useState<Refusal>();
  /** Tries a token, and keeps it for this tab, or for longer. @throws Refusal for one that is not of this node */
  const enter = async (given: string, from: 'pairing' | 'link' | 'hand'): Promise<void> => {
    storeToken(given, from);
    const { signal } = new AbortController();
    const { trader } = await call('status', {}, signal);
    // What was kept says nothing of a token.
    if (ageOf(signal) !== undefined) throw new Refusal(OFFLINE, 'The node does not answer.');
    await keepFor(trader);
    onSignedIn();
  };
  useEffect(() => {
    if (code === undefined) return;
    redeem(code)
      .then(({ token: given, lasting }) => enter(given, lasting ? 'pairing' : 'link'))
      .catch((thrown: unknown) => setRefusal(refusalOf(thrown)));
    // Once: a code is good once.
  }, []);
  const signIn = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      await enter(token.trim(), 'hand');
    } catch (thrown) {
      storeToken(undefined);
      setRefusal(refusalOf(thrown));
    }
  };
  return (
    <section class="narrow">
      <h1>{t.signIn}</h1>
      {again ? <p class="note">{t.signedOut}</p> : null}
      <p>{t.signInWhy}</p>
      <p>{t.signInHow}</p>
      <p class="soft">{t.signInByHand}</p>
      <form onSubmit={(event) => void signIn(event)}>
        <label>
          <span>{t.token}</span>
          <input
            type="password"
            name="token"
            required
            autocomplete="off"
            spellcheck={false}
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        {refusal === undefined ? null : refusal.code === 'API_TOKEN' ? (
          <p class="note bad" role="alert">
            {t.wrongToken}
          </p>
        ) : (
          <Problem refusal={refusal} />
        )}
        <button type="submit" class="main">
          {t.signInButton}
        </button>
      </form>
    </section>
  );
}
