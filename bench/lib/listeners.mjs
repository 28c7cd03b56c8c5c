// Those who follow a node's events over server-sent events, many at once, each on a connection of its own.
import { request } from 'node:http';

/** Follows until it is ended; counts what comes and when the last of it came. */
class Listener {
  /** Numbers of the events, in order. */
  seen = [];
  /** Why the connection ended before it was told to. */
  broken;
  #request;
  #ended = false;

  /** Resolves when the node has said where its log stands: nothing that comes later is missed. */
  open(url, token) {
    return new Promise((resolve, reject) => {
      const fail = (error) => {
        if (!this.#ended) this.broken ??= error;
        reject(error);
      };
      this.#request = request(new URL('/events', url), {
        agent: false,
        headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
      });
      this.#request.on('error', fail);
      this.#request.on('response', (response) => {
        if (response.statusCode !== 200) return fail(new Error(`listening: ${response.statusCode}`));
        let rest = '';
        response.setEncoding('utf8');
        response.on('error', fail);
        response.on('end', () => fail(new Error('the node ended the listening')));
        response.on('data', (text) => {
          const frames = (rest + text).split('\n\n');
          rest = frames.pop();
          for (const frame of frames) {
            const event = /^id: (\d+)\ndata: /.exec(frame);
            if (event !== null) this.seen.push(Number(event[1]));
          }
          resolve();
        });
      });
      this.#request.end();
    });
  }

  end() {
    this.#ended = true;
    this.#request.destroy();
  }
}

/** So many opened at a time: the node's queue of connections that it has not taken yet is finite. */
const AT_ONCE = 50;

/** Resolves when all of them listen. */
export async function listeners(count, url, token) {
  const all = Array.from({ length: count }, () => new Listener());
  for (let at = 0; at < count; at += AT_ONCE)
    await Promise.all(all.slice(at, at + AT_ONCE).map((one) => one.open(url, token)));
  return all;
}
