import { isIP } from 'node:net';
import { NiagaError } from '../../protocol/errors.js';

export const DEFAULT_HOST = '127.0.0.1';
/** Taken when no port is asked for; when another program has it, a free one. */
export const DEFAULT_PORT = 4180;

/** The same for the listener of phones. */
export const DEFAULT_LAN_PORT = 4181;

/** Where the API listens. Without a port: {@link DEFAULT_PORT}, or a free one when that is taken. */
export interface ApiAddress {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port?: number;
}

const HOST_PORT = /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]/@]+))(?::(\d{1,5}))?$/i;

/**
 * `HOST:PORT`, `HOST` or `:PORT`; an IPv6 host stands in brackets.
 * @throws NiagaError ADDRESS_INVALID
 */
export function parseApiAddress(text: string, option: 'api' | 'lan' = 'api'): ApiAddress {
  const match = HOST_PORT.exec(text.startsWith(':') ? DEFAULT_HOST + text : text);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? undefined : Number(match[3]);
  if (host === undefined || (port !== undefined && port > 65_535) || (match?.[1] !== undefined && isIP(host) !== 6)) {
    throw new NiagaError('ADDRESS_INVALID', `"${text.slice(0, 80)}" is not an address for the API.`, {
      where: option,
      next: `Write HOST:PORT, such as ${option === 'api' ? `${DEFAULT_HOST}:${DEFAULT_PORT}` : `0.0.0.0:${DEFAULT_LAN_PORT}`}, or port 0 for a free one.`,
    });
  }
  return port === undefined ? { host } : { host, port };
}

/** Whether only programs on this machine can reach the host. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** `127.0.0.1:4180`, `[::1]:4180` */
export function hostPort(host: string, port: number): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}
