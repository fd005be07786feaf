/**
 * The regions of a virtual address space on the memory of real machines, beside what the processor itself said of them (QEMU
 * `info mem`) and what the kernel counted (mm_struct).
 */
import assert from 'node:assert/strict';
import { openCore } from '../../src/engine/image/core/openCore.js';
import { inspectedOf } from '../../src/engine/image/dump/inspectedOf.js';
import { randomAccessOf } from '../../src/engine/image/core/randomAccess.js';
import { asPfn, parseAddress } from '../../src/engine/memory/address.js';
import { aliasesBody } from '../../src/engine/view/atlas/aliases.js';
import type { Atlas } from '../../src/engine/view/atlas/atlas.js';
import { dumpRegions } from '../../src/engine/view/atlas/dumpRegions.js';
import { machineAtlas } from '../../src/engine/view/atlas/machineAtlas.js';
import { taskOfRoot, userAreas } from '../../src/engine/view/atlas/userAreas.js';
import { PAGE_BITS, type RegionBody } from '../../src/engine/view/atlas/virtual.js';
import { pageCells } from '../../src/engine/view/atlas/virtualPages.js';
import { partsBody } from '../../src/engine/view/atlas/virtualParts.js';
import { placedRegions, virtualBody } from '../../src/engine/view/atlas/virtualRegions.js';
import { surveyorOf } from '../../src/engine/view/surveyor.js';
import type { Surveyor } from '../../src/engine/view/whereIs.js';
import { inspected } from '../../src/engine/x86/tableMemory.js';
import { recordedBytes, recordedMachines, recordedText } from '../recordings.js';
import { infoMemOf } from './pgtableGolden.js';

/** A line of `info mem`. Addresses are unsigned there. */
interface ProcessorRange {
  readonly start: bigint;
  readonly end: bigint;
  readonly user: boolean;
  readonly write: boolean;
}

const rangesOf = (text: string): readonly ProcessorRange[] =>
  infoMemOf(text).map((line) => {
    const [, start = '', end = '', flags = ''] = /^(\w+)-(\w+) \w+ (...)$/.exec(line) ?? [];
    return {
      start: BigInt(`0x${start}`),
      end: BigInt(`0x${end}`),
      user: flags.startsWith('u'),
      write: flags.endsWith('w'),
    };
  });

const bounds = ({ first, last }: RegionBody): readonly [bigint, bigint] => [
  BigInt(first),
  BigInt(last) + 1n,
];

/** Bytes of the processor's ranges that lie in [from, to). */
const bytesIn = (ranges: readonly ProcessorRange[], from: bigint, to: bigint): bigint =>
  ranges.reduce((sum, { start, end }) => {
    const [low, high] = [start > from ? start : from, end < to ? end : to];
    return low < high ? sum + high - low : sum;
  }, 0n);

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

