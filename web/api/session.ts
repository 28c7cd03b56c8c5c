/** Where the token is: that of a tab ends with the tab, that of a paired phone stays until it is revoked. No other site can read either. */
const TOKEN = 'niaga.token';

export function storedToken(): string | undefined {
  return sessionStorage.getItem(TOKEN) ?? localStorage.getItem(TOKEN) ?? undefined;
}

/** Whether the token is that of a paired phone. */
export function isLasting(): boolean {
  return sessionStorage.getItem(TOKEN) === null && localStorage.getItem(TOKEN) !== null;
}

/** @param lasting whether it is to be there when the page is opened again */
export function storeToken(token: string | undefined, lasting = false): void {
  // Another token may be of another node, whose events have other numbers.
  if (token !== storedToken()) sessionStorage.removeItem(EVENT);
  sessionStorage.removeItem(TOKEN);
  if (token === undefined || lasting) localStorage.removeItem(TOKEN);
  if (token !== undefined) (lasting ? localStorage : sessionStorage).setItem(TOKEN, token);
}

/** The number of the last event that this tab has seen. */
const EVENT = 'niaga.event';

export function lastEvent(): string | undefined {
  return sessionStorage.getItem(EVENT) ?? undefined;
}

export function storeLastEvent(id: string): void {
  sessionStorage.setItem(EVENT, id);
}

/** The link of `niaga pair` also says which certificate it belongs to, for programs that can see that. */
const LINK = /^#code=([A-Za-z0-9_-]+)(?:&cert=[A-Za-z0-9_-]+)?$/;

/**
 * The code in the address, where `niaga open` has opened the page. It is taken out of the address at once, so that it stays in no
 * history and no screenshot.
 */
export function takeLinkCode(): string | undefined {
  const code = LINK.exec(location.hash)?.[1];
  if (code !== undefined) history.replaceState(null, '', '#/');
  return code;
}
