const ALWAYS = 'niaga.pictures';

/**
 * Whether pictures of strangers' listings are fetched as soon as a listing is opened. Not unless somebody has said so in the settings:
 * their bytes are strangers', and whoever is asked for them learns that somebody looks.
 */
export function showsAlways(): boolean {
  return localStorage.getItem(ALWAYS) === 'yes';
}

export function setShowsAlways(always: boolean): void {
  if (always) localStorage.setItem(ALWAYS, 'yes');
  else localStorage.removeItem(ALWAYS);
}
