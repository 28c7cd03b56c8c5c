import type { RequestListener } from 'node:http';
import { Server } from 'node:https';
import type { Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { ERRORS, type NiagaError } from '../../protocol/errors.js';
import type { Certificate } from '../tls/index.js';
import type { KeptCertificate } from '../tls/kept.js';
import { inTheClear } from './gate.js';
import { problemBody, PROBLEM_JSON } from './problem.js';

const second = 1_000;
/** The first byte of a connection that begins with TLS: a record of the handshake (RFC 8446 section 5.1). */
const HANDSHAKE = 22;
/** Whoever connects says something by then, and has a key in as long again. */
const FIRST_BYTE = 10 * second;
/** A household's phones need a handful: more connections would take from the node's own, to disk and network. */
const MOST_CONNECTIONS = 256;
/** How long the other side has to read why it was refused. */
const READING = 5 * second;

/**
 * A server that speaks TLS, and tells those who do not why they are refused: a browser into which somebody typed `http://` would show
 * a broken connection otherwise.
 */
export class TlsServer extends Server {
  readonly #url: () => string;
  /** All connections, and those that have said nothing yet: what HTTP counts begins after the handshake. */
  readonly #sockets = new Set<Socket>();
  readonly #silent = new Set<Socket>();

  /**
   * @param certificate what is shown, also after it has changed
   * @param url the address to tell those without TLS
   */
  constructor(
    certificate: Pick<KeptCertificate, 'current' | 'onChange'>,
    url: () => string,
    listener: RequestListener,
  ) {
    super({ ...secure(certificate.current), handshakeTimeout: FIRST_BYTE }, listener);
    this.once(
      'close',
      certificate.onChange((renewed) => this.setSecureContext(secure(renewed))),
    );
    this.#url = url;
    this.maxConnections = MOST_CONNECTIONS;
    const takers = this.listeners('connection');
    this.removeAllListeners('connection');
    this.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      this.#silent.add(socket);
      const late = setTimeout(() => socket.destroy(), FIRST_BYTE);
      const spoke = (): void => {
        clearTimeout(late);
        this.#silent.delete(socket);
      };
      socket.on('error', () => socket.destroy());
      socket.once('close', () => {
        spoke();
        this.#sockets.delete(socket);
      });
      socket.once('data', (bytes) => {
        spoke();
        socket.pause();
        if (bytes[0] !== HANDSHAKE) return refuse(socket, inTheClear(this.#url()));
        socket.unshift(bytes);
        for (const take of takers) take.call(this, socket);
      });
    });
  }

  override closeIdleConnections(): void {
    super.closeIdleConnections();
    for (const socket of this.#silent) socket.destroy();
  }

  override closeAllConnections(): void {
    super.closeAllConnections();
    for (const socket of this.#sockets) socket.destroy();
  }
}

function secure({ cert, key }: Certificate): SecureContextOptions {
  return { minVersion: 'TLSv1.2', cert, key };
}

function refuse(socket: Socket, error: NiagaError): void {
  const body = JSON.stringify(problemBody(error));
  socket.end(
    [
      `HTTP/1.1 ${ERRORS[error.code].status} Forbidden`,
      `content-type: ${PROBLEM_JSON}`,
      `content-length: ${Buffer.byteLength(body)}`,
      'cache-control: no-store',
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  );
  // What is still on its way is taken and thrown away: an answer to a connection that is reset would be lost.
  socket.resume();
  socket.setTimeout(READING, () => socket.destroy());
}
