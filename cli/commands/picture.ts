import type { z } from 'zod';
import { connect } from '../connect.js';
import type { Command, pictureAddInput, pictureSaveInput } from '../forms.js';
import { printOne } from '../output.js';
import { refuseToOverwrite, saveContent } from './export.js';
import { readContent } from './given-file.js';

/** node/keep/wire.ts: what goes over the network at once. */
export const MAX_PICTURE = 1_536 * 1024;

export const add: Command<z.output<typeof pictureAddInput>> = async ({ file }, context) => {
  const content = await readContent(file, context, MAX_PICTURE);
  const { signal } = context;
  await printOne('pictureAdd', await connect(context).call('pictureAdd', { content }, { signal }), context);
  return 0;
};

/** @throws NiagaError FILE_EXISTS, PICTURE_NOT_FOUND, INPUT_FILE */
export const save: Command<z.output<typeof pictureSaveInput>> = async ({ out, force, picture }, context) => {
  if (out !== '-') await refuseToOverwrite(out, force);
  const { content } = await connect(context).call('pictureSave', { picture }, { signal: context.signal });
  return saveContent(out, content, picture, context);
};
