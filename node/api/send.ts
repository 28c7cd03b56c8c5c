import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { AppContext } from './app.js';
import type { Answered } from './kept-answers.js';

/**
 * Sends an answer that is all there, and says that it was sent. Not as a Response of the Fetch API: a text becomes a stream in it, only
 * to be read out of that again at once, which takes longer than most operations.
 */
export function send(
  { env: { outgoing } }: AppContext,
  { status, type, body }: Answered,
  headers: Readonly<Record<string, string>> = {},
): Response {
  outgoing.writeHead(status, { ...headers, 'content-type': type, 'content-length': Buffer.byteLength(body) });
  outgoing.end(body);
  return RESPONSE_ALREADY_SENT;
}
