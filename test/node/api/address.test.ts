import { expect, it } from 'vitest';
import { parseApiAddress } from '../../../node/api/address.js';

it('an address that is none is refused by the option that it was given for', () => {
  expect(parseApiAddress('192.168.1.10:80', 'lan')).toEqual({ host: '192.168.1.10', port: 80 });
  for (const option of ['api', 'lan'] as const)
    for (const wrong of ['', 'a b', '1.2.3.4:99999', '[1.2.3.4]:80', 'http://toko.example'])
      expect(() => parseApiAddress(wrong, option), wrong).toThrow(
        expect.objectContaining({ code: 'ADDRESS_INVALID', where: option }) as Error,
      );
});