describe('the virtual address space of recorded machines', function () {
  for (const directory of recordedMachines('cores', /./))
    describe(directory, () => {
      let surveyor: Surveyor;
      let atlas: Atlas;
      let ranges: readonly ProcessorRange[];
      before(() => {
        const core = recordedBytes(directory, 'before.vmcore.gz');
        surveyor = surveyorOf(openCore(randomAccessOf(core)));
        atlas = machineAtlas(surveyor);
        ranges = rangesOf(recordedText(directory, 'before.mem.txt'));
      });
      const body = () => virtualBody(atlas, surveyor.spaces.current);

      it('the layout is the same when it is read as a dump of any kernel is', () => {
        assert.deepEqual(dumpRegions(inspectedOf(surveyor.image)), surveyor.world.space.regions);
      });

      it('regions follow one another from 0 to the top', () => {
        const { regions, pointerSize } = body();
        let at = 0n;
        for (const region of regions) {
          const [from, to] = bounds(region);
          assert.equal(from, at, region.id);
          if (region.kind !== 'nonCanonical') assert.equal(BigInt(region.sizeBytes), to - from);
          at = to;
        }
        assert.equal(at, 1n << BigInt(pointerSize * 8));
        assert.equal(new Set(regions.map(({ id }) => id)).size, regions.length);
      });

      it('each maps what the processor maps there, with its rights', () => {
        assert.ok(ranges.length > 20);
        for (const region of body().regions) {
          const [from, to] = bounds(region);
          assert.equal(BigInt(region.mappedBytes ?? -1), bytesIn(ranges, from, to), region.id);
          for (const user of [true, false])
            for (const write of [true, false]) {
              const ours = region.mappings
                .filter((each) => each.user === user && each.rights.includes('w') === write)
                .map(({ bytes }) => bytes);
              const alike = ranges.filter((each) => each.user === user && each.write === write);
              assert.equal(BigInt(sum(ours)), bytesIn(alike, from, to), `${region.id} ${user}`);
            }
          if (region.kind === 'hole') assert.equal(region.mappedBytes, 0);
        }
      });

      it('page by page, and many pages a cell, the same pages are mapped', () => {
        const { paging } = surveyor.spaces.current ?? assert.fail('no address space');
        const memory = inspected(surveyor.image.memory);
        let nrLooked = 0;
        for (const region of placedRegions(atlas, surveyor.spaces.current)) {
          const nrPages = Math.min(8192, region.sizeBytes / 4096);
          if (region.kind === 'nonCanonical') continue;
          const from = BigInt.asUintN(64, BigInt(region.start));
          const mapped = bytesIn(ranges, from, from + BigInt(nrPages * 4096));
          const cells = pageCells(paging, memory, region.start, 1, nrPages);
          const present = cells.states.filter((state) => state & PAGE_BITS.present).length;
          assert.equal(BigInt(present * 4096), mapped, region.id);
          assert.equal(sum([...cells.mapped]), present);
          assert.equal(cells.pfns?.filter((pfn) => pfn >= 0).length, present);
          const coarse = pageCells(paging, memory, region.start, 64, Math.ceil(nrPages / 64));
          coarse.states.slice(0, Math.floor(nrPages / 64)).forEach((state, i) => {
            const fine = cells.states.slice(i * 64, (i + 1) * 64);
            assert.equal(
              state,
              fine.reduce((a, b) => a | b, 0),
            );
            assert.equal(coarse.mapped[i], fine.filter((each) => each & PAGE_BITS.present).length);
          });
          nrLooked += present;
        }
        assert.ok(nrLooked > 1000);
      });

      it('a process’s mappings are as many pages as its mm counts, and hold all that is mapped', () => {
        const space = surveyor.spaces.current ?? assert.fail('no address space');
        const { reader, image } = surveyor;
        const { mm } = taskOfRoot(image, space.paging.rootPhys) ?? assert.fail('no task');
        const areas = userAreas(image, space.paging.rootPhys);
        assert.equal(areas.length, reader.uint('mm_struct', 'map_count', mm));
        const pages = sum(areas.map(({ start, end }) => (end - start) / 4096));
        assert.equal(pages, reader.uint('mm_struct', 'total_vm', mm));
        assert.deepEqual(
          areas,
          areas.toSorted((a, b) => a.start - b.start),
        );
        const holds = ({ start, end }: ProcessorRange): boolean => {
          const inside = areas.map((area) =>
            bytesIn(
              [{ start, end, user: true, write: true }],
              BigInt(area.start),
              BigInt(area.end),
            ),
          );
          return inside.reduce((a, b) => a + b, 0n) === end - start;
        };
        const user = ranges.filter((each) => each.user);
        assert.ok(user.length > 3 && user.every(holds));
        assert.equal(areas.filter(({ name }) => name === '[stack]').length, 1);
        assert.ok(
          areas.some(({ name }) => name.startsWith('/')),
          'the path of a file',
        );
      });

      it('vmalloc areas with their guard pages and gaps are all of their region; guard pages are not mapped', () => {
        const space = surveyor.spaces.current;
        const region = placedRegions(atlas, space).find(({ kind }) => kind === 'vmalloc');
        assert.ok(region);
        const { parts, total } = partsBody(atlas, space, region, 0, 1024);
        assert.equal(parts.length, total);
        assert.equal(sum(parts.map(({ sizeBytes }) => sizeBytes)), region.sizeBytes);
        const unmapped = parts.filter(({ kind }) => kind === 'guard' || kind === 'gap');
        assert.ok(unmapped.length > 5);
        for (const { first, last } of unmapped)
          assert.equal(bytesIn(ranges, BigInt(first), BigInt(last) + 1n), 0n);
        const second = partsBody(atlas, space, region, 2, 3);
        assert.deepEqual(second.parts, parts.slice(2, 5));
      });

      it('aliases of a frame are told with the regions that they lie in, and lead there', () => {
        const { paging } = surveyor.spaces.current ?? assert.fail('no address space');
        const memory = inspected(surveyor.image.memory);
        const user = pageCells(paging, memory, userStart(surveyor), 1, 16).pfns ?? [];
        const pfn = user.find((each) => each > 0) ?? assert.fail('no page of the process');
        const { aliases } = aliasesBody(atlas, pfn);
        assert.ok(aliases.some(({ region }) => region === 'user'));
        for (const { address, regionId, space } of aliases) {
          const found = surveyor.spaces.all().find(({ name }) => name === space);
          const va = parseAddress(address, surveyor.world.profile.pointerSize);
          assert.ok(found && va !== undefined);
          assert.equal(surveyor.spaces.walk(found, va)?.page?.phys, pfn * 4096);
          assert.ok(placedRegions(atlas, found).some(({ id }) => id === regionId));
        }
        assert.equal(aliases.length, surveyor.spaces.aliasesOf(asPfn(pfn)).length);
      });

      it('looking touches nothing', () => {
        assert.equal(surveyor.image.tape.cursor, surveyor.image.tape.start);
      });
    });
});

function userStart(surveyor: Surveyor) {
  const space = surveyor.spaces.current ?? assert.fail('no address space');
  const [area] = userAreas(surveyor.image, space.paging.rootPhys);
  return area?.start ?? assert.fail('no mapping');
}
