/** A 32-bit kernel with highmem, PAE and neither variables in kallsyms nor BTF: what differs from others. */
import assert from 'node:assert/strict';
import { whereAnswer } from '../../src/engine/inspect/ask/where.js';
import { pkmapOf, vmallocBounds32 } from '../../src/engine/inspect/fixedMaps.js';
import { dumpedProcLines } from '../../src/engine/inspect/proc/files.js';
import type { Inspected } from '../../src/engine/inspect/inspected.js';
import { WantsVmlinux } from '../../src/engine/image/dump/wanted.js';
import { inspect, knownDumps, openKnown } from './dumps.js';
import { openRandomAccess } from '../../src/files/randomAccessFile.js';

describe('a dump of an i386 kernel with highmem', () => {
  const known = knownDumps().find(({ title }) => title.includes('i386-pae'));
  let k: Inspected;
  before(async () => {
    assert.ok(known);
    k = await openKnown(known);
  });
  const where = (address: bigint): string => whereAnswer({ k, task: undefined }, address).text;

  it('wants a vmlinux by its build id', async () => {
    assert.ok(known);
    const file = await openRandomAccess(known.file);
    assert.throws(
      () => inspect(file),
      (error) => {
        assert.ok(error instanceof WantsVmlinux);
        assert.equal(error.wanted.buildId, '624a8b769bdfaa206b2026637863dde5ad75d430');
        assert.match(
          error.message,
          /kallsyms without variables \(CONFIG_KALLSYMS_ALL is not set\)/,
        );
        return true;
      },
    );
  });

  it('is told by its page tables, though the container calls it x86-64', () => {
    const { arch, paging, pageOffset, physBase } = k.dump;
    assert.deepEqual([arch, paging, pageOffset, physBase], ['i386-pae', 'pae', 0xc000_0000, 0]);
  });

  it('has the bounds of vmalloc space and of pkmap where its tables have them', () => {
    assert.deepEqual(pkmapOf(k), { start: 0xff00_0000, nrSlots: 512 });
    assert.deepEqual(vmallocBounds32(k), { start: 0xf77f_e000, end: 0xfeff_e000 });
    // As the guest's own /proc/meminfo has it.
    assert.ok(dumpedProcLines(k, 'meminfo')?.includes('VmallocTotal:     122880 kB'));
  });

  it('addresses are in slots of kmap() and of the fixmap, and nowhere behind the kernel', () => {
    assert.match(
      where(0xff00_0000n),
      /in slot 0 of kmap\(\), pkmap_count 0; no page is mapped there/,
    );
    assert.match(where(0xff1f_f000n), /in slot 511 of kmap\(\)/);
    assert.doesNotMatch(where(0xff20_0000n), /kmap/);
    assert.match(where(0xffff_e000n), /in slot 1 of the fixmap, FIX_DBGP_BASE/);
    assert.match(where(0xfffb_5000n), /in slot 74 of the fixmap, FIX_KMAP_BEGIN\+6/);
    const { symbols } = k.dump;
    const end = symbols.address('__brk_base') ?? 0;
    assert.equal(symbols.at((end + 0x1000) as Parameters<typeof symbols.at>[0]), undefined);
  });
});
