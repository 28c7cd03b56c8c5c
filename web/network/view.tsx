import { useEffect } from 'preact/hooks';
import { useAnswer } from '../api/answer.js';
import { call } from '../api/client.js';
import { useNow } from '../format/now.js';
import { timeText } from '../format/time.js';
import { Loading } from '../parts/loading.js';
import { Problem } from '../parts/problem.js';
import { useLanguage, useWords } from '../shell/language.js';
import { Keyspace } from './keyspace.js';
import { NETWORK_WORDS } from './words.js';

/** A circle of more dots says no more. */
const MOST_PEERS = 1_000;

/** Who the node knows, and what it does for others. */
export function NetworkView() {
  const t = useWords(NETWORK_WORDS);
  const language = useLanguage();
  const now = useNow();
  const { value: status, refusal, reload } = useAnswer((signal) => call('status', {}, signal), []);
  const { value: peers, reload: reloadPeers } = useAnswer((signal) => call('peers', { limit: MOST_PEERS }, signal), []);
  // Nothing tells of connections, so they are looked at again with the clock.
  useEffect(() => {
    reload();
    reloadPeers();
  }, [now]);
  return (
    <section>
      <h1>{t.title}</h1>
      {refusal === undefined ? null : <Problem refusal={refusal} again={reload} />}
      {status === undefined ? (
        refusal === undefined ? (
          <Loading />
        ) : null
      ) : (
        <>
          {status.peers === 0 ? <p class="note warn">{t.alone}</p> : null}
          <h2>{t.others}</h2>
          <dl>
            <dt>{t.peers}</dt>
            <dd>{status.peers}</dd>
            <dt>{t.known}</dt>
            <dd>{Math.max(0, status.known - 1)}</dd>
          </dl>
          {peers === undefined ? null : <Keyspace peers={peers.items} />}
          <h2>{t.keeps}</h2>
          <dl>
            <dt>{t.cards}</dt>
            <dd>{status.cards}</dd>
            <dt>{t.letters}</dt>
            <dd>
              {status.letters.letters} ({t.bytes(status.letters.bytes)})
            </dd>
          </dl>
          <h2>{t.own}</h2>
          <dl>
            <dt>{t.listings}</dt>
            <dd>
              {status.listings}
              {status.lacking === 0 ? null : ` (${status.lacking} ${t.lacking})`}
            </dd>
            <dt>{t.outbox}</dt>
            <dd>{status.outbox}</dd>
            <dt>{t.mailboxes}</dt>
            <dd>{status.mailboxes.length}</dd>
            <dt>{t.integrity}</dt>
            <dd>
              {status.integrity.ok
                ? t.sound(status.integrity.rows)
                : t.damaged(status.integrity.corrupt, status.integrity.lost)}
            </dd>
          </dl>
          <h2>{t.you}</h2>
          <dl>
            <dt>{t.name}</dt>
            <dd>{status.name === '' ? t.noName : status.name}</dd>
            <dt>{t.key}</dt>
            <dd>
              <code>{status.trader}</code>
            </dd>
            <dt>{t.version}</dt>
            <dd>{status.version}</dd>
            <dt>{t.running}</dt>
            <dd>{timeText(now - status.uptimeMs, language)}</dd>
            <dt>{t.addresses}</dt>
            <dd>
              <ul class="plain">
                {status.addresses.map((address) => (
                  <li key={address}>
                    <code>{address}</code>
                  </li>
                ))}
              </ul>
            </dd>
          </dl>
        </>
      )}
    </section>
  );
}
