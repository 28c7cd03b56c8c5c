/**
 * What the libraries use and Node.js 20.19 does not have yet; import it before any of them. libp2p 3 and what it stands
 * on (yamux, noise, ping, mortice, it-queue) need `Promise.withResolvers`, which came with Node.js 22; nothing else is missing.
 */

interface Resolvers {
  promise: Promise<unknown>;
  resolve: (value: unknown) => void;
  reject: (reason: unknown) => void;
}

/** https://tc39.es/ecma262/#sec-promise.withResolvers */
function withResolvers(this: PromiseConstructor): Resolvers {
  const resolvers: Partial<Resolvers> = {};
  // `this`, as the specification has it: a subclass gets promises of its own kind.
  resolvers.promise = new this<unknown>((resolve, reject) => {
    resolvers.resolve = resolve;
    resolvers.reject = reject;
  });
  return resolvers as Resolvers;
}

if (!('withResolvers' in Promise)) {
  Object.defineProperty(Promise, 'withResolvers', { value: withResolvers, configurable: true, writable: true });
}

export {};
