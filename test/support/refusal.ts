import { expect } from 'vitest';
import { isNiagaError, type ErrorCode, type NiagaError } from '../../protocol/errors.js';

/** The NiagaError that `run` throws, if any. Anything else that is thrown goes on: nothing may crash in another way. */
export function refusal(run: () => unknown): NiagaError | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (isNiagaError(error)) return error;
    throw error;
  }
}

/** Holds that `run` is refused with `code`; gives the error. */
export function expectRefused(run: () => unknown, code: ErrorCode): NiagaError {
  const error = refusal(run);
  expect(error?.code).toBe(code);
  return error as NiagaError;
}
