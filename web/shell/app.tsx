import { useEffect, useState } from 'preact/hooks';
import { isThere } from '../api/client.js';
import { anythingKept, forgetKept } from '../api/kept.js';
import { useEvents } from '../api/live.js';
import { isLasting, isLeaving, storedToken, storeToken, takeLinkCode } from '../api/session.js';
import { useAge } from '../api/stale.js';
import { timeText } from '../format/time.js';
import { Header } from './header.js';
import {
  initialLanguage,
  LanguageContext,
  rememberLanguage,
  useLanguage,
  useWords,
  type Language,
} from './language.js';
import { useRoute } from './route.js';
import { SignIn } from './sign-in.js';
import { placeOf, View } from './view.js';
import { SHELL_WORDS } from './words.js';

/** `looking`: not signed in, but what this browser kept may be looked at while the node does not answer; whether it does is not known. */
type Session = 'signed-in' | 'signed-out' | 'ended' | 'looking';

/** A link counts, not what the tab had before. */
function sessionOf(code: string | undefined): Session {
  if (code !== undefined) return 'signed-out';
  if (storedToken() !== undefined) return 'signed-in';
  return anythingKept() ? 'looking' : 'signed-out';
}

/** The whole page: who is signed in, in which language, and the view for the address. */
export function App() {
  const [language, setLanguage] = useState(initialLanguage);
  // Before the address is read as a view.
  const [code] = useState(takeLinkCode);
  const [session, setSession] = useState<Session>(() => sessionOf(code));
  const route = useRoute();
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  useEffect(() => {
    if (session === 'looking') void isThere().then((there) => setSession(there ? 'signed-out' : 'signed-in'));
  }, []);
  const choose = (chosen: Language): void => {
    rememberLanguage(chosen);
    setLanguage(chosen);
  };
  const end = (): void => {
    // Who signs out sees the page anew in a moment.
    if (isLeaving()) return;
    setSession(storedToken() === undefined ? 'signed-out' : 'ended');
    // A paired phone's token ends when its owner revokes it: whoever holds the phone is to see nothing more.
    if (isLasting()) void forgetKept();
    storeToken(undefined);
  };
  return (
    <LanguageContext.Provider value={language}>
      <SkipLink />
      <Header at={placeOf(route)} signedIn={session === 'signed-in'} onLanguage={choose} />
      <main id="content" tabIndex={-1}>
        {session === 'looking' ? null : session === 'signed-in' ? (
          <>
            <Connection onSignedOut={end} />
            <View route={route} />
          </>
        ) : (
          <SignIn
            again={session === 'ended'}
            code={session === 'ended' ? undefined : code}
            onSignedIn={() => setSession('signed-in')}
          />
        )}
      </main>
    </LanguageContext.Provider>
  );
}

/** The address after `#` is the view, so the link moves the focus itself. */
function SkipLink() {
  const t = useWords(SHELL_WORDS);
  const skip = (event: Event): void => {
    event.preventDefault();
    document.getElementById('content')?.focus();
  };
  return (
    <a class="skip" href="#content" onClick={skip}>
      {t.skip}
    </a>
  );
}

/** Follows the node's events, and says when it does not answer. */
function Connection({ onSignedOut }: { onSignedOut: () => void }) {
  const t = useWords(SHELL_WORDS);
  const language = useLanguage();
  const [offline, setOffline] = useState(false);
  const age = useAge();
  useEvents((state) => {
    if (state === 'signed-out') onSignedOut();
    else setOffline(state === 'offline');
  });
  return (
    <div role="status">
      {offline ? (
        <div class="note bad">
          <p>
            {t.offline} {t.offlineNext}
          </p>
          {age === undefined ? null : (
            <p data-as-of={age}>
              <strong>{t.asOf(timeText(age, language))}</strong>
            </p>
          )}
        </div>
      ) : null}
    </div>
  );
}
