/** The token of this tab: it ends with the tab, and no other site or tab can read it. */
const TOKEN = 'niaga.token';

export function storedToken(): string | undefined {
  return sessionStorage.getItem(TOKEN) ?? undefined;
}

export function storeToken(token: string | undefined): void {
  // Another token may be of another node, whose events have other numbers.
  if (token !== storedToken()) sessionStorage.removeItem(EVENT);
  if (token === undefined) sessionStorage.removeItem(TOKEN);
  else sessionStorage.setItem(TOKEN, token);
}

/** The number of the last event that this tab has seen. */
const EVENT = 'niaga.event';

export function lastEvent(): string | undefined {
  return sessionStorage.getItem(EVENT) ?? undefined;
}

export function storeLastEvent(id: string): void {
  sessionStorage.setItem(EVENT, id);
}

const LINK = /^#code=([A-Za-z0-9_-]+)$/;

/**
 * The code in the address, where `niaga open` has opened the page. It is taken out of the address at once, so that it stays in no
 * history and no screenshot.
 */
export function takeLinkCode(): string | undefined {
  const code = LINK.exec(location.hash)?.[1];
  if (code !== undefined) history.replaceState(null, '', '#/');
  return code;
}
