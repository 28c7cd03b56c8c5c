// A process of those who follow a node's events, many at once, each on a connection of its own.
import { createConnection } from 'node:net';
import { serve } from './serve.mjs';

/** So many opened at a time: the node's queue of connections that it has not taken yet is finite. */
const AT_ONCE = 50;
/** What the node sends for an event begins so; JSON has no line breaks in it. */
const EVENT = /\nid: (\d+)\ndata: /g;
/** Longer than the beginning of an event: it may come in two parts. */
const BEGINNING = 32;

/** Follows until it is ended; counts what comes. Its HTTP is the least there is: what it takes is taken from the node. */
class Follower {
  /** Numbers of the events, in order. */
  seen = [];
  /** Why the connection ended before it was told to. */
  broken;
  #socket;
  #ended = false;

  /** Resolves when the node has said where its log stands: nothing that comes later is missed. */
  open(url, token) {
    const { hostname, port, host } = new URL(url);
    return new Promise((resolve, reject) => {
      const fail = (error) => {
        if (!this.#ended) this.broken ??= error.message;
        reject(error);
      };
      let rest = '';
      this.#socket = createConnection({ host: hostname, port: Number(port) });
      this.#socket.setEncoding('latin1');
      this.#socket.on('error', fail);
      this.#socket.on('end', () => fail(new Error('the node ended the listening')));
      this.#socket.on('data', (text) => {
        const all = rest + text;
        if (this.seen.length === 0 && /^HTTP\/1.1 (?!200)/.test(all)) fail(new Error(`listening: ${all.slice(0, 40)}`));
        let end = 0;
        for (const found of all.matchAll(EVENT)) {
          this.seen.push(Number(found[1]));
          end = found.index + found[0].length;
        }
        rest = all.slice(Math.max(end, all.length - BEGINNING));
        if (all.includes('\nretry: ')) resolve();
      });
      this.#socket.write(
        `GET /events HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${token}\r\naccept: text/event-stream\r\n\r\n`,
      );
    });
  }

  end() {
    this.#ended = true;
    this.#socket.destroy();
  }
}

let all = [];

serve({
  /** Resolves when all of them listen. */
  async follow({ count, url, token }) {
    all = Array.from({ length: count }, () => new Follower());
    for (let at = 0; at < count; at += AT_ONCE)
      await Promise.all(all.slice(at, at + AT_ONCE).map((one) => one.open(url, token)));
  },

  /** What they have heard of all that came after the number `first`, up to `newest`. */
  heard({ first, newest }) {
    const lost = all.reduce((sum, { seen }) => {
      const numbers = new Set(seen.filter((seq) => seq > first && seq <= newest));
      return sum + (newest - first - numbers.size);
    }, 0);
    return { lost, broken: all.filter((one) => one.broken !== undefined).length };
  },

  cpu: () => process.cpuUsage(),

  end() {
    for (const one of all) one.end();
  },
});
