import { useState } from 'preact/hooks';
import { useAction } from '../api/action.js';
import { useAnswer } from '../api/answer.js';
import { call, change, endToken } from '../api/client.js';
import { forgetKept } from '../api/kept.js';
import { useChanges } from '../api/live.js';
import { refusalOf } from '../api/refusal.js';
import { isOwn, setLeaving, storeToken } from '../api/session.js';
import { dateText } from '../format/time.js';
import { Loading } from '../parts/loading.js';
import { Problem } from '../parts/problem.js';
import { setShowsAlways, showsAlways } from '../pictures/always.js';
import { PICTURE_WORDS } from '../pictures/words.js';
import { useLanguage, useWords } from '../shell/language.js';
import { SETTINGS_WORDS } from './words.js';

/** Who this is, on which devices, and whom they block. Language is at the head of every view. */
export function SettingsView() {
  const t = useWords(SETTINGS_WORDS);
  const language = useLanguage();
  const { value, refusal, reload } = useAnswer(async (signal) => {
    const [status, identity, blocks] = await Promise.all([
      call('status', {}, signal),
      call('identity.devices', {}, signal),
      call('block.list', {}, signal),
    ]);
    return { status, identity, blocks };
  }, []);
  useChanges(['devices-changed'], reload);
  return (
    <section>
      <h1>{t.title}</h1>
      {refusal === undefined ? null : <Problem refusal={refusal} again={reload} />}
      {value === undefined ? (
        refusal === undefined ? (
          <Loading />
        ) : null
      ) : (
        <>
          <h2>{t.profile}</h2>
          <dl>
            <dt>{t.name}</dt>
            <dd>{value.status.name === '' ? t.noName : value.status.name}</dd>
            <dt>{t.key}</dt>
            <dd>
              <code>{value.status.trader}</code>
            </dd>
          </dl>
          <h2>{t.words}</h2>
          <p class={value.identity.root === 'here' ? 'note warn' : undefined}>
            {value.identity.root === 'here' ? t.wordsHere : t.wordsWritten}
          </p>
          <h2>{t.devices}</h2>
          <ul>
            {value.identity.devices.map((device) => (
              <li key={device.device}>
                <strong>{device.label}</strong>{' '}
                {[
                  ...(device.here ? [t.here] : []),
                  ...(device.writes ? [t.writes] : []),
                  device.revoked === null
                    ? t.until(dateText(device.expires, language))
                    : t.revoked(dateText(device.revoked, language)),
                ].join(', ')}
              </li>
            ))}
          </ul>
          <p class="soft">{t.commandLine}</p>
          <PictureSetting />
          <h2>{t.blocked}</h2>
          <Blocked traders={value.blocks.traders} onChange={reload} />
        </>
      )}
      <SignOut />
    </section>
  );
}

/** Ends this page's token at the node, too: a copy of what the browser kept opens nothing afterwards. */
function SignOut() {
  const t = useWords(SETTINGS_WORDS);
  const action = useAction();
  const forget = async (): Promise<void> => {
    storeToken(undefined);
    await forgetKept().finally(() => location.reload());
  };
  const signOut = async (): Promise<void> => {
    setLeaving(true);
    try {
      if (isOwn()) await endToken();
    } catch (thrown) {
      setLeaving(false);
      // One that the node does not know any more has ended already.
      if (refusalOf(thrown).code !== 'API_TOKEN') throw thrown;
    }
    await forget();
  };
  return (
    <>
      <h2>{t.browser}</h2>
      <p>{t.kept}</p>
      {action.refusal === undefined ? null : (
        <>
          <Problem refusal={action.refusal} />
          <p>{t.notEnded}</p>
          <p>
            <button type="button" class="stop" data-do="sign-out-here" onClick={() => void forget()}>
              {t.signOutHere}
            </button>
          </p>
        </>
      )}
      <p>
        <button type="button" data-do="sign-out" disabled={action.running} onClick={() => action.run(signOut)}>
          {t.signOut}
        </button>
      </p>
    </>
  );
}

function PictureSetting() {
  const t = useWords(PICTURE_WORDS);
  const [always, setAlways] = useState(showsAlways);
  return (
    <>
      <h2>{t.title}</h2>
      <label class="check">
        <input
          type="checkbox"
          name="pictures"
          checked={always}
          onChange={(event) => {
            setShowsAlways(event.currentTarget.checked);
            setAlways(event.currentTarget.checked);
          }}
        />
        <span>{t.always}</span>
      </label>
      <p class="soft">{t.alwaysHint}</p>
    </>
  );
}

function Blocked(given: { traders: readonly { trader: string; reason?: string | undefined }[]; onChange: () => void }) {
  const t = useWords(SETTINGS_WORDS);
  const action = useAction();
  const unblock = (trader: string): void =>
    action.run(async () => {
      await change('block.remove', { trader });
      given.onChange();
    });
  if (given.traders.length === 0) return <p>{t.nobody}</p>;
  return (
    <>
      {action.refusal === undefined ? null : <Problem refusal={action.refusal} />}
      <ul>
        {given.traders.map(({ trader, reason }) => (
          <li key={trader}>
            <code>{trader}</code> {reason}{' '}
            <button type="button" disabled={action.running} onClick={() => unblock(trader)}>
              {t.unblock}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
