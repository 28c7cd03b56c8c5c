import type { z } from 'zod';
import type { OPERATIONS } from '../../node/api/operations.js';
import { ownVersion } from '../../node/version.js';
import { commandTree } from '../command-tree.js';
import { completionScript } from '../completion.js';
import type { Command } from '../forms.js';
import { manPage } from '../man-page.js';
import { print, printOne } from '../output.js';

export const completion: Command<z.output<typeof OPERATIONS.completion.input>> = async ({ shell }, context) => {
  const script = completionScript(shell, commandTree());
  await (context.json ? printOne('completion', { script }, context) : print(context, script.trimEnd()));
  return 0;
};

export const man: Command<z.output<typeof OPERATIONS.man.input>> = async (_input, context) => {
  const page = manPage(commandTree(), ownVersion());
  await (context.json ? printOne('man', { page }, context) : print(context, page.trimEnd()));
  return 0;
};
