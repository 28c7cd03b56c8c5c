import { hostname } from 'node:os';
import { ownAddresses } from '../tls/addresses.js';
import { hostPort } from './address.js';

/** Where a listener is reached: what a request to it may name as its host. */
export interface Place {
  readonly scheme: 'http' | 'https';
  /** Whether a request may be for this: `127.0.0.1:4180`, in lower case. */
  has(host: string): boolean;
  /** The address to tell people: `https://192.168.1.10:4181`. */
  readonly url: string;
}

/** The local API: the address that it listens on, localhost, and what the owner named. */
export function localPlace(host: string, port: number, others: readonly string[]): Place {
  const address = hostPort(host, port);
  const hosts = new Set([address, hostPort('localhost', port), ...others].map((name) => name.toLowerCase()));
  return { scheme: 'http', has: (name) => hosts.has(name), url: `http://${address}` };
}

/** Browsers leave out the port that is usual for TLS. */
const withPort = (name: string): string => (/:\d+$/.test(name) ? name : `${name}:443`);

const ANY: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/**
 * Where phones reach the node: this machine's addresses as they are when they ask (a router gives others now and then), its name, and
 * those of the owner's certificate. A name that was re-bound to one of these addresses is none of them.
 */
export function lanPlace(host: string, port: number, names: () => readonly string[]): Place {
  const own = hostname().toLowerCase();
  const addresses = (): string[] => (ANY.has(host) ? ownAddresses() : [host]);
  const known = (): string[] => [...names(), 'localhost', '127.0.0.1', own, `${own}.local`, ...addresses()];
  return {
    scheme: 'https',
    has: (name) => known().some((each) => hostPort(each, port) === withPort(name)),
    get url() {
      return `https://${hostPort(names()[0] ?? addresses()[0] ?? '127.0.0.1', port)}`;
    },
  };
}
