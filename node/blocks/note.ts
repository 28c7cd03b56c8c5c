import { parseTrader } from '../../protocol/ids.js';
import type { ListingView } from '../api/views.js';
import type { Blocks } from './index.js';

/** A listing with which list in use here blocks its seller, where one does: whoever opens it by its id sees it, and is told. */
export function noteBlocked(view: ListingView, blocks: Pick<Blocks, 'blockedBy'>): ListingView {
  const blocked = blocks.blockedBy(parseTrader(view.seller));
  return blocked === undefined ? view : { ...view, blocked };
}
