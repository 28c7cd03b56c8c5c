// What lies between two nodes: how long a message takes, and how many bytes go over the wire for it.
import { normal, unit } from './random.mjs';

/** Milliseconds one way, the middle one: half a round trip inside a country is 10 to 30, across an ocean 60 to 120. */
const ONE_WAY = 40;
/** Spread of the logarithm: one pair in six takes longer than 66 ms, one in forty longer than 107. */
const SPREAD = 0.5;
/** From one message to the next on the same way. */
const JITTER = 0.1;
/** What a household sends: 10 Mbit/s. */
const BYTES_PER_MILLISECOND = 1_250;
/** Round trips until a new connection can be used: TCP; its noise handshake with the negotiation before it; muxer and stream. */
const DIAL_ROUND_TRIPS = 3;

/** Bytes both ways of a new connection: noise handshake with its certificates, two identify messages with signed records. */
export const DIAL_BYTES = 4_000;
/** Around a message: request id, method name, lengths; noise and yamux frames; TCP and IP headers. */
export const MESSAGE_BYTES = 130;
/** A FIND_NODE request, and each peer that its answer names: id, two addresses, field tags. */
export const FIND_NODE_BYTES = 80;
export const NAMED_PEER_BYTES = 64;

export class Links {
  #seed;
  #sent = 0;

  constructor(seed) {
    this.#seed = seed;
  }

  /** Milliseconds until a message of so many bytes has arrived. */
  delay(from, to, bytes) {
    const jitter = 1 + JITTER * (2 * unit(this.#seed, ++this.#sent) - 1);
    return this.#oneWay(from, to) * jitter + bytes / BYTES_PER_MILLISECOND;
  }

  dialDelay(from, to) {
    return 2 * DIAL_ROUND_TRIPS * this.#oneWay(from, to);
  }

  #oneWay(a, b) {
    return ONE_WAY * Math.exp(SPREAD * normal(this.#seed, Math.min(a, b), Math.max(a, b)));
  }
}
