/** Views of the machine as it was at another time: what is told is what was told then, and the machine stands where it stood. */
import assert from 'node:assert/strict';
import path from 'node:path';
import type { CachesBody, SlabObjectsBody, SlabsBody } from '../../src/engine/view/atlas/caches.js';
import type { PartsBody, VirtualBody } from '../../src/engine/view/atlas/virtual.js';
import type { ClockBody } from '../../src/engine/view/map.js';
import type { TimelineBody } from '../../src/engine/view/timeline.js';
import { Drive } from './drive.js';
import { build, withAdapter } from './session.js';

const VIEWS = path.resolve('test/web/scenarios/views.mms');

const onProgram = (program: string, test: (drive: Drive) => Promise<void>): Promise<void> =>
  withAdapter(async (client) => {
    const drive = new Drive(client, '');
    await drive.launch({ program: path.resolve(program) }, { stopOnEntry: true, stopAtEnd: true });
    await test(drive);
  });

/** Steps, `count` times. */
async function next(drive: Drive, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await drive.go('next');
}

describe('the machine at another time', function () {
  before(build);

  it('every view tells what it told then', () =>
    onProgram(VIEWS, async (drive) => {
      const { client } = drive;
      await next(drive, 3);
      const { regions } = await client.body<VirtualBody>('mmscope/virtual', {});
      const { caches } = await client.body<CachesBody>('mmscope/caches', {});
      const pkmap = regions.find(({ kind }) => kind === 'pkmap') ?? assert.fail('no pkmap');
      const cache = caches.find(({ name }) => name === 'kmalloc-128') ?? assert.fail('no cache');
      const questions: readonly (readonly [string, object])[] = [
        ['mmscope/virtual', {}],
        ['mmscope/virtualParts', { region: pkmap.id, start: 0, count: 8 }],
        ['mmscope/virtualPages', { first: pkmap.first, pagesPerCell: 1, cells: 16 }],
        ['mmscope/walk', { expression: pkmap.first }],
        ['mmscope/freeAreas', {}],
        ['mmscope/caches', {}],
        ['mmscope/slabs', { cache: cache.address, start: 0, count: 8 }],
      ];
      const askAll = (at?: number): Promise<readonly unknown[]> =>
        Promise.all(
          questions.map(([name, args]) =>
            client.body(name, { ...args, ...(at !== undefined && { at }) }),
          ),
        );
      const { now } = await client.body<ClockBody>('mmscope/clock');
      const then = await askAll();
      await next(drive, 9);
      const later = await askAll();
      assert.deepEqual(await askAll(now), then);
      assert.deepEqual(await askAll(), later);
      later.forEach((body, i) => {
        // The first slot of pkmap keeps its page.
        if (
          !['mmscope/walk', 'mmscope/virtualPages', 'mmscope/virtualParts'].includes(
            questions[i]?.[0] ?? '',
          )
        )
          assert.notDeepEqual(body, then[i], questions[i]?.[0]);
      });
      const { now: end } = await client.body<ClockBody>('mmscope/clock');
      assert.match(
        (await client.failure('mmscope/freeAreas', { at: end + 1_000_000 })).sentence,
        /'at' must be a whole number from \d+ to \d+/,
      );
    }));

  it('objects of given slabs, and none of what was no slab of the cache then', () =>
    onProgram(VIEWS, async (drive) => {
      const { client } = drive;
      await next(drive, 8);
      const { now: at } = await client.body<ClockBody>('mmscope/clock');
      await next(drive, 3);
      const { caches } = await client.body<CachesBody>('mmscope/caches', {});
      const { address: cache } =
        caches.find(({ name }) => name === 'kmalloc-128') ?? assert.fail('no cache');
      const { slabs } = await client.body<SlabsBody>('mmscope/slabs', {
        cache,
        start: 0,
        count: 8,
      });
      const pfns = [...slabs.map(({ pfn }) => pfn), 1];
      const now = await client.body<SlabObjectsBody>('mmscope/slabObjects', { cache, pfns });
      assert.deepEqual(
        now.slabs,
        slabs.map(({ pfn, objects }) => [pfn, objects]),
      );
      const then = await client.body<SlabObjectsBody>('mmscope/slabObjects', { cache, pfns, at });
      assert.ok(then.slabs.length > 0);
      assert.notDeepEqual(then.slabs, now.slabs);
    }));

  it('the page of parts, and of slabs, that holds something', () =>
    onProgram(VIEWS, async (drive) => {
      const { client } = drive;
      await next(drive, 12);
      const { regions } = await client.body<VirtualBody>('mmscope/virtual', {});
      const pkmap = regions.find(({ kind }) => kind === 'pkmap') ?? assert.fail('no pkmap');
      const address = `0x${(BigInt(pkmap.first) + 300n * 4096n).toString(16)}`;
      const args = { region: pkmap.id, start: 0, count: 64, holding: address };
      const { start, parts, total } = await client.body<PartsBody>('mmscope/virtualParts', args);
      assert.equal(start, 256);
      assert.equal(parts.length, 64);
      assert.ok(total >= 512);
      assert.ok(parts.some(({ first }) => BigInt(first) === BigInt(address)));
      const { caches } = await client.body<CachesBody>('mmscope/caches', {});
      const { address: cache } =
        caches.find(({ nrSlabs }) => nrSlabs > 4) ?? assert.fail('no cache of five slabs');
      const all = await client.body<SlabsBody>('mmscope/slabs', { cache, start: 0, count: 256 });
      const { pfn: holding } = all.slabs[3] ?? assert.fail('no fourth slab');
      const page = await client.body<SlabsBody>('mmscope/slabs', {
        cache,
        start: 0,
        count: 2,
        holding,
      });
      assert.equal(page.start, 2);
      assert.deepEqual(page.slabs, all.slabs.slice(2, 4));
    }));
});

describe('lanes of the timeline', function () {
  before(build);

  it('say which CPU was in use when, from the beginning on', () =>
    onProgram('examples/two-cpus.mms', async (drive) => {
      await drive.go('continue');
      const body = await drive.client.body<TimelineBody>('mmscope/timeline', { buckets: 200 });
      assert.equal(body.nrCpus, 2);
      assert.equal(body.cpusUsed[0], 1);
      const both = body.cpusUsed.reduce((all, bits) => all | bits, 0);
      assert.equal(both, 3);
      assert.ok(body.cpusUsed.every((bits) => bits > 0));
      assert.ok(body.tasksRan.every((bits) => bits === 1));
    }));
});
