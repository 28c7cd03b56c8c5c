import type { z } from 'zod';
import { connect } from '../connect.js';
import type { chatSendInput, Command, fileSaveInput } from '../forms.js';
import { printOne } from '../output.js';
import { refuseToOverwrite, saveContent } from './export.js';
import { readGivenText, readNamed } from './given-file.js';

const MiB = 1024 * 1024;

/** Words as typed make one message; `-` reads it from standard input, where other users of the machine do not see it. */
export const send: Command<z.output<typeof chatSendInput>> = async (
  { with: partner, text: words, to, file },
  context,
) => {
  const text = words.length === 1 && words[0] === '-' ? await readGivenText('-', context) : words.join(' ');
  const files = [];
  for (const path of file) files.push(await readNamed(path, context, MiB));
  const input = { with: partner, text, files, ...(to === undefined ? {} : { to }) };
  await printOne('chatSend', await connect(context).call('chatSend', input, { signal: context.signal }), context);
  return 0;
};

/** @throws NiagaError FILE_EXISTS, FILE_NOT_FOUND, INPUT_FILE */
export const save: Command<z.output<typeof fileSaveInput>> = async ({ out, force, ...input }, context) => {
  if (out !== '-') await refuseToOverwrite(out, force);
  const { file, content } = await connect(context).call('fileSave', input, { signal: context.signal });
  return saveContent(out, content, file, context);
};
