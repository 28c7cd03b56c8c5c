import type { z } from 'zod';
import type { OPERATIONS } from '../../node/api/operations.js';
import type { Command } from '../forms.js';
import { printOne } from '../output.js';
import { checkEvidence, readEvidence } from './evidence-file.js';

/** Needs no node, no home, no network. Exit code 1 when the evidence does not hold. */
export const verify: Command<z.output<typeof OPERATIONS.verify.input>> = async ({ file }, context) => {
  const view = await checkEvidence(await readEvidence(file, context.stdin));
  await printOne('verify', view, context);
  return view.valid ? 0 : 1;
};
