import { expect, it } from 'vitest';
import { listAnswerSchema, logAnswerSchema } from '../../../node/devices/log-wire.js';
import { readBody, writeBody } from '../../../node/network/bodies.js';
import { recordId } from '../../../protocol/ids.js';
import { MAX_HEADS } from '../../../protocol/trade/index.js';

it('can be read where the other side has forked more often than one message may name', () => {
  const heads = Array.from({ length: 3 * MAX_HEADS }, (_, at) => recordId(new Uint8Array([at])));
  const log = writeBody({ heads, messages: [], receipts: [] });
  expect(readBody(logAnswerSchema, log, 'log').heads).toHaveLength(heads.length);
  const list = writeBody({ trades: [{ trade: heads[0], heads, ended: false }], more: false });
  expect(readBody(listAnswerSchema, list, 'list').trades[0]?.heads).toHaveLength(heads.length);
});
