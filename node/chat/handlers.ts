import { NiagaError } from '../../protocol/errors.js';
import { pageOf, type Handlers } from '../api/handlers.js';
import { fromBase64, toBase64 } from '../identity/key-file.js';
import type { Files } from '../files/index.js';
import type { PrivateValues } from '../private/index.js';
import type { Contents } from '../content/index.js';
import type { Chat } from './index.js';

/** What a node does for the commands about messages and their files. */
export function chatHandlers({
  chat,
  files,
  privateValues,
  contents,
}: {
  chat: Chat;
  files: Files;
  privateValues: Pick<PrivateValues, 'file'>;
  contents: Pick<Contents, 'open'>;
}): Pick<Handlers, 'chatSend' | 'chatShow' | 'chatList' | 'fileSave'> {
  return {
    chatSend: ({ files: given, ...message }) =>
      chat.send({ ...message, files: given.map(({ name, content }) => ({ name, bytes: fromBase64(content) })) }),
    chatShow: async (page) =>
      pageOf(await chat.show({ ...page, limit: page.limit + 1 }), page.limit, (view) => view.id),
    chatList: async (page) =>
      pageOf(await chat.list({ ...page, limit: page.limit + 1 }), page.limit, (view) => view.with),
    fileSave: async ({ file, ...address }) => {
      const { trader, trade } = await chat.address(address);
      // What is sealed is of use only when it is opened.
      const content = trade === undefined ? undefined : await contents.open(trade.toString(), file);
      if (content !== undefined) return { file, name: content.name, content: toBase64(content.bytes) };
      const bytes = await files.read(trader, file);
      if (bytes !== undefined) return { file, name: file, content: toBase64(bytes) };
      const own = trade === undefined ? undefined : await privateValues.file(trade.toString(), file);
      if (own !== undefined) return { file, name: own.name, content: toBase64(own.bytes) };
      const progress = await files.progress(trader, file);
      if (progress === undefined)
        throw new NiagaError('FILE_NOT_FOUND', 'There is no such file from that trader here.', {
          next: 'See which there are: niaga chat show TRADE, or niaga trade show TRADE',
        });
      const { have, of } = progress;
      throw new NiagaError('FILE_NOT_FOUND', `${have} of ${of} parts of the file have come.`, {
        next: 'The rest comes by itself; try again later.',
      });
    },
  };
}
