/**
 * /proc/meminfo, /proc/vmstat and /proc/iomem of booted machines beside the texts that recorded kernels printed.
 *
 * Every line is the recorded one, to the last byte, but for those that count what processes have: a shell ran there. Of
 * /proc/iomem, the machine here has no ROMs and no devices.
 */
import assert from 'node:assert/strict';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import { openCore } from '../../src/engine/image/core/openCore.js';
import { randomAccessOf } from '../../src/engine/image/core/randomAccess.js';
import { proc_lines } from '../../src/engine/entry/functions.js';
import type { Kernel } from '../../src/engine/machine/kernel.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { recordedBytes, recordedText } from '../recordings.js';

const MiB = 2 ** 20;

/** Lines that a process, its pages, its page tables and its kernel stack change; and slabs made for it. */
const OF_PROCESSES = new RegExp(
  [
    '^(Mem(Free|Available)|HighFree|LowFree|Cached|(Ina|A)ctive.*|AnonPages|Mapped|Shmem|KernelStack):',
    '^(PageTables|Percpu|Committed_AS|VmallocUsed|KReclaimable|Slab|S(Reclaimable|Unreclaim)):',
    '^nr_(free_pages|(zone_)?(in)?active_anon|anon_pages|mapped|file_pages|shmem|kernel_stack) ',
    '^nr_(page_table_pages|slab_(un)?reclaimable|dirty_(background_)?threshold) ',
    '^pg(alloc_(normal|high|dma32)|free|activate|fault) ',
  ].join('|'),
);
/** Gigantic pages are counted again each time boot maps a range that reaches into one. */
const COUNTED_TWICE = /^DirectMap1G:/;
/** What is not RAM and not the kernel's: ROMs and devices. */
const OF_HARDWARE = /Video|ROM$|\d\d:\d\d\.\d$/;

describe('/proc of booted machines', function () {
  const machines: readonly (readonly [name: ProfileName, mib: number, folder: string])[] = [
    ['i386-highmem4g-slub', 1024, 'i386-highmem4g-slub-1G'],
    ['i386-pae-slab', 1536, 'i386-pae-slab-1536M'],
    ['x86_64-slab', 512, 'x86_64-slab-512M'],
    ['x86_64-slub', 6144, 'x86_64-slub-6G'],
    ['x86_64-slub-smp', 512, 'x86_64-slub-smp-512M'],
  ];
  for (const [name, mib, folder] of machines) {
    describe(folder, () => {
      let mm: Kernel;
      before(() => {
        ({ mm } = bootMachine({
          profile: loadProfile(name),
          ramBytes: mib * MiB,
          cmaBytes: 16 * MiB,
          initrdBytes: 91 * 4096,
          commandLine:
            /command line: (.*)/i.exec(recordedText(folder, 'static.dmesg.gz'))?.[1] ?? '',
        }));
      });
      const kernel = (file: string): string[] =>
        recordedText(folder, `static.${file}.txt`).trimEnd().split('\n');
      for (const file of ['meminfo', 'vmstat'])
        it(file, () => {
          const ours = proc_lines(mm, file) ?? [];
          const theirs = kernel(file);
          const isOpen = (line: string): boolean =>
            OF_PROCESSES.test(line) || COUNTED_TWICE.test(line);
          /** Its columns and its name stay. */
          const shape = (line: string): string =>
            isOpen(line) ? line.replace(/\d+( kB)?$/, '#').replace(/ +#/, ' #') : line;
          assert.deepEqual(ours.map(shape), theirs.map(shape));
          assert.ok(ours.filter((line) => !isOpen(line)).length >= 30);
        });
      it('iomem', () => {
        const theirs = kernel('iomem').filter((line) => !OF_HARDWARE.test(line));
        assert.deepEqual(proc_lines(mm, 'iomem'), theirs);
      });
    });
  }
});

describe('/proc of a core', () => {
  for (const folder of ['i386-highmem4g-slub-256M', 'x86_64-slub-smp-192M'])
    it(folder, () => {
      const image = openCore(randomAccessOf(recordedBytes('cores', folder, 'before.vmcore.gz')));
      const { mm } = image;
      const lines = (file: string): string[] => proc_lines(mm, file) ?? [];
      // The kernel has the names of the counters in its own memory.
      const text = mm.symbol('vmstat_text');
      const names = Array.from({ length: lines('vmstat').length - 1 }, (_, i) => {
        let name = '';
        for (let at = mm.read_va(text + i * mm.ptr_words); ; at++) {
          const byte = (mm.words[mm.cell_at((at - (at & 3)) as typeof at)] ?? 0) >>> ((at & 3) * 8);
          if ((byte & 0xff) === 0) return name;
          name += String.fromCharCode(byte & 0xff);
        }
      });
      assert.deepEqual(
        lines('vmstat').map((line) => line.split(' ')[0]),
        [...names, 'nr_unstable'],
      );
      const number = (file: string, name: string): number =>
        Number(new RegExp(`^${name}:? +(\\d+)`, 'm').exec(lines(file).join('\n'))?.[1]);
      assert.equal(number('meminfo', 'MemFree'), 4 * number('vmstat', 'nr_free_pages'));
      assert.ok(number('meminfo', 'Committed_AS') > 0, 'what CPUs hold back is counted');
      const [ram] = lines('iomem').filter((line) => /^00100000-.* : System RAM$/.test(line));
      assert.equal(
        ram,
        `00100000-${folder.includes('256M') ? '0ffdffff' : '0bfdffff'} : System RAM`,
      );
      assert.ok(lines('iomem').includes('000f0000-000fffff : Reserved'));
      assert.ok(lines('iomem').includes('  000f0000-000fffff : System ROM'));
    });
});
