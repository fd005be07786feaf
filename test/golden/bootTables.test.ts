/**
 * The page tables of a booted machine beside those of the recorded one of the same size: the kernel's own dump of its tables,
 * frame for frame, and what the processor reported of the address space.
 *
 * Left out, and named in docs/fidelity.md: what the recorded machine mapped in vmalloc space, and in which frames the tables
 * lie that the page allocator gave.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { bootMachine, type BootOptions } from '../../src/engine/image/boot/bootMachine.js';
import type { KernelImage } from '../../src/engine/image/kernelImage.js';
import { parseAddress, type VirtAddr } from '../../src/engine/memory/address.js';
import { loadProfile, PROFILE_NAMES } from '../../src/engine/types/bundled.js';
import { AddressSpace } from '../../src/engine/x86/addressSpace.js';
import type { Paging } from '../../src/engine/x86/paging.js';
import { inspected } from '../../src/engine/x86/tableMemory.js';
import { infoMemLines, tableLines } from '../../src/engine/x86/text.js';
import { blocksOf, infoMemOf, machinesWithTables, registersOf } from './pgtableGolden.js';
import { recordedMachines, recordedText } from '../recordings.js';

const MiB = 2 ** 20;
/** Where a booted machine has the tables that Linux takes from the page allocator. */
const LATE_TABLES_END = 0xa0000;

/** The machine that a recording was made on; how it was started follows from the kernel log beside it. */
function bootAs(directory: string, dmesg?: string): KernelImage {
  const [, name, count, unit] = /([^/]*)-(\d+)([MG])$/.exec(directory) ?? [];
  const profile = PROFILE_NAMES.find((each) => each === name);
  assert.ok(profile !== undefined, directory);
  const [, start = '0', end = '-1'] =
    /RAMDISK: \[mem (0x[0-9a-f]+)-(0x[0-9a-f]+)\]/.exec(dmesg ?? '') ?? [];
  const options: BootOptions = {
    profile: loadProfile(profile),
    ramBytes: Number(count) * (unit === 'G' ? 1024 : 1) * MiB,
    cmaBytes: 16 * MiB,
    // The machines of the cores were started with highmem=64M.
    highmemBytes: directory.startsWith('cores') && profile.startsWith('i386') ? 64 * MiB : 0,
    initrdBytes: Number(end) + 1 - Number(start),
    commandLine: /command line: (.*)/i.exec(dmesg ?? '')?.[1] ?? '',
  };
  return bootMachine(options);
}

const pagingOfMachine = ({ mm }: KernelImage): Paging => mm.machine.processor(0).paging;

function isVmalloc(image: KernelImage): (va: VirtAddr) => boolean {
  const space = new AddressSpace(image.profile, {
    maxPfn: image.maxPfn,
    maxLowPfn: image.mm.linear.directMapEndFrame,
  });
  return (va) => space.classify(va) === 'vmalloc';
}

/** A `%pts` line without the frame of a table that the page allocator gave, and by address. */
function comparable(paging: Paging, lines: readonly string[], late: ReadonlySet<string>): string[] {
  return lines
    .map((line) => {
      const [kind, va = '', level, phys = '', value = ''] = line.split(' ');
      if (kind !== 'tb' || !late.has(`${va} ${level}`)) return line;
      return `tb ${va} ${level} late${value.replace(`val=${phys.slice(0, -3)}`, ' val=..')}`;
    })
    .sort((a, b) => keyOf(paging, a) - keyOf(paging, b));
}

function keyOf(paging: Paging, line: string): number {
  const [kind, va = '', level = ''] = line.split(' ');
  return addressOf(paging, va) + (4 - Number(level.slice(1))) * 2 + (kind === 'tb' ? 0 : 1);
}

const addressOf = ({ pointerSize }: Paging, hex: string): VirtAddr =>
  parseAddress(`0x${hex}`, pointerSize) ?? assert.fail(hex);

describe('page tables of booted machines', function () {
  for (const directory of machinesWithTables())
    it(`${directory}: every table and entry is the recorded kernel's`, () => {
      const image = bootAs(directory, recordedText(directory, 'static.dmesg.gz'));
      const paging = pagingOfMachine(image);
      const vmalloc = isVmalloc(image);
      const dumps = blocksOf(recordedText(directory, 'pgtable-s113.trace.gz'), 'pts');
      let nrLate = 0;
      for (const { args, lines } of paging.mode === '4-level' ? dumps : dumps.slice(0, 1)) {
        const [first = '', last = ''] = args;
        const bounds = { first: addressOf(paging, first), last: addressOf(paging, last) };
        const kept = (line: string): boolean =>
          line.includes(' L4 ') || !vmalloc(addressOf(paging, line.split(' ')[1] ?? ''));
        const ours = [...tableLines(paging, inspected(image.memory), bounds)].filter(kept);
        const late = new Set<string>();
        for (const [kind, va, level, phys = ''] of ours.map((line) => line.split(' ')))
          if (kind === 'tb' && parseInt(phys, 16) < LATE_TABLES_END) late.add(`${va} ${level}`);
        nrLate += late.size;
        assert.deepEqual(
          comparable(paging, ours, late),
          comparable(paging, lines.filter(kept), late),
        );
      }
      // Two splits on i386; on 64 bit three, at two addresses each.
      assert.equal(nrLate, paging.mode === '4-level' ? 6 : 2);
    });

  const recorded = [
    ...recordedMachines('cores', /./).map((directory) => [directory, 'before.mem.txt'] as const),
    ...recordedMachines('.', /^vmcore-/).map((each) => [each, 'vmcore.info-mem.txt'] as const),
  ];
  for (const [directory, file] of recorded)
    it(`${directory}: the kernel's address space is what the processor saw`, () => {
      const image = bootAs(directory.replace('vmcore-', ''));
      const paging = pagingOfMachine(image);
      const vmalloc = isVmalloc(image);
      const ofKernel = (line: string): boolean => {
        const hex = line.slice(paging.pointerSize === 4 ? 8 : 0, 16);
        const va = addressOf(paging, hex);
        return (
          va >= image.profile.constant('PAGE_OFFSET') &&
          va !== 0 &&
          (va < 0 || paging.pointerSize === 4) &&
          !vmalloc(va)
        );
      };
      assert.deepEqual(
        [...infoMemLines(paging, inspected(image.memory))].filter(ofKernel),
        infoMemOf(recordedText(directory, file)).filter(ofKernel),
      );
    });

  for (const directory of recordedMachines('cores', /./))
    it(`${directory}: the registers are what they were, but for cr3 and the last fault`, () => {
      const image = bootAs(directory);
      const theirs = registersOf(recordedText(path.join(directory, 'before.registers.txt')));
      const ours = image.mm.machine.processor(0).registers;
      for (const name of ['cr0', 'cr4', 'efer', 'pat'] as const)
        assert.equal(ours[name], theirs[name], name);
    });
});
