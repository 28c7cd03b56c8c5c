import { isNiagaError, NiagaError } from '../protocol/errors.js';
import type { Surroundings } from './context.js';
import { safeJson, safeLine } from './safe-text.js';

/** Says on standard error what went wrong, and gives the exit code of the table. Never a stack, unless NIAGA_DEBUG=1. */
export function reportError(
  thrown: unknown,
  json: boolean,
  { stderr, env }: Pick<Surroundings, 'stderr' | 'env'>,
): number {
  const error = isNiagaError(thrown) ? thrown : unexpected(thrown);
  if (json) stderr.write(`${safeJson({ error })}\n`);
  else stderr.write(`${inWords(error)}\n`);
  if (env['NIAGA_DEBUG'] === '1') {
    const origin = isNiagaError(thrown) ? (thrown.cause ?? thrown) : thrown;
    stderr.write(`${origin instanceof Error ? (origin.stack ?? origin.message) : String(origin)}\n`);
  }
  return error.exit;
}

/** An error for people: what was wrong, where, what to do next. */
function inWords(error: NiagaError): string {
  const lines = [`error: ${safeLine(error.message)}`];
  if (error.where !== undefined && !error.message.includes(error.where))
    lines.push(`  where: ${safeLine(error.where)}`);
  if (error.next !== undefined) lines.push(`  next: ${safeLine(error.next)}`);
  return lines.join('\n');
}

function unexpected(thrown: unknown): NiagaError {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new NiagaError('INTERNAL', `Something unexpected happened: ${text.split('\n')[0] ?? ''}`, {
    next: 'Run it again with NIAGA_DEBUG=1 to see where.',
    cause: thrown,
  });
}
