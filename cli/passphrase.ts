import { NiagaError } from '../protocol/errors.js';
import { typed } from './ask.js';
import { readGivenText } from './commands/given-file.js';
import type { Context } from './context.js';

/**
 * A passphrase: from a file, or typed on a terminal and not shown. Never from an argument, which others of the machine would see.
 * @param twice whether it is a new one: a mistake in it would be found out years later
 * @throws NiagaError USAGE where neither is there, or where two differ; FILE_NOT_FOUND, …
 */
export async function askPassphrase(
  file: string | undefined,
  context: Context,
  { twice }: { readonly twice: boolean },
): Promise<string> {
  if (file !== undefined) return readGivenText(file, context);
  if (!('isTTY' in context.stdin) || context.stdin.isTTY !== true) {
    throw new NiagaError('USAGE', 'Standard input is no terminal to ask for the passphrase.', {
      where: '--passphrase-file',
      next: 'Give a file that holds it: --passphrase-file FILE',
    });
  }
  const input = typed(context, { hidden: true });
  try {
    const first = (await input.next('Passphrase of the backup (not shown while you type): ')) ?? '';
    if (!twice || first === (await input.next('The same once more: '))) return first;
  } finally {
    input.close();
  }
  throw new NiagaError('USAGE', 'The two passphrases differ.', { next: `niaga ${context.command}` });
}
