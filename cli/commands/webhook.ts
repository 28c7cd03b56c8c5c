import type { z } from 'zod';
import { connect } from '../connect.js';
import type { Command, webhookAddInput } from '../forms.js';
import { printOne } from '../output.js';
import { readGivenText } from './given-file.js';

/** @throws NiagaError FILE_NOT_FOUND, INPUT_FILE, …, and what the node says */
export const add: Command<z.output<typeof webhookAddInput>> = async ({ secretFile, ...typed }, context) => {
  const secret = await readGivenText(secretFile, context);
  const view = await connect(context).call('webhookAdd', { ...typed, secret }, { signal: context.signal });
  await printOne('webhookAdd', view, context);
  return 0;
};
