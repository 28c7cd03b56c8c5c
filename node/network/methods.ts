import { ERRORS, NiagaError, isNiagaError, type ErrorCode } from '../../protocol/errors.js';
import type { Counters } from './counters.js';
import { MAX_BODY, MAX_MESSAGE_LENGTH, MAX_METHOD_LENGTH } from './frames.js';
import type { HandleOptions, NetworkLogger, RequestContext, RequestHandler } from './index.js';
import {
  ConcurrencyLimit,
  DEFAULT_MAX_REQUEST,
  HANDLER_TIME_LIMIT,
  MAX_QUEUED_BYTES_PER_METHOD,
  MAX_QUEUED_BYTES_PER_PEER,
  MAX_QUEUED_PER_METHOD,
} from './limits.js';

interface Method {
  readonly handler: RequestHandler;
  readonly maxRequest: number;
  readonly limit: ConcurrencyLimit | undefined;
  readonly admit: HandleOptions['admit'];
  readonly strangers: boolean;
}

/** Codes about this machine: their messages may name a path, and are nobody else's business. */
const PRIVATE_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'FILE_NOT_FOUND',
  'FILE_EXISTS',
  'INPUT_FILE',
  'IDENTITY_EXISTS',
  'IDENTITY_MISSING',
  'IDENTITY_SEALED',
  'HOME_UNUSABLE',
  'HOME_NEWER',
  'HOME_LOCKED',
  'STORE_CORRUPT',
  'STORE_FAILED',
  'RECORD_CORRUPT',
  'NODE_UNREACHABLE',
  'API_TOKEN',
  'API_SCOPE',
  'API_ORIGIN',
  'INTERNAL',
]);

/** The methods that this node answers, with their limits; the same for a stranger's request and for the node's own. */
export class Methods {
  readonly #methods = new Map<string, Method>();
  readonly #counters: Counters;
  readonly #logger: NetworkLogger | undefined;

  constructor(counters: Counters, logger: NetworkLogger | undefined) {
    this.#counters = counters;
    this.#logger = logger;
  }

  /** @throws NiagaError INTERNAL when the method has a handler already or its name is too long */
  add(name: string, handler: RequestHandler, options: HandleOptions): void {
    if (name === '' || name.length > MAX_METHOD_LENGTH) {
      throw new NiagaError('INTERNAL', `A method has a name of 1 to ${MAX_METHOD_LENGTH} characters.`);
    }
    if (this.#methods.has(name)) throw new NiagaError('INTERNAL', `The method "${name}" has a handler already.`);
    const { maxRequest = DEFAULT_MAX_REQUEST, maxConcurrent, admit, strangers = false } = options;
    const waiting = {
      requests: MAX_QUEUED_PER_METHOD,
      bytes: MAX_QUEUED_BYTES_PER_METHOD,
      bytesOfPeer: MAX_QUEUED_BYTES_PER_PEER,
    };
    this.#methods.set(name, {
      handler,
      maxRequest: Math.min(maxRequest, MAX_BODY),
      limit: maxConcurrent === undefined ? undefined : new ConcurrencyLimit(maxConcurrent, waiting),
      admit,
      strangers,
    });
  }

  /**
   * The handler's answer.
   * @throws NiagaError OPERATION_UNKNOWN, INPUT_TOO_LARGE, RATE_LIMITED, TIMED_OUT, RECORD_TOO_LARGE (the answer), or what the
   *   handler threw; INTERNAL in place of anything else
   */
  async answer(name: string, body: Uint8Array, context: RequestContext): Promise<Uint8Array> {
    const method = this.#methods.get(name);
    if (method === undefined) {
      // No offence, however often: whoever asks may be of a later version, and is in trades with this trader. It costs less than an answer.
      this.#counters.add('refused_unknown_method');
      throw new NiagaError('OPERATION_UNKNOWN', `This node does not know the method "${name}".`);
    }
    if (context.stranger === true && !method.strangers) {
      this.#counters.add('refused_strangers');
      throw new NiagaError('PEER_REFUSED', `"${name}" is answered to nodes of this network only.`);
    }
    if (body.length > method.maxRequest) {
      this.#counters.add('refused_too_large');
      throw new NiagaError('INPUT_TOO_LARGE', `"${name}" takes at most ${method.maxRequest} bytes.`);
    }
    const answer = await this.#run(name, method, body, context);
    if (answer.length > context.maxResponse) {
      throw new NiagaError('RECORD_TOO_LARGE', `The answer has more than the ${context.maxResponse} bytes asked for.`);
    }
    return answer;
  }

  async #run(name: string, method: Method, body: Uint8Array, context: RequestContext): Promise<Uint8Array> {
    const task = (): Promise<Uint8Array> => withTimeLimit(method.handler(body, context), name);
    try {
      const { peer } = context;
      method.admit?.(peer, body.length);
      return await (method.limit === undefined ? task() : method.limit.run(task, { peer, bytes: body.length }));
    } catch (error) {
      if (isNiagaError(error, 'RATE_LIMITED')) this.#counters.add('refused_busy');
      if (isNiagaError(error)) throw error;
      this.#counters.add('handlers_failed');
      this.#logger?.error({ err: error, method: name }, 'a request handler failed');
      throw new NiagaError('INTERNAL', ERRORS.INTERNAL.meaning, { cause: error });
    }
  }
}

/** What of an error leaves the node: code and message, and the message only where it cannot speak about this machine. */
export function publicError(error: unknown): { code: ErrorCode; message: string } {
  if (!isNiagaError(error) || PRIVATE_CODES.has(error.code))
    return { code: 'INTERNAL', message: ERRORS.INTERNAL.meaning };
  // A half of a surrogate pair, as a cut may leave, cannot be encoded; with the `u` flag only such halves match.
  const message = error.message.slice(0, MAX_MESSAGE_LENGTH).replace(/[\uD800-\uDFFF]/gu, '?');
  return { code: error.code, message };
}

async function withTimeLimit<T>(work: Promise<T>, name: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NiagaError('TIMED_OUT', `"${name}" took too long here.`)), HANDLER_TIME_LIMIT);
    // The answer is what matters; a process that wants to end need not wait for it.
    timer.unref();
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
