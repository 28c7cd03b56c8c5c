/** Where the token is: that of a tab ends with the tab, that of a paired phone stays until it is revoked. No other site can read either. */
const TOKEN = 'niaga.token';

export function storedToken(): string | undefined {
  return sessionStorage.getItem(TOKEN) ?? localStorage.getItem(TOKEN) ?? undefined;
}

/** Whether the token is that of a paired phone. */
export function isLasting(): boolean {
  return sessionStorage.getItem(TOKEN) === null && localStorage.getItem(TOKEN) !== null;
}

/** Set where the token of the tab was typed by hand: it may be that of a program, too. */
const TYPED = 'niaga.typed';

/** Whether the token came by a link, and so is this page's alone. */
export function isOwn(): boolean {
  return storedToken() !== undefined && sessionStorage.getItem(TYPED) === null;
}

let leaving = false;

/** Whether somebody is signing out: that the token ends then is no news. */
export function isLeaving(): boolean {
  return leaving;
}

export function setLeaving(whether: boolean): void {
  leaving = whether;
}

/** @param from who gave it: a link of `niaga pair` (it is to be there when the page is opened again), one of `niaga open`, or a person */
export function storeToken(token: string | undefined, from: 'pairing' | 'link' | 'hand' = 'link'): void {
  const lasting = from === 'pairing';
  // Another token may be of another node, whose events have other numbers.
  if (token !== storedToken()) sessionStorage.removeItem(EVENT);
  sessionStorage.removeItem(TOKEN);
  sessionStorage.removeItem(TYPED);
  if (token === undefined || lasting) localStorage.removeItem(TOKEN);
  if (token === undefined) return;
  (lasting ? localStorage : sessionStorage).setItem(TOKEN, token);
  if (from === 'hand') sessionStorage.setItem(TYPED, 'true');
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
