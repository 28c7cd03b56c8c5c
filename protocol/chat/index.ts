/** Chat: messages between traders beside their trades, and the files that go with them. */
export * from './disclosed.js';
export * from './file-part.js';
export * from './message.js';
