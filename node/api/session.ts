import { setMaxListeners } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { NiagaError } from '../../protocol/errors.js';
import type { Caller } from '../tokens/index.js';
import { readJson } from './body.js';
import type { AppOptions } from './app.js';
import type { SecretTokenView } from './rows/token.js';

/** The caller whose token is in the file of the API: new at each start, ends with it; it is the same caller all the same. */
export const OWNER: Caller = {
  name: 'owner',
  id: 'owner',
  scopes: new Set(['admin']),
  ended: new AbortController().signal,
};
// All that runs in its name listens to it.
setMaxListeners(0, OWNER.ended);

/** Changes the code of a link into a token. @throws NiagaError API_CODE */
export type Redeem = (code: string) => Promise<SecretTokenView>;

/** A code has 43 characters, and the page sends it at once. */
const BODY = { maxBytes: 1_000, maxTime: 5_000 } as const;
/** Those who have no token yet share a limiter, those of other machines one of their own. No token has such a name. */
const NOBODY = { here: '', elsewhere: ' ' } as const;

const codeSchema = z.strictObject({ code: z.string().min(1).max(200) });

/**
 * `POST /session {code}`: the page that a link has opened gets its token. JSON only, so that no form of another site can ask for it;
 * without the code there is nothing to get.
 * @param from whether it came from this machine
 * @throws NiagaError API_CODE, USAGE, RATE_LIMITED; as `readJson`
 */
export async function openSession(
  request: IncomingMessage,
  from: keyof typeof NOBODY,
  { redeem, limiters, body: { maxTime } }: Pick<AppOptions, 'redeem' | 'limiters' | 'body'>,
): Promise<Response> {
  const leave = limiters.of(NOBODY[from]).enter(performance.now());
  try {
    const body = codeSchema.safeParse(await readJson(request, { ...BODY, maxTime: Math.min(BODY.maxTime, maxTime) }));
    if (!body.success) throw new NiagaError('USAGE', 'The body must be {"code": "…"}.', { where: 'body' });
    if (redeem === undefined) throw new NiagaError('API_CODE', 'This node gives out no links.');
    return new Response(JSON.stringify(await redeem(body.data.code)), {
      headers: { 'content-type': 'application/json' },
    });
  } finally {
    leave();
  }
}

/** `POST /session/end`: who signs out of a page ends the token that the page had, so that a copy of it is worth nothing. */
export async function endSession(
  caller: Caller,
  options: Pick<AppOptions, 'endToken' | 'limiters'>,
): Promise<Response> {
  const leave = options.limiters.of(caller.name).enter(performance.now());
  try {
    return Response.json({ ended: await options.endToken(caller) });
  } finally {
    leave();
  }
}
