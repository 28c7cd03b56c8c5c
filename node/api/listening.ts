import { NiagaError } from '../../protocol/errors.js';
import type { Server } from 'node:http';
import { DEFAULT_HOST, hostPort } from './address.js';

/** Where a server is to listen. */
export interface Wanted {
  readonly host: string;
  /** 0 takes a free one; undefined the usual one, or a free one when that is taken. */
  readonly port: number | undefined;
  readonly usual: number;
  /** The option of niaga start that says so. */
  readonly option: 'api' | 'lan';
}

/** Resolves to the port. @throws NiagaError PORT_TAKEN, ADDRESS_INVALID */
export async function listenSomewhere(server: Server, { host, port, usual, option }: Wanted): Promise<number> {
  try {
    return await listen(server, host, port ?? usual);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (port === undefined && (code === 'EADDRINUSE' || code === 'EACCES')) return listen(server, host, 0);
    const where = hostPort(host, port ?? usual);
    if (code === 'EADDRINUSE') {
      throw new NiagaError('PORT_TAKEN', `Another program listens on ${where} already.`, {
        where,
        next: `Stop it, or choose another port: niaga start --${option} ${hostPort(host, 0)} takes a free one.`,
        cause: error,
      });
    }
    throw new NiagaError('ADDRESS_INVALID', `The API cannot listen on ${where}.`, {
      where,
      next: `Choose another address: niaga start --${option} ${hostPort(option === 'api' ? DEFAULT_HOST : '0.0.0.0', 0)}.`,
      cause: error,
    });
  }
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
