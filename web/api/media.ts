import { OFFLINE, Refusal, refusalIn } from './refusal.js';
import { storedToken } from './session.js';

/**
 * A picture that is on the node. The token goes in the header, never in an address: so it is fetched here, and shown from memory.
 * @throws Refusal PICTURE_NOT_FOUND, …, or OFFLINE
 */
export async function media(picture: string, signal: AbortSignal): Promise<Blob> {
  let response: Response;
  try {
    const headers = { authorization: `Bearer ${storedToken() ?? ''}` };
    response = await fetch(`/media/${encodeURIComponent(picture)}`, { headers, signal });
  } catch (error) {
    signal.throwIfAborted();
    throw new Refusal(OFFLINE, error instanceof Error ? error.message : String(error));
  }
  if (response.ok) return response.blob();
  const body: unknown = await response.json().catch(() => undefined);
  throw refusalIn(body, `${response.status} ${response.statusText}`);
}
