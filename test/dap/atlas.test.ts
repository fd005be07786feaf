/** The custom requests of the views of virtual memory, page walks, free lists and caches, through the protocol. */
import assert from 'node:assert/strict';
import path from 'node:path';
import type { CachesBody, SlabsBody } from '../../src/engine/view/atlas/caches.js';
import type {
  FreeAreasBody,
  FreeBlocksBody,
  NewestAttemptBody,
} from '../../src/engine/view/atlas/freeAreas.js';
import type { WalkBody } from '../../src/engine/view/atlas/pageWalk.js';
import type {
  AliasesBody,
  PagesBody,
  PartsBody,
  VirtualBody,
} from '../../src/engine/view/atlas/virtual.js';
import { recording } from '../recordings.js';
import { Drive, onScenario } from './drive.js';
import { build, withAdapter } from './session.js';

const STATE = path.resolve('examples/data/i386-highmem4g-slub-1G.trace.gz');

const onMachine = (what: object, test: (drive: Drive) => Promise<void>): Promise<void> =>
  withAdapter(async (client) => {
    const drive = new Drive(client, '');
    await drive.launch(what, { stopOnEntry: true });
    await test(drive);
  });

describe('views of the machine', function () {
  before(build);

  it('a step changes the free lists, and the newest attempt says how', () =>
    onScenario('blocks.mms', async (drive) => {
      const areas = (): Promise<FreeAreasBody> => drive.client.body('mmscope/freeAreas');
      const nothing = await drive.client.body<NewestAttemptBody>('mmscope/attempt');
      assert.deepEqual(nothing, {});
      const before = await areas();
      await drive.go('next');
      await drive.go('next');
      const after = await areas();
      assert.notDeepEqual(after, before);
      const { attempt } = await drive.client.body<NewestAttemptBody>('mmscope/attempt');
      assert.equal(attempt?.order, 3);
      assert.equal(attempt.failed, false);
      const block = Number((await drive.evaluate('page_to_pfn(block)')).result);
      assert.equal(attempt.pfn, block);
      const gave = attempt.passes[0]?.zones.find((zone) => zone.gave);
      assert.equal(gave?.zone, 'DMA32');
      assert.equal(gave.test?.mark, 'WMARK_LOW');
      // The order 3 list of the CPU was filled: its blocks, in order.
      const zone = after.zones.find(({ name }) => name === 'DMA32');
      const list = zone?.cpus[0]?.lists.find(({ order }) => order === 3);
      assert.ok(zone && list);
      const blocks = await drive.client.body<FreeBlocksBody>('mmscope/freeBlocks', {
        zone: zone.index,
        cpu: 0,
        pindex: list.pindex,
        start: 0,
        count: 100,
      });
      assert.equal(blocks.pfns.length, list.nrBlocks);
      await drive.go('stepBack');
      await drive.go('stepBack');
      assert.deepEqual(await areas(), before);
    }));

  it('an entry of a walk is set by its expression, and the walk shows it', () =>
    onScenario('tables.mms', async (drive) => {
      const walk = (expression: string): Promise<WalkBody> =>
        drive.client.body('mmscope/walk', { expression });
      const first = await walk('&vm_zone_stat');
      assert.equal(first.space, 'kernel');
      assert.equal(first.region, 'kernel image');
      const step = first.steps.at(-1);
      const bit = step?.bits.find(({ name }) => name === 'SW1');
      assert.ok(step?.expression !== undefined && bit?.expression !== undefined);
      assert.equal(
        BigInt((await drive.evaluate(step.expression)).result.split(' ')[0] ?? ''),
        BigInt(step.value),
      );
      const value = bit.set ? '0' : '1';
      await drive.client.body('setExpression', { expression: bit.expression, value });
      const second = await walk('&vm_zone_stat');
      const now = second.steps.at(-1) ?? assert.fail('no step');
      assert.equal(now.bits.find(({ name }) => name === 'SW1')?.set, !bit.set);
      assert.equal(BigInt(now.value) ^ BigInt(step.value), 1n << BigInt(bit.bit));
      // And it can be watched.
      const info = await drive.client.body<{ dataId: string | null }>('dataBreakpointInfo', {
        name: bit.expression,
      });
      assert.notEqual(info.dataId, null);
      const fault = await walk('0xd0000000');
      assert.equal(fault.fault?.kind, 'page fault');
      assert.equal(fault.page, undefined);
      const refused = await drive.client.failure('mmscope/walk', { expression: 'nothing' });
      assert.equal(refused.short, 'cannotEvaluate');
      assert.equal(
        (await drive.client.failure('mmscope/walk', { expression: '0', access: 'look' })).short,
        'badArguments',
      );
    }));

  it('a core: regions, parts, pages, aliases', () =>
    onMachine(
      { core: recording('cores/i386-highmem4g-slub-256M/before.vmcore.gz') },
      async ({ client }) => {
        const body = await client.body<VirtualBody>('mmscope/virtual', {});
        assert.equal(body.space, 'init (pid 1)');
        assert.equal(body.border?.highmemBytes, 64 << 20);
        const terms = body.border.terms.reduce((sum, { bytes }) => sum + bytes, 0);
        assert.equal(terms, body.border.maxLowmemBytes);
        const user = body.regions.find(({ kind }) => kind === 'user');
        assert.ok(user && user.nrParts > 5);
        const parts = await client.body<PartsBody>('mmscope/virtualParts', {
          region: user.id,
          start: 0,
          count: 3,
        });
        assert.equal(parts.total, user.nrParts);
        const [area] = parts.parts;
        const pages = await client.body<PagesBody>('mmscope/virtualPages', {
          first: area?.first,
          pagesPerCell: 1,
          cells: 8,
        });
        const pfn = pages.pfns?.find((each) => each > 0) ?? assert.fail('nothing mapped');
        const { aliases } = await client.body<AliasesBody>('mmscope/aliases', { pfn });
        assert.ok(
          aliases.some(({ space, region }) => space === 'init (pid 1)' && region === 'user'),
        );
        const kernel = await client.body<VirtualBody>('mmscope/virtual', { space: 'kernel' });
        assert.equal(kernel.regions.find(({ kind }) => kind === 'user')?.mappedBytes, 0);
        for (const [command, args] of [
          ['mmscope/virtual', { space: 'nobody' }],
          ['mmscope/virtualParts', { region: 'nowhere', start: 0, count: 1 }],
          ['mmscope/virtualPages', { first: '0xc0000000', pagesPerCell: 3, cells: 1 }],
          ['mmscope/freeBlocks', { zone: 0, order: 99, migratetype: 0, start: 0, count: 1 }],
          ['mmscope/slabs', { cache: '0xc0000000', start: 0, count: 1 }],
        ] as const)
          assert.equal((await client.failure(command, args)).short, 'badArguments', command);
      },
    ));

  it('a machine that was recorded without page tables and slabs says so', () =>
    onMachine({ state: STATE }, async ({ client }) => {
      const body = await client.body<VirtualBody>('mmscope/virtual', {});
      assert.deepEqual(body.spaces, []);
      assert.ok(
        body.regions.length > 5 &&
          body.regions.every(({ mappedBytes }) => mappedBytes === undefined),
      );
      assert.equal(
        (await client.failure('mmscope/walk', { expression: '0xc0000000' })).short,
        'cannotEvaluate',
      );
    }));

  it('caches, and the slabs of one', () =>
    onScenario('blocks.mms', async ({ client }) => {
      const { caches, allocator } = await client.body<CachesBody>('mmscope/caches');
      assert.equal(allocator, 'SLUB');
      const cache =
        caches.find(({ name }) => name === 'kmalloc-64') ?? assert.fail('no kmalloc-64');
      const body = await client.body<SlabsBody>('mmscope/slabs', {
        cache: cache.address,
        start: 0,
        count: 256,
      });
      assert.equal(body.total, cache.nrSlabs);
      assert.equal(body.places[0]?.name, 'CPU 0: slab');
      const nrObjects = body.slabs.reduce((sum, slab) => sum + slab.nrObjects, 0);
      assert.equal(nrObjects, cache.total);
      assert.equal(
        Buffer.from(body.slabs[0]?.objects ?? '', 'base64').length,
        body.slabs[0]?.nrObjects,
      );
      assert.equal(body.layout.at(-1)?.kind, 'freePointer');
    }));
});
