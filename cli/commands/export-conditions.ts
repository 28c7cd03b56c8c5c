import type { Client } from '../../node/api/client.js';
import { isFields, type Shown } from '../export/item.js';

/** Own listings with the texts of their conditions where they have the ids: another home has the texts from nowhere else. */
export class ConditionTexts {
  readonly #client: Client;
  readonly #options: { readonly signal: AbortSignal };
  /** By id: most listings of a shop share them. */
  readonly #known = new Map<string, string>();

  constructor(client: Client, options: { readonly signal: AbortSignal }) {
    this.#client = client;
    this.#options = options;
  }

  /** One whose text the node has no more keeps its id. @throws NiagaError what the node says */
  async of(shown: Shown): Promise<Shown> {
    const ids = shown['conditions'];
    if (!isFields(ids)) return shown;
    if (Object.values(ids).some((id) => !this.#known.has(String(id)))) await this.#learn(shown.listing, ids);
    const texts = Object.entries(ids).map(([name, id]) => [name, this.#known.get(String(id)) ?? id]);
    return { ...shown, conditions: Object.fromEntries(texts) };
  }

  async #learn(listing: string, ids: Readonly<Record<string, unknown>>): Promise<void> {
    const { conditionTexts = {} } = await this.#client.call('listingShow', { listing }, this.#options);
    for (const [name, text] of Object.entries(conditionTexts)) this.#known.set(String(ids[name]), text);
  }
}
