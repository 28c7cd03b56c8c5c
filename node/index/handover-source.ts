import type { Put } from './wire.js';

/** A listing with some of the names under which it is held. */
export type NamedListing = readonly [listing: string, names: readonly string[]];

/** What hand-over needs of the cards and ends that this node holds. */
export interface HandoverSource {
  /** Ids of the listings of which a card or an end is held. It is walked in slices over seconds: what changes meanwhile may come or not. */
  listings(): Iterable<string>;
  /**
   * The seq of the newest record in a listing's slot and the names that it is held under, those of the last card where it is an end.
   * Undefined where nothing valid is held.
   */
  held(listing: string): { readonly seq: number; readonly names: readonly string[] } | undefined;
  /** Calls back with each listing of which something was taken; gives back the end of it. */
  onChange(listener: (listing: string) => void): () => void;
  /** Into how many bits the key of a name should be split; 0 where it should not. */
  bitsOf(name: string): number;
  /** The batch that brings these to another node; what turns out not to hold is left out. */
  putOf(cards: readonly NamedListing[]): Put;
  /** Holds the listings under these names no longer; one without names is forgotten. */
  release(cards: readonly NamedListing[]): Promise<void>;
}
