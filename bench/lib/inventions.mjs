// Nodes that are not there: ids made until they lie nearer to a key than any honest one, with addresses that cost the most.
import { createHash, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:net';
import { peerIdFromPublicKey } from '@libp2p/peer-id';
import { publicKeyFromRaw } from '@libp2p/crypto/keys';
import { headOf, nearestOf } from '../../dist/node/network/nearest.js';
import { placeOf, readShardKey, SALTS } from '../../dist/protocol/search/posting-keys.js';

/** Hundreds for each honest node: some hundred of them are nearer to any key than the nearest of fifty. */
const MADE = 20_000;
/** Kept for each place of a key: more than an answer names. */
const NEAR = 16;
const NETWORK = 'bench';
/** Nobody listens at the discard port. */
const REFUSING = '/ip4/127.0.0.1/tcp/9';

export class Inventions {
  #nodes;
  #near = new Map();
  #silent = '';

  /** The nearest to the places of these names, as an answer's `closer` has them: each key and salt has its share of them. */
  near(names, count) {
    this.prepare();
    const each = Math.max(1, Math.floor(count / Math.max(1, SALTS.length * names.length)));
    const ids = new Set(names.flatMap((name) => this.#nearTo(name)).flatMap((list) => list.slice(0, each)));
    // Half of them refuse at once; the others take the connection and never say a word.
    return [...ids]
      .slice(0, count)
      .map((id, at) => [id, [at % 2 === 0 || this.#silent === '' ? REFUSING : this.#silent]]);
  }

  /** By salt. */
  #nearTo(name) {
    const known = this.#near.get(name);
    if (known !== undefined) return known;
    const { key, shard } = readShardKey(name);
    const near = SALTS.map((salt) => {
      const { kadId } = placeOf(NETWORK, key, salt, shard);
      const options = { count: NEAR, size: this.#nodes.length, passes: () => true };
      return nearestOf(this.#nodes, kadId, options).map(({ id }) => id);
    });
    this.#near.set(name, near);
    return near;
  }

  /** Takes seconds: a liar has them at hand before it is asked. */
  prepare() {
    this.#nodes ??= this.#make();
  }

  #make() {
    const server = createServer(() => undefined).unref();
    server.listen(0, '127.0.0.1', () => (this.#silent = `/ip4/127.0.0.1/tcp/${server.address().port}`));
    return Array.from({ length: MADE }, () => {
      const { publicKey } = generateKeyPairSync('ed25519');
      const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x, 'base64url');
      const peer = peerIdFromPublicKey(publicKeyFromRaw(raw));
      const kadId = new Uint8Array(createHash('sha256').update(peer.toMultihash().bytes).digest());
      return { id: peer.toString(), kadId, head: headOf(kadId) };
    });
  }
}
