/** The pictures of virtual memory, of free lists and of single pages of a dump, held against its tables and what the guest itself said. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { dumpImage } from '../../src/engine/image/dump/dumpImage.js';
import type { KernelImage } from '../../src/engine/image/kernelImage.js';
import type { Inspected } from '../../src/engine/inspect/inspected.js';
import { asVirt, parseAddress } from '../../src/engine/memory/address.js';
import { aliasesBody } from '../../src/engine/view/atlas/aliases.js';
import type { Atlas } from '../../src/engine/view/atlas/atlas.js';
import { dumpAtlas } from '../../src/engine/view/atlas/dumpAtlas.js';
import { partsBody } from '../../src/engine/view/atlas/virtualParts.js';
import { placedRegions, virtualBody } from '../../src/engine/view/atlas/virtualRegions.js';
import { walkModel } from '../../src/engine/view/atlas/walkModel.js';
import { dumpFreeAreas, dumpFreeBlocks } from '../../src/engine/view/dumpFreeAreas.js';
import { dumpLocate } from '../../src/engine/view/dumpLocate.js';
import { knownDumps, openKnown } from './dumps.js';

interface Told {
  /** Newer kernels than the drgn at hand have none. */
  readonly vmap: readonly (readonly [start: string, end: string, at: string])[] | null;
  readonly zones: readonly {
    readonly nr_free: readonly number[];
    readonly free_list: Readonly<Record<string, readonly number[]>>;
  }[];
}

/** What guests said of their processes before the dump was made: files beside it. */
function toldMaps(file: string): readonly string[] {
  const dir = path.dirname(file);
  const start = `${path.basename(file, '.kdump')}.maps.`;
  return readdirSync(dir)
    .filter((name) => name.startsWith(start))
    .map((name) => path.join(dir, name));
}

