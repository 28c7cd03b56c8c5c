import type { Answer, Input, Output } from '../../node/api/handlers.js';
import type { SecretTokenView } from '../../node/api/rows/token.js';
import { orKept } from './kept.js';
import type { KeyNamed, NameAnswering, NameChanging } from './names.js';
import { OFFLINE, Refusal, refusalIn } from './refusal.js';
import { storedToken } from './session.js';
import { doneOnce } from './unfinished.js';

export type OutputOf<Name extends NameAnswering<'one' | 'page' | 'stream'>> = Output<KeyNamed<Name>>;
export type InputOf<Name extends NameAnswering<'one' | 'page' | 'stream'>> = Input<KeyNamed<Name>>;

/**
 * Asks the node that served this page for an operation that changes nothing, and answers once or by pages. Where the node does not
 * answer, some give what it said last (kept.ts).
 * @throws Refusal with the node's code, or OFFLINE
 */
export async function call<Name extends Exclude<NameAnswering<'one' | 'page'>, NameChanging>>(
  name: Name,
  input: Input<KeyNamed<Name>>,
  signal?: AbortSignal,
): Promise<Awaited<Answer<KeyNamed<Name>>>> {
  const ask = async (): Promise<unknown> => answerOf(await send(name, input, signal), signal);
  return (await orKept(name, input, ask, signal)) as Awaited<Answer<KeyNamed<Name>>>;
}

/**
 * Asks the node for an operation that changes something: it is done once, however often the connection breaks meanwhile.
 * @throws Refusal with the node's code, or OFFLINE
 */
export async function change<Name extends NameChanging & NameAnswering<'one' | 'page'>>(
  name: Name,
  input: Input<KeyNamed<Name>>,
): Promise<Awaited<Answer<KeyNamed<Name>>>> {
  const answer: unknown = await doneOnce(name, input, async (key) =>
    answerOf(await send(name, input, undefined, { 'idempotency-key': key })),
  );
  return answer as Awaited<Answer<KeyNamed<Name>>>;
}

/**
 * The same for an operation that answers with a stream: its outputs, all of them when it has ended.
 * @throws Refusal with the node's code, or OFFLINE
 */
export async function changeAll<Name extends NameChanging & NameAnswering<'stream'>>(
  name: Name,
  input: Input<KeyNamed<Name>>,
): Promise<Output<KeyNamed<Name>>[]> {
  return doneOnce(name, input, async (key) => {
    const outputs: Output<KeyNamed<Name>>[] = [];
    const response = await send(name, input, undefined, { 'idempotency-key': key });
    for await (const output of outputsOf<Name>(name, response)) outputs.push(output);
    return outputs;
  });
}

/**
 * Outputs as the node sends them.
 * @throws Refusal with the node's code, or OFFLINE
 */
export async function* stream<Name extends Exclude<NameAnswering<'stream'>, NameChanging>>(
  name: Name,
  input: Input<KeyNamed<Name>>,
  signal?: AbortSignal,
): AsyncGenerator<Output<KeyNamed<Name>>, void, undefined> {
  yield* outputsOf<Name>(name, await send(name, input, signal), signal);
}

/** The node's events (node/api/sse.ts) from the one after `last` on. @throws Refusal with the node's code, or OFFLINE */
export async function openEvents(last: string | undefined, signal: AbortSignal): Promise<AsyncIterable<string>> {
  const headers = { ...credentials(), ...(last === undefined ? {} : { 'last-event-id': last }) };
  const response = await reach('/events', { headers, cache: 'no-store', signal });
  return linesOf(response, signal);
}

/**
 * A picture that is on the node. The token goes in the header, never in an address: so it is fetched here, and shown from memory.
 * @throws Refusal PICTURE_NOT_FOUND, …, or OFFLINE
 */
export async function media(picture: string, signal: AbortSignal): Promise<Blob> {
  const response = await reach(`/media/${encodeURIComponent(picture)}`, { headers: credentials(), signal });
  return response.blob();
}

async function* outputsOf<Name extends NameAnswering<'stream'>>(
  name: Name,
  response: Response,
  signal?: AbortSignal,
): AsyncGenerator<Output<KeyNamed<Name>>, void, undefined> {
  for await (const line of linesOf(response, signal)) {
    if (line === '') continue;
    const value: unknown = JSON.parse(line);
    const error = errorLine(value);
    if (error !== undefined) throw refusalIn(error, name);
    yield value as Output<KeyNamed<Name>>;
  }
}

/** Whether the node answers at all; nobody has to be signed in for that. */
export async function isThere(): Promise<boolean> {
  return reach('/health', { cache: 'no-store' }).then(
    () => true,
    () => false,
  );
}

/**
 * Changes the code of a link into a token: one of this tab, or one of this phone, which lasts.
 * @throws Refusal API_CODE where it was used, or is too old
 */
export async function redeem(code: string): Promise<{ token: string; lasting: boolean }> {
  const { token, page } = (await (await post('/session', { code })).json()) as SecretTokenView;
  return { token, lasting: !page };
}

/** Ends this page's token at the node. @throws Refusal with the node's code, or OFFLINE */
export async function endToken(): Promise<void> {
  await post('/session/end', {}, undefined, credentials());
}

function send(
  name: string,
  input: unknown,
  signal?: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return post(`/v1/${name}`, input, signal, { ...headers, ...credentials() });
}

function credentials(): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${storedToken() ?? ''}` };
}

function post(
  path: string,
  input: unknown,
  signal?: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return reach(path, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(input),
    ...(signal === undefined ? {} : { signal }),
  });
}

async function reach(path: string, request: RequestInit): Promise<Response> {
  const response = await fetch(path, request).catch((error: unknown) => lost(error, request.signal));
  if (response.ok) return response;
  const body: unknown = await response.json().catch(() => undefined);
  throw refusalIn(body, `${response.status} ${response.statusText}`);
}

/** An answer that broke off is none. */
async function answerOf(response: Response, signal?: AbortSignal): Promise<unknown> {
  const text = await response.text().catch((error: unknown) => lost(error, signal));
  return JSON.parse(text);
}

function lost(error: unknown, signal?: AbortSignal | null): never {
  signal?.throwIfAborted();
  throw new Refusal(OFFLINE, error instanceof Error ? error.message : String(error));
}

/** Lines as they come, empty ones too. */
async function* linesOf(response: Response, signal?: AbortSignal): AsyncGenerator<string, void, undefined> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { value, done } = await reader.read().catch((error: unknown) => lost(error, signal));
      if (done) break;
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
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
