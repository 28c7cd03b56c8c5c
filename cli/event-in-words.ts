import type { EventView } from '../node/api/rows/events.js';
import { renderValue } from './render.js';
import { safeLine } from './safe-text.js';

/** One event on one line: number, time, type, and what it tells. */
export function eventInWords({ seq, time, type, data }: EventView): string {
  return [String(seq), renderValue('time', time), type, tidings(type, data)].join('  ');
}

function tidings(type: EventView['type'], data: EventView['data']): string {
  const say = (key: string): string => safeLine(renderValue(key, data[key]));
  const words = (): string => (Array.isArray(data['words']) && data['words'].length > 0 ? say('words') : 'by filters');
  const about = (): string => `(watch ${say('watch')}: ${words()})`;
  switch (type) {
    case 'trade-changed':
      return `${say('state')} by ${say('kind')} of ${data['by'] === 'own' ? 'this side' : data['by'] === 'arbiter' ? 'the arbiter' : 'the other side'}: ${say('trade')}`;
    case 'chat-message':
      return `${data['by'] === 'own' ? 'to' : 'from'} ${say('with')}: ${say('text')}${data['files'] === undefined ? '' : ` (${say('files')})`}`;
    case 'chat-delivery':
      return `${say('delivery')} by ${say('with')}: message ${say('id')}`;
    case 'private-value':
      return `the ${say('what')} of the ${say('of')} is here: ${say('trade')}`;
    case 'equivocation':
      return `the ${say('of')} signed two messages that contradict each other: ${say('trade')}`;
    case 'watch-began':
      return `${say('matches')} listings match already ${about()}`;
    case 'watch-match':
      return `${say('title')}, ${say('price')}: ${say('listing')} ${about()}`;
    case 'watch-more':
      return `and ${say('more')} more${data['truncated'] === true ? ' at least' : ''} ${about()}`;
    case 'watch-full':
      return `matches more listings than are remembered (${say('matches')}), add words or filters ${about()}`;
    case 'price-drop':
      return `${say('title')}, was ${say('was')}, now ${say('price')}: ${say('listing')} ${about()}`;
    case 'back-in-stock':
      return `${say('title')}, ${say('price')}, is back: ${say('listing')} ${about()}`;
    case 'false-index':
      return `${say('title')} is listed as what it is not (${say('terms')}): ${say('listing')}`;
    case 'devices-changed':
      return `the devices of this trader changed; this one ${data['writes'] === true ? 'writes' : 'reads only'}`;
    case 'device-expiring':
      return `the permission of this machine ends ${renderValue('expires', data['expires'])}: see niaga identity devices`;
    case 'gap':
      return data['missed'] === undefined
        ? `this node has not counted as far as ${say('after')}: its home was set back`
        : `${say('missed')} events are not kept any more`;
  }
}
