/** Why a request for more than pages failed: objects, vmalloc space, ranges of frames; on booted machines and on a core. */
import assert from 'node:assert/strict';
import { kernel } from '../../src/engine/entry/instrumented.js';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import { openCore } from '../../src/engine/image/core/openCore.js';
import { randomAccessOf } from '../../src/engine/image/core/randomAccess.js';
import type { Kernel } from '../../src/engine/machine/kernel.js';
import { asVirt, PAGE_SIZE } from '../../src/engine/memory/address.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import type { Attempt } from '../../src/engine/verdict/attempt.js';
import { recordAttempts } from '../../src/engine/verdict/listen.js';
import { AttemptRecorder } from '../../src/engine/verdict/recorder.js';
import { verdictSentence } from '../../src/engine/verdict/text.js';
import { recordedBytes } from '../recordings.js';

const MiB = 2 ** 20;
const boot = (name: ProfileName, mib = 64): Kernel =>
  bootMachine({ profile: loadProfile(name), ramBytes: mib * MiB, cmaBytes: 16 * MiB }).mm;

function attemptsOf(mm: Kernel, run: () => unknown): readonly Attempt[] {
  const recorder = new AttemptRecorder(mm);
  recordAttempts(recorder, run);
  return recorder.attempts;
}

/** What verdict() would say. */
const verdictOf = (mm: Kernel, run: () => unknown): string => {
  const last = attemptsOf(mm, run).at(-1);
  return last === undefined ? 'none yet' : verdictSentence(mm, last);
};

/** All memory that GFP_KERNEL can have. */
function exhaust(mm: Kernel): void {
  const gfp = mm.GFP_NOWAIT | mm.__GFP_NOWARN | mm.__GFP_MEMALLOC;
  for (let order = 10; order >= 0; order--) while (kernel.alloc_pages(mm, gfp, order) !== 0);
}

describe('verdicts of requests for more than pages', function () {
  for (const name of ['x86_64-slub', 'x86_64-slab', 'i386-pae-slab'] as const)
    it(`${name}: an object of a cache that gets no new slab`, () => {
      const mm = boot(name);
      exhaust(mm);
      const attempts = attemptsOf(mm, () => {
        while (kernel.kmalloc(mm, 1000, mm.GFP_NOWAIT) !== 0);
      });
      const last = attempts.at(-1) ?? assert.fail();
      assert.match(
        verdictSentence(mm, last),
        /^an object of kmalloc-1k failed: kmalloc-1k has no free object, and no pages for a new slab of order \d.*: order \d failed: .*not above/,
      );
      // The request for pages that it failed by is the one before.
      assert.equal(attempts.at(-2)?.outcome.kind, 'failed');
      assert.equal(attempts.at(-2)?.what, undefined);
    });

  it('vmalloc: no pages', () => {
    const mm = boot('x86_64-slub');
    // Small blocks are left, fewer than the request has pages.
    const gfp = mm.GFP_NOWAIT | mm.__GFP_NOWARN;
    while (kernel.alloc_pages(mm, gfp, 10) !== 0);
    while (kernel.alloc_pages(mm, gfp, 8) !== 0);
    assert.match(
      verdictOf(mm, () => kernel.vmalloc(mm, 30 * MiB, asVirt(0))),
      /^vmalloc of 31457280 bytes failed: address space was found, but not all pages: order 0 failed: /,
    );
    const larger = verdictOf(mm, () => kernel.vmalloc(mm, 2048 * MiB, asVirt(0)));
    assert.match(
      larger,
      /^vmalloc of 2147483648 bytes failed: 524288 pages are more than the \d+ that the machine has$/,
    );
  });

  it('vmalloc: no address space: the largest gap', () => {
    const mm = boot('i386-highmem4g-slub', 1024);
    // 120 MiB of addresses.
    kernel.vmalloc(mm, 80 * MiB, asVirt(0));
    const verdict = verdictOf(mm, () => kernel.vmalloc(mm, 60 * MiB, asVirt(0)));
    const [, needed = '', largest = ''] =
      /^vmalloc of 62914560 bytes failed: no gap of (\d+) bytes \(with the guard page\) between 0xf7bfe000 and 0xff3fe000: the largest has (\d+)$/.exec(
        verdict,
      ) ?? assert.fail(verdict);
    assert.equal(Number(needed), 60 * MiB + PAGE_SIZE);
    assert.ok(Number(largest) > 30 * MiB && Number(largest) < 40 * MiB);
  });

  it('cma_alloc: the bitmap and its largest hole (-12)', () => {
    const mm = boot('x86_64-slub', 256);
    const area = mm.read_ptr(mm.globals.dma_contiguous_default_area);
    const first = kernel.cma_alloc(mm, area, 1500, 0, false);
    kernel.cma_alloc(mm, area, 1500, 0, false);
    kernel.cma_release(mm, area, first, 1500);
    assert.equal(
      verdictOf(mm, () => kernel.cma_alloc(mm, area, 2000, 0, true)),
      'cma_alloc of 2000 pages from reserved failed: -12: the bitmap has no hole of 2000 pages: 1500 of 4096 pages are given out, the largest hole has 1500',
    );
    assert.equal(
      verdictOf(mm, () => kernel.cma_alloc(mm, area, 5000, 0, true)),
      'cma_alloc of 5000 pages from reserved failed: it is larger than the area, which has 4096 pages',
    );
    assert.match(
      verdictOf(mm, () => kernel.cma_alloc(mm, area, 100, 0, true)),
      /^cma_alloc of 100 pages from reserved: pfn 0x[0-9a-f]+$/,
    );
  });

  it('alloc_contig_range: the frame that is busy, and whose it is (-16)', () => {
    const mm = boot('x86_64-slub', 256);
    const block = kernel.alloc_pages(mm, mm.GFP_HIGHUSER_MOVABLE, 10);
    const start = mm.page_to_pfn(block);
    assert.equal(
      verdictOf(mm, () =>
        kernel.alloc_contig_range(mm, start, start + 512, mm.MIGRATE_MOVABLE, mm.GFP_KERNEL),
      ),
      `alloc_contig_range of pfn 0x${start.toString(16)}–0x${(start + 512).toString(16)} failed: ` +
        `-16: pfn 0x${start.toString(16)} is busy: allocated, _refcount 1, and it cannot be moved`,
    );
  });

  it('a core: a slab in the way', () => {
    const { mm } = openCore(
      randomAccessOf(recordedBytes('cores', 'x86_64-slub-192M', 'before.vmcore.gz')),
    );
    const slab = mm.page_to_pfn(kernel.virt_to_page(mm, kernel.kmalloc(mm, 64, mm.GFP_KERNEL)));
    assert.match(
      verdictOf(mm, () =>
        kernel.alloc_contig_range(mm, slab, slab + 1, mm.MIGRATE_MOVABLE, mm.GFP_KERNEL),
      ),
      /failed: -16: pfn 0x[0-9a-f]+ is busy: a slab of kmalloc-64$/,
    );
  });
});
