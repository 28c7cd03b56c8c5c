/** Mail: what travels between two traders, how it is sealed, and when it is tried again (DESIGN section 7). */
export * from './deposit.js';
export * from './heads.js';
export * from './letter.js';
export * from './parcel.js';
export * from './sealing.js';
export * as courier from './courier.js';