for (const dump of knownDumps())
  describe(`views of ${dump.title}`, () => {
    let k: Inspected;
    let image: KernelImage;
    let atlas: Atlas;
    const told = JSON.parse(readFileSync(dump.drgn, 'latin1')) as Told;
    before(async () => {
      k = await openKnown(dump);
      image = dumpImage(k);
      atlas = dumpAtlas(image, k);
    });
    const process = () =>
      atlas.spaces.all().find(({ name }) => name.startsWith('prog ')) ?? assert.fail('no prog');

    it('regions follow one another from 0 to the top, and have all that is mapped', () => {
      const space = process();
      const { regions, pointerSize } = virtualBody(atlas, space);
      assert.equal(BigInt(regions[0]?.first ?? 1), 0n);
      assert.equal(BigInt(regions.at(-1)?.last ?? 0), 2n ** BigInt(8 * pointerSize) - 1n);
      regions.reduce((before, region) => {
        assert.equal(BigInt(region.first), BigInt(before.last) + 1n, region.id);
        return region;
      });
      const mapped = atlas.spaces.rangesOf(space).reduce((sum, each) => sum + each.sizeBytes, 0);
      assert.equal(
        regions.reduce((sum, { mappedBytes = 0 }) => sum + mappedBytes, 0),
        mapped,
      );
      // Of a reduced dump the tables of the rest have been left out.
      const isReduced = dump.title.endsWith('reduced');
      for (const kind of isReduced
        ? ['user', 'kernelImage']
        : ['user', 'directMap', 'kernelImage', 'vmalloc', 'fixmap'])
        assert.ok(
          regions.some((region) => region.kind === kind && (region.mappedBytes ?? 0) > 0),
          `${kind} is mapped`,
        );
    });

    it('vmalloc space has the areas that drgn has', function () {
      if (told.vmap === null) return this.skip();
      const space = process();
      const found = placedRegions(atlas, space)
        .filter(({ kind }) => kind === 'vmalloc' || kind === 'modules')
        .flatMap((region) => {
          const { parts, total } = partsBody(atlas, space, region, 0, 1 << 20);
          assert.equal(parts.length, total);
          return parts.filter(({ kind }) => kind === 'area');
        });
      assert.deepEqual(
        found.map(({ first }) => BigInt(first)).sort(),
        told.vmap.map(([start]) => BigInt(start)).sort(),
      );
    });

    it(`areas of a process are those of its own /proc/PID/maps${toldMaps(dump.file).length === 0 ? ' (not run where it lies beside no dump)' : ''}`, function () {
      if (toldMaps(dump.file).length === 0) this.skip();
      const space = process();
      const pid = /pid (\d+)/.exec(space.name)?.[1] ?? '';
      const file = toldMaps(dump.file).find((name) => name.endsWith(`.maps.${pid}`));
      assert.ok(file, `pid ${pid}`);
      const user = placedRegions(atlas, space).find(({ kind }) => kind === 'user');
      assert.ok(user);
      const lines = readFileSync(file, 'latin1').trim().split('\n');
      assert.deepEqual(
        partsBody(atlas, space, user, 0, 1024).parts.map(
          ({ first, last }) =>
            `${BigInt(first).toString(16).padStart(8, '0')}-${(BigInt(last) + 1n).toString(16).padStart(8, '0')}`,
        ),
        lines.map((line) => line.split(' ')[0]),
      );
    });

    it('a walk leads where the dump itself leads; every alias leads back', () => {
      const text = k.global('_text');
      const model = walkModel(atlas, text);
      assert.equal(BigInt(model?.page?.phys ?? -1), BigInt(k.space.walk(text).page?.phys ?? -2));
      const space = process();
      const user = atlas.spaces.rangesOf(space).find(({ rights }) => rights.user);
      assert.ok(user);
      const pfn = Math.floor((atlas.spaces.walk(space, user.start)?.page?.phys ?? NaN) / 4096);
      const { aliases } = aliasesBody(atlas, pfn);
      assert.ok(aliases.some(({ space: name }) => name === space.name));
      for (const { space: name, address } of aliases) {
        const through = atlas.spaces.all().find((each) => each.name === name);
        const va = parseAddress(address, k.pointerSize);
        assert.ok(through !== undefined && va !== undefined);
        assert.equal(atlas.spaces.walk(through, va)?.page?.phys, pfn * 4096, address);
      }
      const located = dumpLocate(atlas, k, pfn, 'pfn');
      assert.deepEqual(
        located.aliases.map(({ address }) => address),
        aliases.map(({ address }) => address),
      );
    });

    it('free lists are drgn’s, and a block is found on its list', () => {
      const { zones, migratetypes } = dumpFreeAreas(k);
      assert.deepEqual(
        zones.map(({ orders }) => orders.map(({ nrFree }) => nrFree)),
        told.zones.map(({ nr_free }) => nr_free),
      );
      told.zones.forEach(({ free_list }, zone) => {
        for (const [key, pfns] of Object.entries(free_list)) {
          const [order = 0, migratetype = 0] = key.split('.').map(Number);
          const body = dumpFreeBlocks(k, { zone, order, migratetype, start: 0, count: 4096 });
          assert.deepEqual(body, { order, pfns: pfns.slice(0, 4096), more: pfns.length > 4096 });
          const [pfn = 0] = pfns;
          assert.deepEqual(dumpLocate(atlas, k, pfn, 'pfn').area, {
            zone: zones[zone]?.name,
            order,
            migratetype: migratetypes[migratetype],
          });
        }
      });
      assert.equal(migratetypes[0], 'MIGRATE_UNMOVABLE');
      assert.equal(
        dumpFreeBlocks(k, { zone: 99, order: 0, migratetype: 0, start: 0, count: 1 }),
        undefined,
      );
    });

    it('says where an address lies that nothing is mapped at', () => {
      const { text, pfn } = dumpLocate(atlas, k, 0, 'virtual');
      assert.equal(pfn, undefined);
      assert.match(text, /^0x0+: user, not mapped$/);
      const far = dumpLocate(atlas, k, 2 ** 30, 'pfn');
      assert.match(far.text, /past the end of memory/);
      assert.equal(
        dumpLocate(atlas, k, asVirt(k.global('_text')), 'virtual').pfn !== undefined,
        true,
      );
    });
  });
