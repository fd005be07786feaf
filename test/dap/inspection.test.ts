/** Machines without a scenario, and the map of physical memory. */
import assert from 'node:assert/strict';
import path from 'node:path';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import type { FrameBody, MapBody } from '../../src/engine/view/map.js';
import { kindOfState, PAGE_KINDS } from '../../src/engine/view/pageState.js';
import { recording } from '../recordings.js';
import { Drive, lineOf, onScenario } from './drive.js';
import { build, withAdapter } from './session.js';

const STATE = path.resolve('examples/data/i386-highmem4g-slub-1G.trace.gz');

const onMachine = (what: object, test: (drive: Drive) => Promise<void>): Promise<void> =>
  withAdapter(async (client) => {
    const drive = new Drive(client, '');
    await drive.launch(what, { stopOnEntry: true });
    await test(drive);
  });

/** One byte a cell. */
const statesOf = (body: MapBody): Buffer => Buffer.from(body.states, 'base64');

const map = (drive: Drive, args: object): Promise<MapBody> =>
  drive.client.body('mmscope/map', { firstPfn: 0, framesPerCell: 1, cells: 0, ...args });

describe('inspection', function () {
  before(build);

  it('a recorded state: one thread that stands still, everything to be looked at', () =>
    onMachine({ state: STATE }, async (drive) => {
      const { threads } = await drive.client.body<{ threads: Dap.Thread[] }>('threads');
      assert.deepEqual(threads, [{ id: 1, name: 'machine' }]);
      const frames = await drive.frames();
      assert.equal(frames.length, 1);
      assert.match(frames[0]?.name ?? '', /i386-highmem4g-slub/);
      assert.deepEqual(
        (await drive.scopes()).map(({ name }) => name),
        ['Machine', 'Globals', 'CPU'],
      );
      const normal = await drive.find('Machine', 'zone Normal', 'free_area[10]');
      assert.match(normal.value, /free block/);
      assert.equal(await drive.value('sizeof(struct page)'), '32');
      for (const command of ['continue', 'next', 'stepIn', 'reverseContinue'])
        assert.equal((await drive.client.failure(command, { threadId: 1 })).short, 'notRunnable');
    }));

  it('the console calls kernel functions on it', () =>
    onMachine({ state: STATE }, async (drive) => {
      const hash = await drive.hash();
      const pfn = await drive.evaluate(
        'page_to_pfn(alloc_pages(GFP_KERNEL | __GFP_COMP, 3))',
        'repl',
      );
      assert.notEqual(await drive.hash(), hash);
      const frame = await drive.client.body<FrameBody>('mmscope/frame', {
        pfn: Number(pfn.result),
      });
      assert.equal(PAGE_KINDS[kindOfState(frame.state)]?.name, 'compoundHead');
      assert.match(frame.summary ?? '', /head of a compound page of order 3/);
    }));

  it('a core', () =>
    onMachine({ core: recording('cores/x86_64-slub-192M/before.vmcore.gz') }, async (drive) => {
      assert.match((await drive.frames())[0]?.name ?? '', /x86_64-slub/);
      const banner = await drive.value('linux_banner');
      assert.match(banner, /Linux version 6\.1/);
    }));

  it('the map: zones, states, totals, one frame', () =>
    onScenario('blocks.mms', async (drive) => {
      const outline = await map(drive, {});
      assert.deepEqual(
        outline.zones.map(({ name }) => name),
        ['DMA', 'DMA32'],
      );
      assert.equal(outline.states, '');
      const all = await map(drive, { cells: 1 << 18 });
      assert.equal(statesOf(all).length, all.maxPfn);
      assert.equal(
        all.totals?.reduce((a, b) => a + b, 0),
        all.maxPfn,
      );
      await drive.setLines([{ line: lineOf(drive.program, 'unlock') }]);
      await drive.go('continue');
      const page = await drive.evaluate('page_to_pfn(page)');
      const block = await drive.evaluate('page_to_pfn(block)');
      const later = statesOf(await map(drive, { cells: 1 << 18 }));
      const kindAt = (pfn: number): string => PAGE_KINDS[kindOfState(later[pfn] ?? 0)]?.name ?? '';
      assert.equal(kindAt(Number(page.result)), 'locked');
      assert.equal(kindAt(Number(block.result)), 'compoundHead');
      assert.equal(kindAt(Number(block.result) + 7), 'compoundTail');
      const frame = await drive.client.body<FrameBody>('mmscope/frame', {
        pfn: Number(page.result),
      });
      assert.ok(frame.flags.includes('PG_locked'));
      assert.equal((await drive.evaluate(frame.expression ?? '')).memoryReference, frame.page);
      const bytes = await drive.client.body<Dap.ReadMemoryResponse['body']>('readMemory', {
        memoryReference: frame.memoryReference,
        count: 4096,
      });
      assert.equal(Buffer.from(bytes?.data ?? '', 'base64').length, 4096);
      // Back to where nothing was allocated: the map follows.
      await drive.go('reverseContinue');
      const again = await map(drive, { cells: 1 << 18 });
      assert.deepEqual(statesOf(again), statesOf(all));
      for (const args of [{ framesPerCell: 3 }, { firstPfn: 1, framesPerCell: 2 }, { cells: 1e9 }])
        assert.equal(
          (
            await drive.client.failure('mmscope/map', {
              firstPfn: 0,
              framesPerCell: 1,
              cells: 1,
              ...args,
            })
          ).short,
          'badArguments',
        );
      assert.equal(
        (await drive.client.failure('mmscope/frame', { pfn: 1 << 30 })).short,
        'noSuchPage',
      );
    }));

  it('64 GiB: a step takes less than 5 ms, the whole map not much more', () =>
    onScenario(
      'large.mms',
      async (drive) => {
        // Everything is warm after the first turns.
        for (let i = 0; i < 20; i++) await drive.go('next');
        const times: number[] = [];
        for (let i = 0; i < 60; i++) {
          const start = drive.client.cpuMs;
          await drive.go(i % 3 === 2 ? 'stepBack' : 'next');
          times.push(drive.client.cpuMs - start);
        }
        times.sort((a, b) => a - b);
        const median = times[times.length >> 1] ?? Infinity;
        assert.ok(median < 5, `median step ${median.toFixed(2)} ms`);
        const outline = await map(drive, {});
        assert.ok(outline.maxPfn >= 1 << 24);
        const overview = { framesPerCell: 64, cells: 1 << 18 };
        await map(drive, overview);
        await drive.go('next');
        const start = drive.client.cpuMs;
        const body = await map(drive, overview);
        const ms = drive.client.cpuMs - start;
        assert.equal(statesOf(body).length, Math.min(1 << 18, Math.ceil(outline.maxPfn / 64)));
        assert.ok(ms < 250, `the map took ${ms.toFixed(0)} ms`);
      },
      { isAlone: true },
    ));
});
