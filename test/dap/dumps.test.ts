/** A dump of an unmodified kernel in the debugger: its machine as variables, questions and commands in the console, its map. */
import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { writeSystemMap } from '../../src/engine/image/dump/symbols.js';
import type { FrameBody, MapBody } from '../../src/engine/view/map.js';
import { reportOf } from '../../src/engine/inspect/report.js';
import { openRandomAccess } from '../../src/files/randomAccessFile.js';
import { containerOf, framesOf, inspect, reducedBytes, reducedKernel } from '../dumps/dumps.js';
import { writeKdump } from '../dumps/kdumpWriter.js';
import { scratchFolder } from '../scratch.js';
import { Drive } from './drive.js';
import { build, CLIENT, withAdapter } from './session.js';

const DUMP = path.resolve('test/dumps/data/debian12-amd64-256M.kdump');

describe('a dump that describes itself', function () {
  before(build);

  it('opens without a profile: lists, caches, tasks, the console, the map', () =>
    withAdapter(async (client) => {
      const drive = new Drive(client, '');
      await drive.launch({ core: DUMP }, { stopOnEntry: true });
      assert.deepEqual(
        (await drive.scopes()).map(({ name }) => name),
        ['Machine', 'Globals'],
      );
      // A frame without a source is selected by no client: its variables would not be shown.
      const { source: told } = await drive.top();
      const { content } = await client.body<{ content: string }>('source', {
        sourceReference: told?.sourceReference ?? 0,
      });
      assert.match(content, /Linux 6\.1\..*\n[^]*nothing runs in it/);
      const zone = await drive.find('Machine', 'zone DMA32 (node 0)');
      assert.equal(zone.value, '32253 of 48786 pages free');
      const list = await drive.find(
        'Machine',
        'zone DMA32 (node 0)',
        'free_area[0]',
        'free_list[1]',
      );
      assert.equal(list.value, '6 blocks');
      const blocks = await drive.variables(list.variablesReference);
      assert.deepEqual(
        blocks.map(({ value }) => value),
        [12358, 7696, 32112, 32149, 16902, 32168].map((pfn) => `pfn 0x${pfn.toString(16)}`),
      );
      assert.equal((await drive.find('Machine', 'Caches')).value, '145');
      const prog = await drive.find('Machine', 'Processes', 'prog (pid 94)');
      assert.equal(prog.value, 'S (sleeping), rss 4 KiB of 11396 KiB');
      const slabs = await drive.find('Machine', 'Caches', 'dentry', 'partial');
      assert.match(slabs.value, /^\d+ slabs$/);

      assert.equal(await drive.value('max_pfn'), '0xffe0');
      assert.equal(await drive.value('sizeof(struct kmem_cache)'), '8408');
      const where = await drive.evaluate('where(12358)', 'repl');
      assert.match(where.result, /in a free block of order 0 .*free_list\[Movable\]/);
      assert.match(
        (await drive.evaluate('page(12358)', 'repl')).result,
        /first page of a free block/,
      );
      assert.match((await drive.evaluate('vtop ffffffff82a10000', 'repl')).result, /pfn 0x2a10/);
      assert.match(
        (await drive.evaluate('ps', 'repl')).result,
        /^ +1 +1 0xffff888004a12100 .* init$/m,
      );
      assert.equal((await drive.evaluate('vtop 0x1000 --c', 'repl')).result, 'walk(0x1000)');
      // Symbols, and C where it has no blanks, are addresses too.
      for (const name of ['slab_caches', '&slab_caches.next', 'slab_caches+0'])
        assert.match((await drive.evaluate(`rd ${name} 1`, 'repl')).result, /: {2}ffff888\w{9} /);
      const listed = await drive.evaluate('list task_struct.tasks &init_task.tasks', 'repl');
      assert.match(listed.result, /^0xffff888004a12100\n/);

      const all = { firstPfn: 0, framesPerCell: 64, cells: 2048 };
      const map = await client.body<MapBody>('mmscope/map', all);
      assert.equal(map.maxPfn, 65504);
      assert.equal(map.totals?.[3], 32253 + 3808, 'free frames');
      const frame = await client.body<FrameBody>('mmscope/frame', { pfn: 12358 });
      assert.match(frame.summary ?? '', /free block/);
    }));

  it('is written as an ELF core, which opens again with the same lists', () =>
    withAdapter(async (client) => {
      const drive = new Drive(client, '');
      await drive.launch({ core: DUMP }, { stopOnEntry: true });
      const file = path.join(scratchFolder(), 'out.vmcore');
      const { sizeBytes } = await client.body<{ sizeBytes: number }>('mmscope/export', {
        path: file,
      });
      assert.equal(statSync(file).size, sizeBytes);
      const { zones, caches } = reportOf(inspect(await openRandomAccess(file)));
      const before = reportOf(reducedKernel());
      assert.deepEqual([zones, caches], [before.zones, before.caches]);
      const { message } = await client.failure('mmscope/export', { path: '/no/such/folder/x' });
      assert.match(message, /Cannot write \/no\/such\/folder\/x: there is no such file/);
    }));

  it('tells whether a request would succeed', () =>
    withAdapter(async (client) => {
      const drive = new Drive(client, '');
      await drive.launch({ core: DUMP }, { stopOnEntry: true });
      const { result, variablesReference } = await drive.evaluate('verdict(GFP_KERNEL, 3)', 'repl');
      assert.match(result, /^Yes: order 3 by GFP_KERNEL succeeds now, from node 0 DMA32\./);
      const facts = await drive.variables(variablesReference);
      assert.equal(facts.find(({ name }) => name === 'succeeds')?.value, 'true');
    }));

  it('refuses to run a scenario on it, and says why', () =>
    withAdapter(async (client) => {
      await client.send('initialize', CLIENT);
      const program = path.resolve('examples/compound-1-today.mms');
      const { message } = await client.failure('launch', { program, core: DUMP });
      assert.match(message, /cannot run on .*6\.1\.0-57-amd64/s);
    }));

  it('says what it cannot do, and does what it says', () =>
    withAdapter(async (client) => {
      const drive = new Drive(client, '');
      await drive.launch({ core: DUMP }, { stopOnEntry: true });
      const { frameId } = { frameId: (await drive.top()).id };
      const call = await client.failure('evaluate', { expression: '*pfn_to_page(1)', frameId });
      assert.match(call.sentence, /^not on this dump: this kernel has no \w+$/);
      // Its kernel does not run here, under no name.
      const [own] = await drive.setFunctions([{ name: 'alloc_pages' }]);
      const [line] = await drive.setLines([{ line: 1 }], 'mmscope-kernel/mm/page_alloc.c');
      assert.deepEqual([own?.verified, line?.verified], [false, false]);
      assert.deepEqual((await client.body<{ sources: [] }>('loadedSources')).sources, []);
      const step = await client.failure('next', { threadId: 1 });
      assert.doesNotMatch(step.sentence, /debug console/);
      const reference = { memoryReference: 'phys:0x1000', offset: -5000 };
      assert.equal(
        (await client.failure('readMemory', { ...reference, count: 9 })).short,
        'badAddress',
      );
      const many = { memoryReference: '0xffffffff81000000', instructionCount: 10_001 };
      assert.match((await client.failure('disassemble', many)).sentence, /at most 10000/);
      // As `mmscope info DUMP --proc` has it.
      assert.match(await drive.value('proc("94/maps")'), / \/bin\/prog$/m);
      assert.match(await drive.value('proc("buddyinfo")'), /^Node 0, zone +DMA32/m);
      const none = await client.failure('evaluate', { expression: 'proc("nothing")', frameId });
      assert.match(none.sentence, /There is no file 'nothing': write buddyinfo/);
    }));

  describe('whose kernel does not say where kallsyms lies', () => {
    const folder = scratchFolder();
    const core = path.join(folder, 'older');
    before(() => {
      const container = containerOf(reducedBytes());
      const { memory, vmcoreinfo = '' } = container;
      writeFileSync(
        core,
        writeKdump({
          frames: framesOf(container),
          nrFrames: memory.endFrame,
          vmcoreinfo: vmcoreinfo.replaceAll(/^SYMBOL\(kallsyms.*\n/gm, ''),
        }),
      );
    });

    it('names the vmlinux that it wants, for the client to ask for', () =>
      withAdapter(async (client) => {
        await client.send('initialize', CLIENT);
        const { response } = await client.failure('launch', { core });
        assert.equal(response.message, 'wantsVmlinux');
        const { id, showUser, url, variables } = response.body.error ?? {};
        assert.deepEqual([id, showUser, url], [2009, false, undefined]);
        const { release, buildId, sentence = '' } = variables ?? {};
        assert.equal(release, '6.1.0-57-amd64');
        assert.equal(buildId, '6a2b4ac77585b8cf102cba771300e573c8489b69');
        assert.match(sentence, /Give its vmlinux, or its System\.map/);
      }));

    it('opens with a System.map', () =>
      withAdapter(async (client) => {
        const { dump } = reducedKernel();
        const systemMap = path.join(folder, 'System.map');
        const symbols = dump.symbols.names().flatMap((name) => dump.symbols.find(name) ?? []);
        writeFileSync(systemMap, writeSystemMap(symbols));
        const drive = new Drive(client, '');
        await drive.launch({ core, systemMap }, { stopOnEntry: true });
        assert.equal((await drive.find('Machine', 'Caches')).value, '145');
      }));
  });
});
