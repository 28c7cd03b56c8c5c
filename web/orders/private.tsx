import { useState } from 'preact/hooks';
import { useAction } from '../api/action.js';
import { call, change, type OutputOf } from '../api/client.js';
import { download } from '../parts/download.js';
import { Problem } from '../parts/problem.js';
import { useWords } from '../shell/language.js';
import { ORDER_WORDS } from './words.js';

type Trade = OutputOf<'trade.show'>;

/** What an order keeps out of its signed log: addresses, codes, proofs, files. */
export function Private({ trade }: { trade: Trade }) {
  const t = useWords(ORDER_WORDS);
  const saving = useAction();
  if (trade.private.length === 0) return null;
  const save = (file: string, of: 'buyer' | 'seller' | 'arbiter'): void =>
    saving.run(async () => {
      // An arbiter has it from the side whose it is.
      const whose = trade.role === 'arbiter' ? { to: of } : {};
      const { name, content } = await call('file.save', { with: trade.trade, file, ...whose });
      download(name, content);
    });
  return (
    <>
      <h2>{t.private}</h2>
      <dl>
        {trade.private.map(({ what, of, value, file, status }, at) => (
          <div key={at} class="fact">
            <dt>
              {t.what[what] ?? what} <span class="soft">({t.role[of]})</span>
            </dt>
            <dd class="text">
              {file?.here === true ? (
                <button type="button" disabled={saving.running} onClick={() => save(file.file, of)}>
                  {t.saveFile(file.name)}
                </button>
              ) : (
                (value ?? file?.name ?? t.privateState[status] ?? status)
              )}
            </dd>
          </div>
        ))}
      </dl>
      {saving.refusal === undefined ? null : <Problem refusal={saving.refusal} />}
      <Disclose trade={trade} />
    </>
  );
}

/** In a dispute that an arbiter decides, a side may let the arbiter see what is private. */
function Disclose({ trade }: { trade: Trade }) {
  const t = useWords(ORDER_WORDS);
  const [given, setGiven] = useState<number>();
  const giving = useAction();
  const ruled = trade.messages.some(({ role }) => role === 'arbiter');
  const mine = trade.private.some(({ status }) => status === 'here');
  if (trade.role === 'arbiter' || trade.state !== 'disputed' || !ruled || !mine) return null;
  const give = (): void =>
    giving.run(async () => setGiven((await change('trade.disclose', { trade: trade.trade })).values));
  return (
    <div role="status">
      <p class="soft">{t.discloseWhy}</p>
      {giving.refusal === undefined ? null : <Problem refusal={giving.refusal} />}
      {given === undefined ? (
        <button type="button" disabled={giving.running} onClick={give} data-do="disclose">
          {t.disclose}
        </button>
      ) : (
        <p class="note good" data-done="disclose">
          {t.disclosed(given)}
        </p>
      )}
    </div>
  );
}
