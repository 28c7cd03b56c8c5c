// The far side of a Host (hosts.mjs): a child process that answers the main one's calls.

/**
 * Answers calls by these functions until the main process goes away.
 * @param {Record<string, (input: unknown) => unknown>} handlers
 */
export function serve(handlers) {
  process.on('message', ({ id, method, input }) => {
    void answer(handlers[method], input).then(
      (value) => process.send?.({ id, value }),
      (error) => process.send?.({ id, error: { message: error.message, code: error.code, stack: error.stack } }),
    );
  });
  // Nobody is left to ask or to end it.
  process.on('disconnect', () => process.exit(0));
  // The terminal sends Ctrl-C to the whole group; the main process ends its children itself.
  process.on('SIGINT', () => undefined);
  // libp2p rejects promises of connections that were cut; a benchmark that cuts them must outlive that.
  process.on('unhandledRejection', (error) => console.error(`unhandled in ${process.pid}:`, error));
  process.send?.({ id: 0 });
}

async function answer(handler, input) {
  if (handler === undefined) throw new Error('there is no such call');
  return handler(input);
}
