import type { Answer, Input, Output } from '../../node/api/handlers.js';
import type { SecretTokenView } from '../../node/api/rows/token.js';
import type { KeyNamed, NameAnswering } from './names.js';
import { OFFLINE, Refusal, refusalIn } from './refusal.js';
import { storedToken } from './session.js';

export type OutputOf<Name extends NameAnswering<'one' | 'page' | 'stream'>> = Output<KeyNamed<Name>>;
export type InputOf<Name extends NameAnswering<'one' | 'page' | 'stream'>> = Input<KeyNamed<Name>>;

/**
 * Asks the node that served this page for an operation that answers once or by pages.
 * @throws Refusal with the node's code, or OFFLINE
 */
export async function call<Name extends NameAnswering<'one' | 'page'>>(
  name: Name,
  input: Input<KeyNamed<Name>>,
  signal?: AbortSignal,
): Promise<Awaited<Answer<KeyNamed<Name>>>> {
  const response = await send(name, input, signal);
  return (await response.json()) as Awaited<Answer<KeyNamed<Name>>>;
}

/**
 * Outputs as the node sends them.
 * @param onOpen called when the node has taken the request
 * @throws Refusal with the node's code, or OFFLINE
 */
export async function* stream<Name extends NameAnswering<'stream'>>(
  name: Name,
  input: Input<KeyNamed<Name>>,
  signal?: AbortSignal,
  onOpen?: () => void,
): AsyncGenerator<Output<KeyNamed<Name>>, void, undefined> {
  const response = await send(name, input, signal);
  onOpen?.();
  for await (const line of linesOf(response, signal)) {
    const value: unknown = JSON.parse(line);
    const error = errorLine(value);
    if (error !== undefined) throw refusalIn(error, name);
    yield value as Output<KeyNamed<Name>>;
  }
}

/** Changes the code of a link into this tab's own token. @throws Refusal API_CODE where it was used, or is too old */
export async function redeem(code: string): Promise<string> {
  const { token } = (await (await post('/session', { code })).json()) as SecretTokenView;
  return token;
}

function send(name: string, input: unknown, signal?: AbortSignal): Promise<Response> {
  return post(`/v1/${name}`, input, signal, { authorization: `Bearer ${storedToken() ?? ''}` });
}

async function post(
  path: string,
  input: unknown,
  signal?: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(input),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw new Refusal(OFFLINE, error instanceof Error ? error.message : String(error));
  }
  if (response.ok) return response;
  const body: unknown = await response.json().catch(() => undefined);
  throw refusalIn(body, `${response.status} ${response.statusText}`);
}

async function* linesOf(response: Response, signal?: AbortSignal): AsyncGenerator<string, void, undefined> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { value, done } = await reader.read().catch((error: unknown) => {
        signal?.throwIfAborted();
        throw new Refusal(OFFLINE, error instanceof Error ? error.message : String(error));
      });
      if (done) break;
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines.filter((line) => line !== '');
    }
    if (rest !== '') yield rest;
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}

/** What went wrong after the first line comes as the last one, alone in it. */
function errorLine(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('error' in value)) return undefined;
  return Object.keys(value).length === 1 ? value.error : undefined;
}
