/** Page tables of booted machines: what must hold for every kernel and size, whether it was recorded or not. */
import assert from 'node:assert/strict';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import type { KernelImage } from '../../src/engine/image/kernelImage.js';
import { asPfn, asVirt, PAGE_SIZE } from '../../src/engine/memory/address.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { scan } from '../../src/engine/x86/ranges.js';
import { FrameIndex, aliasesByScan } from '../../src/engine/x86/reverse.js';
import { inspected } from '../../src/engine/x86/tableMemory.js';
import { walk } from '../../src/engine/x86/walk.js';
import { random } from './random.js';

const MiB = 2 ** 20;

const MACHINES: readonly (readonly [ProfileName, number, number?])[] = [
  ['i386-highmem4g-slub', 16],
  ['i386-highmem4g-slub', 64],
  ['i386-highmem4g-slub', 3072],
  ['i386-pae-slab', 20],
  ['i386-pae-slab', 777],
  ['i386-pae-slab', 65536],
  ['x86_64-slub', 24],
  ['x86_64-slub', 129],
  ['x86_64-slab', 5000],
  ['x86_64-slub', 65536],
  ['x86_64-slub-smp', 2048, 8],
];

const boot = (name: ProfileName, mib: number, cpus = 1): KernelImage =>
  bootMachine({ profile: loadProfile(name), ramBytes: mib * MiB, cpus });

describe('page tables of booted machines', () => {
  for (const [name, mib, cpus] of MACHINES)
    it(`${name} ${mib} MiB: lead where the linear maps say`, () => {
      const { mm, profile, memory } = boot(name, mib, cpus);
      const { paging } = mm.machine.processor(0);
      const { pageOffset, directMapEndFrame, kernelMap } = mm.linear;
      const below = random(mib);
      const ram = inspected(memory);
      const physOf = (va: number) => walk(paging, ram, asVirt(va)).page?.phys;
      for (let i = 0; i < 400; i++) {
        const pfn = below(directMapEndFrame);
        const page = mm.memmap.pfn_to_page(asPfn(pfn));
        // Between the PCI hole and 4 GiB there is no RAM, and the direct map has a hole, too.
        if (page === 0 || (pfn >= 0x80000 && pfn < 0x100000)) continue;
        const phys = physOf(pageOffset + pfn * PAGE_SIZE + 8);
        if (phys === undefined) assert.ok(pfn > 0xa0 && isFirmware(mib, pfn), `pfn ${pfn}`);
        else assert.equal(phys, pfn * PAGE_SIZE + 8);
        const at = mm.va_of(page);
        assert.equal(physOf(at), mm.phys_of(at), `struct page of pfn ${pfn}`);
      }
      for (const symbol of ['contig_page_data', 'vm_zone_stat', 'linux_banner']) {
        const address = profile.symbol(symbol)?.address ?? assert.fail(symbol);
        const linked = asVirt(mm.va_of(mm.symbol(symbol)));
        assert.equal(physOf(linked), mm.phys_of(linked), symbol);
        if (kernelMap !== undefined) assert.equal(linked, address);
      }
    });

  it('allow what Linux allows: text is read-only, data is not executable', () => {
    for (const name of ['i386-pae-slab', 'x86_64-slub'] as const) {
      const { mm, profile } = boot(name, 512);
      const rights = (symbol: string, offset = 0) => {
        const address = profile.symbol(symbol)?.address ?? assert.fail(symbol);
        const { page } = mm.machine.processor(0).walk(asVirt(address + offset));
        assert.ok(page);
        return `${page.rights.user ? 'u' : ''}${page.rights.write ? 'w' : ''}${page.rights.execute ? 'x' : ''}`;
      };
      assert.equal(rights('_text'), 'x');
      assert.equal(rights('__start_rodata'), '');
      assert.equal(rights('contig_page_data'), 'w');
      assert.equal(rights('idt_table'), '');
      const write = { kind: 'write', user: false } as const;
      const banner = profile.symbol('linux_banner')?.address ?? assert.fail();
      const { exception } = mm.machine.processor(0).walk(banner, write);
      assert.equal(exception?.kind === 'page fault' && exception.errorCode, 3);
    }
  });

  it('use the largest pages that there are', () => {
    const shifts = (image: KernelImage): readonly number[] => {
      const found = new Set<number>();
      const { paging } = image.mm.machine.processor(0);
      for (const each of scan(paging, inspected(image.memory)))
        if (each.kind === 'run' && each.mapped) found.add(each.level.shift);
      return [...found].sort();
    };
    assert.deepEqual(shifts(boot('x86_64-slub', 8192)), [12, 21, 30]);
    assert.deepEqual(shifts(boot('i386-pae-slab', 8192)), [12, 21]);
    assert.deepEqual(shifts(boot('i386-highmem4g-slub', 2048)), [12, 22]);
  });

  it('back from a frame: the index finds what a scan of everything finds', () => {
    const { mm, memory } = boot('x86_64-slub', 256);
    const { paging } = mm.machine.processor(0);
    const tables = inspected(memory);
    const index = new FrameIndex(paging, tables);
    const below = random(7);
    for (let i = 0; i < 30; i++) {
      const pfn = asPfn(i < 10 ? 0x1000 + i * 97 : below(0x10000));
      assert.deepEqual(
        index.aliasesOf(pfn),
        [...aliasesByScan(paging, tables, pfn)].sort((a, b) => a.va - b.va),
      );
    }
    // The image has two addresses, and the IDT a third.
    assert.equal(index.aliasesOf(asPfn(0x1000)).length, 2);
    assert.equal(index.aliasesOf(asPfn(0x1ca2)).length, 3);
  });
});

/** The last 128 KiB below the PCI hole belong to the firmware. */
const isFirmware = (mib: number, pfn: number): boolean =>
  pfn >= (Math.min(mib, mib >= 3584 ? 3072 : mib) * MiB - 128 * 1024) / PAGE_SIZE || pfn < 0x100;
