/** Bytes written by virtual address, in the frames and words that they fall into: what is read back, and what is left alone. */
import assert from 'node:assert/strict';
import { readVirtual, writeBytes } from '../../src/engine/image/assemble.js';
import * as kernel from '../../src/engine/entry/functions.js';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import { asVirt } from '../../src/engine/memory/address.js';
import { loadProfile } from '../../src/engine/types/bundled.js';

describe('writeBytes', () => {
  for (const profile of ['x86_64-slub', 'i386-highmem4g-slub'] as const)
    it(`writes what is read, and nothing beside it (${profile})`, () => {
      const image = bootMachine({ profile: loadProfile(profile), ramBytes: 32 << 20 });
      const start = kernel.page_address(image.mm, image.mm.pfn_to_page(0x800));
      const hash = image.tape.hash();
      const begin = image.tape.cursor;
      for (const offset of [0, 1, 2, 3, 5, 4090, 4093, 4095])
        for (const length of [0, 1, 2, 3, 4, 5, 7, 8, 9, 13, 4096, 8195]) {
          const around = asVirt(start + offset - 8 + 4096);
          const before = readVirtual(image, around, length + 16);
          assert.ok(before);
          const bytes = Uint8Array.from({ length }, (_, i) => (i * 7 + offset + length) & 0xff);
          assert.ok(writeBytes(image, asVirt(around + 8), bytes));
          const expected = before.slice();
          expected.set(bytes, 8);
          assert.deepEqual(readVirtual(image, around, length + 16), expected);
        }
      image.tape.seek(begin);
      assert.equal(image.tape.hash(), hash);
    });
});
