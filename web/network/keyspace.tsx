import type { OutputOf } from '../api/client.js';
import { useWords } from '../shell/language.js';
import { NETWORK_WORDS } from './words.js';

/** Sides of the square in which the circle stands, in units of the picture. */
const SIZE = 240;
const CENTRE = SIZE / 2;
const RADIUS = 96;
/** The neighbours by whose places this node's own ones are marked: as many as keep a copy of what lies here. */
const NEIGHBOURS = 5;

type Peer = OutputOf<'peers'>;

/** The key space as a circle, each node at its place: what lies near a node is kept there. The words below say the same. */
export function Keyspace({ peers }: { peers: readonly Peer[] }) {
  const t = useWords(NETWORK_WORDS);
  const self = peers.find((peer) => peer.self);
  const others = peers.filter((peer) => !peer.self);
  const connected = others.filter((peer) => peer.connected).length;
  const near = self === undefined ? [] : nearest(self, others);
  return (
    <figure class="keyspace">
      <svg viewBox={`0 0 ${SIZE} ${SIZE}`} role="img" aria-label={t.pictureOf(others.length, connected)}>
        <circle cx={CENTRE} cy={CENTRE} r={RADIUS} class="ring" />
        {self === undefined
          ? null
          : near.map((peer) => {
              const [from, to] = [pointAt(self.place), pointAt(peer.place)];
              return <line key={peer.peerId} x1={from.x} y1={from.y} x2={to.x} y2={to.y} class="near" />;
            })}
        {others.map((peer) => (
          <Dot key={peer.peerId} peer={peer} look={peer.connected ? 'connected' : 'known'} />
        ))}
        {self === undefined ? null : <Dot peer={self} look="self" />}
      </svg>
      <figcaption>
        <p>{t.picture}</p>
        <ul class="plain">
          {(['self', 'connected', 'known'] as const).map((look) => (
            <li key={look}>
              <svg viewBox="0 0 12 12" class="key" aria-hidden="true">
                <circle cx="6" cy="6" r="5" class={look} />
              </svg>{' '}
              {t.dots[look]}
            </li>
          ))}
        </ul>
      </figcaption>
    </figure>
  );
}

function Dot({ peer, look }: { peer: Peer; look: 'self' | 'connected' | 'known' }) {
  const { x, y } = pointAt(peer.place);
  return (
    <circle cx={x} cy={y} r={look === 'self' ? 8 : look === 'connected' ? 5 : 3.5} class={look}>
      <title>{peer.peerId}</title>
    </circle>
  );
}

/** @param place a share of the key space, from the top on clockwise */
function pointAt(place: number): { readonly x: number; readonly y: number } {
  const angle = 2 * Math.PI * place;
  return { x: CENTRE + RADIUS * Math.sin(angle), y: CENTRE - RADIUS * Math.cos(angle) };
}

/** Nodes whose places have most of their first bits in common with one's own (Kademlia, section 2.1): not always those beside it. */
function nearest(self: Peer, others: readonly Peer[]): readonly Peer[] {
  const bits = (place: number): number => Math.floor(place * 2 ** 31);
  const distance = (peer: Peer): number => bits(peer.place) ^ bits(self.place);
  return [...others].sort((a, b) => distance(a) - distance(b)).slice(0, NEIGHBOURS);
}
