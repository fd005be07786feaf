/** Pools of huge pages of booted machines: as the recorded kernels have them, and as the command line asks for them. */
import assert from 'node:assert/strict';
import * as kernel from '../../src/engine/entry/functions.js';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import { openCore } from '../../src/engine/image/core/openCore.js';
import { randomAccessOf } from '../../src/engine/image/core/randomAccess.js';
import type { KernelImage } from '../../src/engine/image/kernelImage.js';
import type { Hstate } from '../../src/engine/machine/ctypes.js';
import { asVirt } from '../../src/engine/memory/address.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { recordedBytes } from '../recordings.js';

const boot = (name: ProfileName, commandLine: string, mib = 128): KernelImage =>
  bootMachine({ profile: loadProfile(name), ramBytes: mib << 20, commandLine });

const poolsOf = ({ mm: k }: KernelImage): Hstate[] =>
  Array.from(
    { length: k.words[k.globals.hugetlb_max_hstate] ?? 0 },
    (_, i) => (k.globals.hstates + i * k.stride.hstate) as Hstate,
  );

/** Of each pool `SIZE: nr/free/max`, the default one marked. */
const pools = (image: KernelImage): string[] =>
  poolsOf(image).map((h) => {
    const { mm: k } = image;
    const numbers = [k.hstate.nr_huge_pages, k.hstate.free_huge_pages, k.hstate.max_huge_pages];
    const counts = numbers.map((member) => kernel.hstateCount(k, h, member)).join('/');
    const mark = h === kernel.default_hstate(k) ? '*' : '';
    return `${kernel.huge_page_size(k, h) / 2 ** 20}M${mark}: ${counts}`;
  });

const printed = ({ mm }: KernelImage): string[] =>
  mm.tape
    .marksBetween(0, mm.tape.cursor + 1)
    .flatMap(({ event }) => (event.kind === 'printk' ? [event.text] : []));

describe('pools of huge pages', () => {
  it('are, word for word, those of the recorded kernels before anybody asks for pages', () => {
    for (const folder of [
      'i386-highmem4g-slub-256M',
      'i386-pae-slab-256M',
      'x86_64-slab-192M',
      'x86_64-slub-192M',
      'x86_64-slub-smp-192M',
    ]) {
      const core = openCore(randomAccessOf(recordedBytes('cores', folder, 'before.vmcore.gz')));
      const name = core.profile.name as ProfileName;
      const ours = boot(name, '', Number(/(\d+)M$/.exec(folder)?.[1]));
      const words = ({ mm: k }: KernelImage): number[] => [
        k.words[k.globals.hugetlb_max_hstate] ?? 0,
        k.words[k.globals.default_hstate_idx] ?? 0,
        k.words[k.globals.num_fault_mutexes] ?? 0,
        ...Array.from({ length: 2 * k.stride.hstate }, (_, i) =>
          k.read_int(k.cell_at(asVirt(k.va_of(k.globals.hstates) + i * 4))),
        ),
      ];
      assert.deepEqual(words(ours), words(core), folder);
      // The cache of their files is known, as the kernel's variable says.
      assert.notEqual(ours.mm.read_ptr(ours.mm.globals.hugetlbfs_inode_cachep), 0, folder);
    }
  });

  it('hugepages=, hugepagesz=, default_hugepagesz=', () => {
    const huge = (commandLine: string, name: ProfileName = 'x86_64-slub'): string[] =>
      pools(boot(name, commandLine));
    assert.deepEqual(huge('hugepages=5'), ['1024M: 0/0/0', '2M*: 5/5/5']);
    assert.deepEqual(huge('hugepagesz=2M hugepages=3'), ['2M*: 3/3/3', '1024M: 0/0/0']);
    assert.deepEqual(huge('hugepages=4 default_hugepagesz=2M'), ['2M*: 4/4/4', '1024M: 0/0/0']);
    assert.deepEqual(huge('default_hugepagesz=1G hugepagesz=2M hugepages=2'), [
      '1024M*: 0/0/0',
      '2M: 2/2/2',
    ]);
    assert.deepEqual(huge('hugepages=2', 'i386-pae-slab'), ['2M*: 2/2/2']);
    assert.deepEqual(huge('hugepages=2', 'i386-highmem4g-slub'), ['4M*: 2/2/2']);
  });

  it('what cannot be is told as Linux tells it', () => {
    const tells = (commandLine: string): string[] => printed(boot('x86_64-slub', commandLine));
    assert.deepEqual(tells('hugepagesz=3M hugepages=4'), [
      'HugeTLB: unsupported hugepagesz=3M',
      'HugeTLB: hugepages=4 does not follow a valid hugepagesz, ignoring',
    ]);
    assert.deepEqual(tells('hugepages=1 hugepages=2'), [
      'HugeTLB: hugepages= specified twice without interleaving hugepagesz=, ignoring hugepages=2',
    ]);
    assert.deepEqual(tells('hugepagesz=2M hugepages=1 hugepagesz=2M'), [
      'HugeTLB: hugepagesz=2M specified twice, ignoring',
    ]);
    assert.deepEqual(tells('hugepages=x'), ['HugeTLB: Invalid hugepages parameter x']);
    const image = boot('x86_64-slub', 'hugepages=1000');
    const [pool = ''] = pools(image).slice(1);
    const [, nr = ''] = /^2M\*: (\d+)\/\1\/\1$/.exec(pool) ?? [];
    assert.ok(Number(nr) > 40 && Number(nr) < 64, pool);
    assert.deepEqual(printed(image), [
      `HugeTLB: allocating 1000 of page size 2.00 MiB failed.  Only allocated ${nr} hugepages.`,
    ]);
  });
});
