import { ERRORS, NiagaError, isNiagaError } from '../../protocol/errors.js';

const PROBLEM_JSON = 'application/problem+json';

/** Whatever was thrown as an error that may leave the node: what is not meant for people says nothing of itself. */
export function toNiagaError(error: unknown): NiagaError {
  if (isNiagaError(error)) return error;
  return new NiagaError('INTERNAL', 'Something went wrong inside the node.', {
    next: 'Look into the log of niaga start; run it with --log-level debug to see more.',
    cause: error,
  });
}

/** An error as the body of an answer: RFC 9457, with our own fields beside the standard ones. Never a stack. */
export function problemResponse(error: NiagaError): Response {
  const { status, meaning } = ERRORS[error.code];
  const body = {
    type: `urn:niaga:error:${error.code}`,
    title: meaning,
    status,
    detail: error.message,
    ...error.toJSON(),
  };
  const headers: Record<string, string> = { 'content-type': PROBLEM_JSON };
  if (error.code === 'API_TOKEN') headers['www-authenticate'] = 'Bearer realm="niaga"';
  if (error.code === 'RATE_LIMITED') headers['retry-after'] = '1';
  if (error.code === 'API_METHOD') headers['allow'] = 'POST';
  return new Response(JSON.stringify(body), { status, headers });
}
