import type { z } from 'zod';
import { connect } from '../connect.js';
import type { Context } from '../context.js';
import type { Command, pictureAddInput, pictureSaveInput } from '../forms.js';
import { printOne } from '../output.js';
import { refuseToOverwrite, saveContent } from './export.js';
import { shellWord } from '../shell-words.js';
import { readContent } from './given-file.js';

/** node/keep/wire.ts: what goes over the network at once. */
const MAX_PICTURE = 1_536 * 1024;

/**
 * A picture from a file, in base64. What is not drawn is taken out by the node; to make the rest smaller takes a decoder, which the
 * page's browser has and the command line has not.
 * @throws NiagaError FILE_NOT_FOUND, INPUT_FILE, INPUT_TOO_LARGE
 */
export function readPicture(path: string, context: Pick<Context, 'stdin'>): Promise<string> {
  const resize = `magick ${path === '-' ? 'FILE' : shellWord(path)} -resize '1600x1600>' -quality 85 smaller.jpg`;
  const next = `Make it smaller, as ImageMagick does (${resize}), or use the page, which does it by itself: niaga open`;
  return readContent(path, context, MAX_PICTURE, next);
}

export const add: Command<z.output<typeof pictureAddInput>> = async ({ file }, context) => {
  const content = await readPicture(file, context);
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
