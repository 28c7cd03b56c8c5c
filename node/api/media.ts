import { NiagaError } from '../../protocol/errors.js';
import { parseId } from '../../protocol/ids.js';
import type { CID } from 'multiformats/cid';

/** What is here under an id; `type` is undefined for what is no picture. */
export type FindMedia = (
  id: CID,
) => Promise<{ readonly bytes: Uint8Array; readonly type: string | undefined } | undefined>;

/** Whatever the bytes are, nothing of them runs, loads or is framed, should somebody open the address by itself. */
const POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'";

/**
 * A picture as a page shows it. What it is was found by taking it apart, not by what its publisher calls it; anything else is bytes to
 * save.
 * @throws NiagaError ID_INVALID for a name that is no id (no path is ever looked up), PICTURE_NOT_FOUND
 */
export async function mediaResponse(name: string, find: FindMedia): Promise<Response> {
  const id = parseId(name, 'picture');
  const media = await find(id);
  if (media === undefined) {
    throw new NiagaError('PICTURE_NOT_FOUND', 'That picture is not on this node.', {
      next: 'Fetch the pictures of its listing with picture.list and "fetch": true.',
    });
  }
  const { type, bytes } = media;
  return new Response(new Uint8Array(bytes), {
    headers: {
      'content-type': type ?? 'application/octet-stream',
      'content-disposition': type === undefined ? `attachment; filename="${id.toString()}"` : 'inline',
      'content-length': String(bytes.length),
      'content-security-policy': POLICY,
    },
  });
}
