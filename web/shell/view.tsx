import { ArbiterView } from '../arbiter/view.js';
import { ImportView } from '../import/view.js';
import { ListingPage } from '../listing/view.js';
import { NetworkView } from '../network/view.js';
import { OrdersView } from '../orders/list.js';
import { TradePage } from '../orders/view.js';
import { SearchView } from '../search/view.js';
import { SellView } from '../sell/view.js';
import { SettingsView } from '../settings/view.js';
import { WatchesView } from '../watches/view.js';
import { useWords } from './language.js';
import { hrefTo, type Route } from './route.js';
import { SHELL_WORDS } from './words.js';

/** Places that are reached from an entry of the menu, and belong to it. */
const PARENTS: Readonly<Record<string, string>> = {
  listing: 'search',
  watches: 'search',
  trade: 'orders',
  arbiter: 'orders',
  import: 'sell',
};

/** Which entry of the menu an address belongs to. */
export function placeOf({ path }: Route): string {
  const [place = 'search'] = path;
  return PARENTS[place] ?? place;
}

/** The view for an address. Each has its own state: a view of another id is another view. */
export function View({ route }: { route: Route }) {
  const [place = 'search', id] = route.path;
  if (place === 'search') return <SearchView query={route.query} />;
  if (place === 'listing' && id !== undefined) return <ListingPage key={id} id={id} />;
  if (place === 'watches') return <WatchesView />;
  if (place === 'import') return <ImportView />;
  if (place === 'arbiter') return <ArbiterView />;
  if (place === 'network') return <NetworkView />;
  if (place === 'orders') return <OrdersView />;
  if (place === 'trade' && id !== undefined) return <TradePage key={id} id={id} />;
  if (place === 'sell') return <SellView />;
  if (place === 'settings') return <SettingsView />;
  return <NothingHere />;
}

function NothingHere() {
  const t = useWords(SHELL_WORDS);
  return (
    <section>
      <h1>{t.nothingHere}</h1>
      <a class="button" href={hrefTo(['search'])}>
        {t.toSearch}
      </a>
    </section>
  );
}
