/** Data breakpoints: on variables, on bytes, on one flag of one page; who wrote, and what it was before. */
import assert from 'node:assert/strict';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { lineOf, onScenario, scenario, type Drive } from './drive.js';
import { build } from './session.js';

type Info = Dap.DataBreakpointInfoResponse['body'];

const BLOCKS = scenario('blocks.mms');
const at = (marker: string): number => lineOf(BLOCKS, marker);

const info = (drive: Drive, args: Dap.DataBreakpointInfoArguments): Promise<Info> =>
  drive.client.body('dataBreakpointInfo', args);

async function reach(drive: Drive, marker: string): Promise<void> {
  await drive.setLines([{ line: at(marker) }]);
  await drive.go('continue');
  await drive.setLines([]);
}

describe('data breakpoints', function () {
  before(build);

  it('stops when PG_locked of a page changes, in lock_page()', () =>
    onScenario('blocks.mms', async (drive) => {
      await reach(drive, 'lock');
      const flag = await drive.find('Locals', 'page', 'flags', 'PG_locked');
      assert.equal(flag.value, '0');
      const found = await info(drive, { variablesReference: flag.parent, name: 'PG_locked' });
      assert.match(found.dataId ?? '', /^page:0x[0-9a-f]+\/flags\/PG_locked$/);
      assert.deepEqual(
        [found.accessTypes, found.canPersist],
        [['write', 'read', 'readWrite'], true],
      );
      const [breakpoint] = await drive.setData([{ dataId: found.dataId ?? '' }]);
      assert.equal(breakpoint?.verified, true);
      const stop = await drive.go('continue');
      assert.equal(stop.reason, 'data breakpoint');
      assert.deepEqual(stop.hitBreakpointIds, [breakpoint.id]);
      assert.match(
        stop.text ?? '',
        /^PG_locked of page 0x[0-9a-f]+: 0 -> 1 in test_and_set_bit\(\) <- folio_trylock\(\) <- folio_lock\(\) <- lock_page\(\)$/,
      );
      const names = await drive.names();
      assert.deepEqual(names, [
        'test_and_set_bit',
        'folio_trylock',
        'folio_lock',
        'lock_page',
        'main',
      ]);
      // The stop is behind the write.
      assert.equal((await drive.evaluate('PageLocked(page)')).result, '1');
      const next = await drive.go('continue');
      assert.match(
        next.text ?? '',
        /1 -> 0 in clear_bit_unlock_is_negative_byte\(\) <- folio_unlock\(\) <- unlock_page\(\)/,
      );
      const back = await drive.go('reverseContinue');
      assert.equal(back.text, stop.text);
      assert.deepEqual(await drive.names(), names);
      assert.equal((await drive.go('stepBack')).reason, 'step');
    }));

  it('watches what an expression denotes, and what a pointer points to', () =>
    onScenario('blocks.mms', async (drive) => {
      await reach(drive, 'lock');
      const frameId = (await drive.top()).id;
      const ask = (name: string): Promise<Info> => info(drive, { name, frameId });
      const count = await ask('page->_refcount.counter');
      assert.match(count.dataId ?? '', /^mem:0x[0-9a-f]{16}\+4$|^page:0x[0-9a-f]+\/_refcount$/);
      const flags = await ask('&page->flags');
      assert.match(flags.dataId ?? '', /^page:0x[0-9a-f]+\/flags$/);
      const local = await ask('counter');
      assert.match(local.dataId ?? '', /^mem:/);
      const free = await ask('contig_page_data.node_zones[1].vm_stat[NR_FREE_PAGES]');
      assert.notEqual(free.dataId, null);
      assert.equal((await ask('1 + 2')).dataId, null);
      assert.match((await ask('nothing')).description, /nothing/);
      await drive.setData([{ dataId: count.dataId ?? '' }]);
      const stop = await drive.go('continue');
      assert.match(stop.text ?? '', /put_page_testzero\(\)/);
      assert.equal(await drive.value('page->_refcount.counter'), '0');
    }));

  it('variables of the script: behind the statement that wrote', () =>
    onScenario('blocks.mms', async (drive) => {
      const { dataId } = await info(drive, { name: 'counter', frameId: (await drive.top()).id });
      await drive.setData([{ dataId: dataId ?? '', condition: 'new == 1 && old == 0' }]);
      const stop = await drive.go('continue');
      assert.equal(stop.text, 'counter: 0 -> 1');
      assert.deepEqual(await drive.names(), ['take', 'main']);
      assert.equal(await drive.line(), at('take: count') + 1);
    }));

  it('bytes by address', () =>
    onScenario('blocks.mms', async (drive) => {
      await reach(drive, 'lock');
      const address = (await drive.evaluate('page')).memoryReference ?? '';
      const found = await info(drive, { name: address, asAddress: true, bytes: 8 });
      assert.equal(found.dataId, `mem:${address}+8`);
      await drive.setData([{ dataId: found.dataId }]);
      assert.equal((await drive.go('continue')).reason, 'data breakpoint');
      assert.equal(
        (await drive.client.failure('dataBreakpointInfo', { name: 'x', asAddress: true })).short,
        'badAddress',
      );
      const nowhere = await info(drive, { name: '0x10', asAddress: true, bytes: 4 });
      assert.equal(nowhere.dataId, null);
    }));

  it('a pointer written as two words is one stop', () =>
    onScenario('blocks.mms', async (drive) => {
      await reach(drive, 'page');
      const { dataId } = await info(drive, { name: 'page', frameId: (await drive.top()).id });
      await drive.setData([{ dataId: dataId ?? '' }]);
      const stop = await drive.go('continue');
      assert.match(stop.text ?? '', /^page: 0x0 -> 0xffffea[0-9a-f]+$/);
      assert.equal(await drive.line(), at('lock'));
    }));

  it('refuses names without memory, with the reason', () =>
    onScenario('blocks.mms', async (drive) => {
      const [nonsense] = await drive.setData([{ dataId: 'no:such' }]);
      assert.match(nonsense?.message ?? '', /does not name memory/);
      const zone = await drive.find('Machine', 'image');
      const refused = await info(drive, { variablesReference: zone.parent, name: 'image' });
      assert.equal(refused.dataId, null);
      assert.match(refused.description, /computed from other values/);
    }));

  it('hit conditions, and the same stops backward', () =>
    onScenario('blocks.mms', async (drive) => {
      await drive.go('next');
      const { dataId } = await info(drive, {
        name: 'contig_page_data.node_zones[1].per_cpu_pageset->count',
        frameId: (await drive.top()).id,
      });
      assert.ok(dataId);
      await drive.setData([{ dataId, hitCondition: '% 3' }]);
      await drive.setLines([{ line: at('print') }]);
      const there: string[] = [];
      for (;;) {
        const stop = await drive.go('continue');
        if (stop.reason === 'breakpoint') break;
        there.push(`${stop.text ?? ''} ${await drive.hash()}`);
      }
      assert.ok(there.length > 3, `${there.length} stops`);
      for (const seen of there.toReversed()) {
        const stop = await drive.go('reverseContinue');
        assert.equal(`${stop.text ?? ''} ${await drive.hash()}`, seen);
      }
    }));
});
