/**
 * /proc/slabinfo and /proc/vmallocinfo beside the texts that recorded kernels printed.
 *
 * A booted machine has the recorded one's caches, in its order and with its geometries, and nearly as many objects: another
 * process ran there, with another amount of memory. An area of vmalloc space prints the recorded line, but for the addresses, which
 * that kernel hid.
 */
import assert from 'node:assert/strict';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import { openState, readTrace } from '../../src/engine/image/state/index.js';
import { loadVmalloc } from '../../src/engine/image/state/loadVmalloc.js';
import { loadSlabs } from '../../src/engine/image/state/slabsLoad.js';
import { proc_lines } from '../../src/engine/entry/functions.js';
import { asVirt } from '../../src/engine/memory/address.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { recordedText } from '../recordings.js';

const MiB = 2 ** 20;
const linesOf = (text: string): string[] => text.trimEnd().split('\n');

describe('/proc/slabinfo of booted machines', function () {
  /** How many of its lines are the recorded ones to the last byte. */
  const machines: readonly (readonly [
    name: ProfileName,
    mib: number,
    file: string,
    equal: number,
    commandLine: string,
  ])[] = [
    ['i386-highmem4g-slub', 1024, 'i386-highmem4g-slub-1G/static', 92, 'slab_nomerge'],
    ['i386-pae-slab', 1536, 'i386-pae-slab-1536M/static', 87, 'slab_nomerge'],
    ['x86_64-slab', 512, 'x86_64-slab-512M/static', 87, 'slab_nomerge'],
    ['x86_64-slub', 512, 'x86_64-slub-512M/static', 93, 'slab_nomerge'],
    ['x86_64-slub-smp', 512, 'x86_64-slub-smp-512M/static', 97, 'slab_nomerge'],
    ['x86_64-slub-smp', 1024, 'x86_64-slub-smp-1G/static-merge', 81, ''],
  ];
  for (const [name, mib, file, equal, commandLine] of machines)
    it(file, () => {
      const kernel = linesOf(recordedText(`${file}.slabinfo.gz`));
      const { mm } = bootMachine({
        profile: loadProfile(name),
        ramBytes: mib * MiB,
        cmaBytes: 16 * MiB,
        initrdBytes: 91 * 4096,
        commandLine,
      });
      const ours = proc_lines(mm, 'slabinfo') ?? [];
      // Names and all that a cache is made of: without the numbers of objects and slabs.
      const shape = (line: string): string =>
        line.replace(/^(\S+) +\d+ +\d+ /, '$1 ').replace(/slabdata.*/, '');
      assert.deepEqual(ours.map(shape), kernel.map(shape));
      const same = ours.filter((line, i) => line === kernel[i]).length;
      assert.ok(same >= equal, `${same} of ${kernel.length} lines are equal`);
      // The numbers that differ are near.
      ours.forEach((line, i) => {
        const [a, b] = [line, kernel[i] ?? ''].map((text) => Number(text.split(/ +/)[2]));
        if (i > 1) assert.ok(Math.abs((a ?? 0) - (b ?? 0)) <= Math.max(130, (b ?? 0) / 8), line);
      });
    });
});

describe('/proc/vmallocinfo of recorded machines', () => {
  for (const folder of [
    'i386-highmem4g-slub-1G',
    'i386-pae-slab-1536M',
    'x86_64-slub-6G',
    'x86_64-slab-512M',
  ])
    it(folder, () => {
      const text = recordedText(folder, 'idle-s1.trace.gz');
      const image = openState(text);
      let nrCallers = 0;
      for (const item of readTrace([text])) {
        if (item.kind !== 'dump') continue;
        image.tape.setRecording(false);
        if (item.name === 'slabs') loadSlabs(image, item);
        if (item.name === 'vmalloc') {
          loadVmalloc(image, item.args, item.lines, (by) => {
            const address = asVirt(0x1000 + nrCallers++);
            image.mm.machine.addCodeText(address, by);
            return address;
          });
          break;
        }
      }
      const hidden = image.mm.wide ? '0x(____ptrval____)' : '0x(ptrval)';
      const ours = (proc_lines(image.mm, 'vmallocinfo') ?? []).map((line) =>
        line.replace(/^0x[0-9a-f]+-0x[0-9a-f]+/, `${hidden}-${hidden}`),
      );
      assert.deepEqual(ours, linesOf(recordedText(folder, 'static.vmallocinfo.txt')));
    });
});
