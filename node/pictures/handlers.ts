import { NiagaError } from '../../protocol/errors.js';
import { parseId } from '../../protocol/ids.js';
import type { Handlers } from '../api/handlers.js';
import { fromBase64, toBase64 } from '../identity/key-file.js';
import type { ListingPictures, Pictures } from './index.js';

/** What a node does for the commands about pictures. */
export function pictureHandlers({
  pictures,
  listingPictures,
}: {
  pictures: Pictures;
  listingPictures: ListingPictures;
}): Pick<Handlers, 'pictureAdd' | 'pictureList' | 'pictureSave'> {
  return {
    pictureAdd: ({ content }) => pictures.add(fromBase64(content)),
    pictureList: ({ listing, fetch }, { signal }) => listingPictures.list(listing, { fetch, signal }),
    pictureSave: async ({ picture }) => {
      const media = await listingPictures.find(parseId(picture, 'picture'));
      if (media?.type === undefined)
        throw new NiagaError('PICTURE_NOT_FOUND', 'That picture is not on this node.', {
          next: 'Fetch the pictures of its listing with: niaga picture list LISTING --fetch',
        });
      return { picture, type: media.type, content: toBase64(media.bytes) };
    },
  };
}
