/** mem_map in the pool: from a pfn to its struct page, back, and on to others, over the ends of slots and groups. */
import assert from 'node:assert/strict';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import { asVirt } from '../../src/engine/memory/address.js';
import { loadProfile, PROFILE_NAMES } from '../../src/engine/types/bundled.js';

const MiB = 2 ** 20;

/** More than a group of any build, and beginning in the middle of one. */
const FIRST = 0x1f0;
const END = FIRST + 1100;

for (const name of PROFILE_NAMES)
  describe(`struct pages, ${name}`, () => {
    const { mm } = bootMachine({ profile: loadProfile(name), ramBytes: 64 * MiB });

    it('lead back to their pfn, from any word of theirs', () => {
      for (let pfn = FIRST; pfn < END; pfn++) {
        const page = mm.pfn_to_page(pfn);
        assert.equal(mm.page_to_pfn(page), pfn);
        assert.equal(mm.page_to_pfn(page + mm.stride.page - 1), pfn);
      }
    });

    it('lead to the nth one after them, and before', () => {
      const first = mm.pfn_to_page(FIRST);
      for (let n = 0; FIRST + n < END; n++) {
        const nth = mm.pfn_to_page(FIRST + n);
        assert.equal(mm.nth_page(first, n), nth);
        assert.equal(mm.nth_page(nth, 1), mm.pfn_to_page(FIRST + n + 1));
        assert.equal(mm.nth_page(nth, -n), first);
      }
    });

    it('are behind addresses of the direct map, whether their pages have been looked up or not', () => {
      for (let pfn = FIRST; pfn < END; pfn += 7) {
        const va = asVirt(mm.linear.pageOffset + pfn * 4096);
        const behind = (): number[] => [0, 8, 4095].map((at) => mm.virt_to_page(asVirt(va + at)));
        const page = mm.pfn_to_page(pfn);
        assert.deepEqual(behind(), [page, page, page]);
        mm.cell_at(va);
        for (let i = 0; i < 2; i++) assert.deepEqual(behind(), [page, page, page]);
        // What another page's translation takes the place of is looked up again.
        mm.cell_at(asVirt(va + 1024 * 4096));
        assert.deepEqual(behind(), [page, page, page]);
      }
    });

    it('are where a pointer to them leads', () => {
      const at = mm.machine.register('scratch_list');
      for (let pfn = FIRST; pfn < END; pfn++) {
        const page = mm.pfn_to_page(pfn);
        mm.write_ptr(at, page + mm.page.lru);
        assert.equal(mm.read_ptr(at), page + mm.page.lru);
      }
    });
  });
