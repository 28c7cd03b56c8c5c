import { ERRORS, isNiagaError, NiagaError, type ErrorCode } from '../../protocol/errors.js';

export const PROBLEM_JSON = 'application/problem+json';

/** Whatever was thrown as an error that may leave the node: what is not meant for people says nothing of itself. */
export function toNiagaError(error: unknown): NiagaError {
  if (isNiagaError(error)) return error;
  return new NiagaError('INTERNAL', 'Something went wrong inside the node.', {
    next: 'Look into the log of niaga start; run it with --log-level debug to see more.',
    cause: error,
  });
}

/** An error as the body of an answer: RFC 9457, with our own fields beside the standard ones. Never a stack. */
export function problemBody(error: NiagaError): object {
  const { status, meaning } = ERRORS[error.code];
  return { type: `urn:niaga:error:${error.code}`, title: meaning, status, detail: error.message, ...error.toJSON() };
}

/** Codes that a little patience cures. */
const AGAIN: ReadonlySet<ErrorCode> = new Set(['RATE_LIMITED', 'IDEMPOTENCY_BUSY']);

export function problemResponse(error: NiagaError): Response {
  const headers: Record<string, string> = { 'content-type': PROBLEM_JSON };
  if (error.code === 'API_TOKEN') headers['www-authenticate'] = 'Bearer realm="niaga"';
  if (AGAIN.has(error.code)) headers['retry-after'] = '1';
  if (error.code === 'API_METHOD') headers['allow'] = error.details?.['allow'] === 'GET' ? 'GET' : 'POST';
  return new Response(JSON.stringify(problemBody(error)), { status: error.status, headers });
}
