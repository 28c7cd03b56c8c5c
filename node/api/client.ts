import { request as httpRequest, type IncomingMessage } from 'node:http';
import { NiagaError, type ErrorBody } from '../../protocol/errors.js';
import type { Answer, Input, KeyAnswering, NodeOperationKey, Output } from './handlers.js';
import { nameOf } from './operation.js';
import { OPERATIONS } from './operations.js';

const MiB = 1024 * 1024;
/** Of an answer, or of a line of a stream: an evidence file in base64 is the largest. */
const MAX_ANSWER = 128 * MiB;

export interface ClientOptions {
  /** `http://127.0.0.1:4180` */
  readonly url: string;
  readonly token: string;
}

export interface CallOptions {
  /** Ends the call; its reason is what the call then rejects with. */
  readonly signal?: AbortSignal | undefined;
}

/** The API as functions, typed by the operation table. Errors are NiagaErrors with the code that the node gave. */
export interface Client {
  /**
   * Asks for an operation that answers once or by pages.
   * @throws NiagaError NODE_UNREACHABLE when nobody listens or the node goes away in the middle
   */
  call<Key extends KeyAnswering<'one' | 'page'>>(key: Key, input: Input<Key>, options?: CallOptions): Answer<Key>;
  /** Outputs as the node sends them. Leaving the loop early ends the operation. */
  stream<Key extends KeyAnswering<'stream'>>(
    key: Key,
    input: Input<Key>,
    options?: CallOptions,
  ): AsyncGenerator<Output<Key>, void, undefined>;
}

/**
 * node:http rather than fetch: undici gives up on headers after five minutes, which a large publish may take, and keeps
 * connections that delay the end of a short command. One connection a call: on loopback it costs a fraction of a
 * millisecond.
 */
export function createClient(options: ClientOptions): Client {
  return {
    // The node checks its answers against nothing: both sides have one table and are of one build.
    call: ((key: NodeOperationKey, input: unknown, { signal }: CallOptions = {}) =>
      callOnce(options, key, input, signal)) as Client['call'],
    stream: ((key: NodeOperationKey, input: unknown, { signal }: CallOptions = {}) =>
      callStream(options, key, input, signal)) as Client['stream'],
  };
}

async function callOnce(
  options: ClientOptions,
  key: NodeOperationKey,
  input: unknown,
  signal?: AbortSignal,
): Promise<unknown> {
  const response = await send(options, key, input, signal);
  return parse(await readAll(response, options.url, signal), options.url);
}

async function* callStream(
  options: ClientOptions,
  key: NodeOperationKey,
  input: unknown,
  signal?: AbortSignal,
): AsyncGenerator<unknown, void, undefined> {
  const response = await send(options, key, input, signal);
  try {
    for await (const line of lines(response, options.url, signal)) {
      const value = parse(line, options.url);
      const error = errorLine(value);
      if (error !== undefined) throw error;
      yield value;
    }
  } finally {
    response.destroy();
  }
}

/** Resolves to an answer of status 200; every other becomes the error in its body. */
async function send(
  options: ClientOptions,
  key: NodeOperationKey,
  input: unknown,
  signal?: AbortSignal,
): Promise<IncomingMessage> {
  const body = Buffer.from(JSON.stringify(input));
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = httpRequest(new URL(`/v1/${nameOf(OPERATIONS[key])}`, options.url), {
      method: 'POST',
      agent: false,
      headers: {
        authorization: `Bearer ${options.token}`,
        'content-type': 'application/json',
        'content-length': body.length,
      },
      ...(signal === undefined ? {} : { signal }),
    });
    let answered = false;
    request.once('response', (message) => {
      answered = true;
      resolve(message);
    });
    request.on('error', (error) => {
      // A refusal may come before the whole body was sent; the broken pipe that follows says nothing new.
      if (!answered) reject(signal?.aborted === true ? abortError(signal) : unreachable(options.url, error));
    });
    request.end(body);
  });
  if (response.statusCode === 200) return response;
  throw errorOf(await readAll(response, options.url, signal), response.statusCode ?? 0);
}

async function readAll(response: IncomingMessage, url: string, signal?: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of bytes(response, url, signal)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

async function* lines(response: IncomingMessage, url: string, signal?: AbortSignal): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of bytes(response, url, signal, Infinity)) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    if (rest.length > MAX_ANSWER) throw unreachable(url, new Error('line too long'));
    for (const part of parts) if (part !== '') yield part;
  }
  if (rest !== '') yield rest;
}

async function* bytes(
  response: IncomingMessage,
  url: string,
  signal?: AbortSignal,
  max = MAX_ANSWER,
): AsyncGenerator<Buffer> {
  let size = 0;
  try {
    for await (const chunk of response) {
      const buffer = chunk as Buffer;
      size += buffer.length;
      if (size > max) throw new Error('answer too long');
      yield buffer;
    }
  } catch (error) {
    throw signal?.aborted === true ? abortError(signal) : unreachable(url, error);
  }
}

function parse(text: string, url: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unreachable(url, error);
  }
}

function errorLine(value: unknown): NiagaError | undefined {
  if (typeof value !== 'object' || value === null || !('error' in value) || Object.keys(value).length > 1)
    return undefined;
  return NiagaError.from(value.error as Partial<ErrorBody>);
}

function errorOf(text: string, status: number): NiagaError {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null && 'code' in body) return NiagaError.from(body as Partial<ErrorBody>);
  } catch {
    // What is not our problem document did not come from a node.
  }
  return new NiagaError('NODE_UNREACHABLE', `What answers there is not a Niaga node (HTTP status ${status}).`, {
    next: 'niaga start',
  });
}

function unreachable(url: string, cause: unknown): NiagaError {
  const refused = cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
  const message = refused ? `No node answers at ${url}.` : `The node at ${url} went away before it had answered.`;
  return new NiagaError('NODE_UNREACHABLE', message, { next: 'niaga start', cause });
}

function abortError(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new DOMException('The call was aborted.', 'AbortError');
}
