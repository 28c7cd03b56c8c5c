import type { ConnectionEncrypter, MessageStream } from '@libp2p/interface';

/**
 * Noise as it is, but that each of its messages goes to the socket in one piece. It hands over lists (two bytes of length, the sealed
 * parts, a tag), and @libp2p/tcp writes each member of a list by itself: two to four system calls and packets for each message, the first of
 * which wakes the other side for two bytes.
 */
export function inWholeWrites<C>(
  encrypter: (components: C) => ConnectionEncrypter,
): (components: C) => ConnectionEncrypter {
  return (components) => {
    const inner = encrypter(components);
    return {
      protocol: inner.protocol,
      secureOutbound: (connection, options) => inner.secureOutbound(joining(connection), options),
      secureInbound: (connection, options) => inner.secureInbound(joining(connection), options),
    };
  };
}

function joining(connection: MessageStream): MessageStream {
  const send = connection.send.bind(connection);
  // Of a list it is a copy in one piece.
  connection.send = (data) => send(data.subarray());
  return connection;
}
