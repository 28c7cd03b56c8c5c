import { isAbsolute } from 'node:path';

/** What to do about a file that is not there: most are in another folder than the one that the command was typed in. */
export function lookedFor(path: string): string {
  return isAbsolute(path) ? 'Check the path.' : `Check the path; it was looked for in ${process.cwd()}`;
}
