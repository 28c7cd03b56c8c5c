import { useEffect, useState } from 'preact/hooks';
import { useEvents } from '../api/live.js';
import { storedToken, storeToken, takeLinkCode } from '../api/session.js';
import { Header } from './header.js';
import { initialLanguage, LanguageContext, rememberLanguage, useWords, type Language } from './language.js';
import { useRoute } from './route.js';
import { SignIn } from './sign-in.js';
import { placeOf, View } from './view.js';
import { SHELL_WORDS } from './words.js';

type Session = 'signed-in' | 'signed-out' | 'ended';

/** The whole page: who is signed in, in which language, and the view for the address. */
export function App() {
  const [language, setLanguage] = useState(initialLanguage);
  // Before the address is read as a view.
  const [code] = useState(takeLinkCode);
  // A link counts, not what the tab had before.
  const [session, setSession] = useState<Session>(
    storedToken() === undefined || code !== undefined ? 'signed-out' : 'signed-in',
  );
  const route = useRoute();
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const choose = (chosen: Language): void => {
    rememberLanguage(chosen);
    setLanguage(chosen);
  };
  const end = (): void => {
    storeToken(undefined);
    setSession('ended');
  };
  return (
    <LanguageContext.Provider value={language}>
      <SkipLink />
      <Header at={placeOf(route)} signedIn={session === 'signed-in'} onLanguage={choose} />
      <main id="content" tabIndex={-1}>
        {session === 'signed-in' ? (
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
  const [offline, setOffline] = useState(false);
  useEvents((state) => {
    if (state === 'signed-out') onSignedOut();
    else setOffline(state === 'offline');
  });
  return (
    <div role="status">
      {offline ? (
        <p class="note bad">
          {t.offline} {t.offlineNext}
        </p>
      ) : null}
    </div>
  );
}
