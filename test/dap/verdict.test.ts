/** What the allocator considered: in the variables, by verdict(), and where an allocation failed. */
import assert from 'node:assert/strict';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import type { VerdictBody } from '../../src/engine/view/map.js';
import { lineOf, onScenario, scenario, type Drive } from './drive.js';
import { build } from './session.js';

const HAPPENINGS = scenario('happenings.mms');
const at = (marker: string): number => lineOf(HAPPENINGS, marker);

async function runTo(drive: Drive, marker: string): Promise<void> {
  await drive.setLines([{ line: at(marker) }]);
  await drive.go('continue');
}

const verdict = (drive: Drive): Promise<string> => drive.value('verdict()');

describe('verdicts', function () {
  before(build);

  it('every attempt has one, also that which succeeds', () =>
    onScenario('happenings.mms', async (drive) => {
      assert.equal(await verdict(drive), 'none yet');
      await runTo(drive, 'refill');
      assert.match(await verdict(drive), /^order 8: pfn 0x100, /);
      await drive.go('next');
      const refilled = await verdict(drive);
      assert.match(
        refilled,
        /^order 0: pfn 0x[0-9a-f]+, from the list of CPU 0 in zone DMA, refilled with up to \d+ blocks?, stolen$/,
      );
      await drive.go('next');
      assert.match(
        await verdict(drive),
        /^order 5: pfn 0x[0-9a-f]+, a free block of MIGRATE_UNMOVABLE in zone DMA$/,
      );
      await drive.go('next');
      const stolen = await verdict(drive);
      assert.match(
        stolen,
        /^order 4: pfn 0x[0-9a-f]+, split from a block of order 10 of MIGRATE_RECLAIMABLE in zone DMA, stolen from MIGRATE_MOVABLE with its pageblock$/,
      );
      // Statements that allocate nothing change nothing about it.
      await drive.go('next');
      assert.equal(await verdict(drive), stolen);
      // It belongs to the place, not to the moment.
      for (let i = 0; i < 3; i++) await drive.go('stepBack');
      assert.equal(await verdict(drive), refilled);
    }));

  it('is a tree in the scope of the machine', () =>
    onScenario('happenings.mms', async (drive) => {
      await runTo(drive, 'fallback');
      await drive.go('next');
      const node = await drive.find('Machine', 'last allocation');
      assert.equal(node.value, await verdict(drive));
      const value = async (...names: string[]): Promise<string> =>
        (await drive.find('Machine', 'last allocation', ...names)).value;
      assert.equal(await value('request', 'order'), '4');
      assert.equal(await value('request', 'gfp'), 'GFP_KERNEL|GFP_DMA|__GFP_RECLAIMABLE');
      assert.equal(await value('request', 'migratetype'), 'MIGRATE_RECLAIMABLE');
      const pass = 'pass 1: fast path';
      assert.equal(await value(pass), 'ALLOC_WMARK_LOW | ALLOC_KSWAPD');
      const zone = await value(pass, 'zone DMA');
      const numbers =
        /^(\d+) free - 15 taken \(2\^4 - 1\) = (\d+) usable > WMARK_LOW (\d+)(?: \+ boost \d+)?: passes$/.exec(
          zone,
        );
      assert.ok(numbers, zone);
      assert.equal(Number(numbers[1]) - 15, Number(numbers[2]));
      assert.equal(await value(pass, 'zone DMA', 'watermark', '_watermark[WMARK_LOW]'), numbers[3]);
      assert.match(
        await value(pass, 'zone DMA', 'free lists', 'order 10'),
        /^\d+ blocks?: MIGRATE_MOVABLE$/,
      );
      assert.equal(
        await value(pass, 'zone DMA', '1. buddy lists of MIGRATE_RECLAIMABLE'),
        'no block of order 4 or above',
      );
      assert.match(
        await value(pass, 'zone DMA', '2. fallback for MIGRATE_RECLAIMABLE'),
        /^a block of order 10 of MIGRATE_MOVABLE, pfn 0x[0-9a-f]+, with its pageblock$/,
      );
      assert.equal(
        await value(pass, 'zone DMA', '3. buddy lists of MIGRATE_RECLAIMABLE'),
        'a block of order 10, to be split',
      );
      assert.match(await value('the one before'), /^order 5: /);
      assert.match(await value('the one before', 'the one before'), /^order 0: /);
    }));

  it('of a failure it says what was there and why it would not do', () =>
    onScenario('failures.mms', async (drive) => {
      await drive.client.body('setExceptionBreakpoints', {
        filters: [],
        filterOptions: [{ filterId: 'allocation-failure', condition: 'gfp & __GFP_NORETRY' }],
      });
      const stop = await drive.go('continue');
      const reason =
        /DMA32: \d+ blocks? of order 10 (is|are) CMA, unusable for GFP_KERNEL\|__GFP_NORETRY without __GFP_MOVABLE; DMA: 768 free - 1023 taken \(2\^10 - 1\) = -255 usable, not above WMARK_MIN \d+ \+ lowmem_reserve \d+$/;
      assert.match(stop.text ?? '', reason);
      const sentence = await verdict(drive);
      assert.match(sentence, /^order 10 failed: /);
      assert.match(sentence, reason);
      const info: Dap.ExceptionInfoResponse['body'] = await drive.client.body('exceptionInfo', {
        threadId: drive.threadId,
      });
      const lines = info.details?.stackTrace?.split('\n') ?? [];
      assert.equal(lines[0], 'order 10, GFP_KERNEL|__GFP_NORETRY');
      assert.ok(
        lines.includes('entered direct compaction, which moves nothing yet'),
        lines.join('\n'),
      );
      assert.ok(
        lines.some((line) => /^ {2}DMA32: .*: enough, but no usable block$/.test(line)),
        lines.join('\n'),
      );
    }));

  it('in the middle of an attempt it tells how far that has come', () =>
    onScenario('happenings.mms', async (drive) => {
      await drive.setFunctions([{ name: '__rmqueue_fallback', condition: 'order == 4' }]);
      await drive.go('continue');
      assert.equal(await verdict(drive), 'order 4 under way in zone DMA');
      await drive.go('stepBack');
      await drive.setFunctions([{ name: '__alloc_pages', condition: 'order == 4' }]);
      await drive.go('reverseContinue');
      assert.equal(await verdict(drive), 'order 4 under way');
    }));

  it('is offered where expressions are typed, and to the map', () =>
    onScenario('happenings.mms', async (drive) => {
      const { targets } = await drive.client.body<Dap.CompletionsResponse['body']>('completions', {
        text: 'verd',
        column: 5,
        frameId: (await drive.top()).id,
      });
      assert.ok(targets.some(({ label }) => label === 'verdict'));
      const asked = (): Promise<VerdictBody> => drive.client.body('mmscope/verdict');
      assert.deepEqual(await asked(), { lines: [], failed: false });
      await runTo(drive, 'split');
      await drive.go('next');
      const { sentence, lines, failed, pfn } = await asked();
      assert.equal(sentence, await verdict(drive));
      assert.equal(lines[0], 'order 5, GFP_KERNEL|GFP_DMA');
      assert.equal(failed, false);
      assert.equal(pfn, Number((await drive.evaluate('page_to_pfn(kept)')).result));
    }));

  it('calls from the debug console have theirs', () =>
    onScenario('happenings.mms', async (drive) => {
      await drive.evaluate('alloc_pages(GFP_KERNEL, 3)', 'repl');
      assert.match(await verdict(drive), /^order 3: pfn/);
      await drive.evaluate('alloc_pages(GFP_KERNEL | __GFP_NOWARN, 11)', 'repl');
      const { result, variablesReference } = await drive.evaluate('verdict()', 'repl');
      assert.equal(result, 'order 11 failed: no block is larger than order 10 (MAX_ORDER is 11)');
      const before = (await drive.variables(variablesReference)).at(-1);
      assert.equal(before?.name, 'the one before');
      assert.match(before.value, /^order 3: pfn/);
      await drive.go('stepBack');
      assert.equal(await verdict(drive), 'none yet');
    }));

  it('calls from the debug console inside a statement stay where they were made', () =>
    onScenario('happenings.mms', async (drive) => {
      await drive.setFunctions([{ name: '__rmqueue_fallback', condition: 'order == 4' }]);
      await drive.go('continue');
      await drive.setFunctions([]);
      const underWay = 'order 4 under way in zone DMA';
      await drive.evaluate('alloc_pages(GFP_KERNEL, 1)', 'repl');
      const made = await verdict(drive);
      assert.match(made, /^order 1: pfn/);
      const before = async (): Promise<string> => {
        const { variablesReference } = await drive.evaluate('verdict()');
        return (await drive.variables(variablesReference)).at(-1)?.value ?? '';
      };
      assert.equal(await before(), underWay);
      await drive.go('stepIn');
      assert.equal(await verdict(drive), made);
      assert.equal(await before(), underWay);
      await drive.setLines([{ line: at('one less') }]);
      await drive.go('continue');
      assert.equal(await verdict(drive), made);
      assert.match(await before(), /^order 4: pfn/);
      await drive.setLines([]);
      await drive.setFunctions([{ name: '__alloc_pages', condition: 'order == 4' }]);
      await drive.go('reverseContinue');
      assert.equal(await verdict(drive), 'order 4 under way');
    }));

  it('of a call that writes nothing, until the machine moves', () =>
    onScenario('happenings.mms', async (drive) => {
      await drive.setFunctions([{ name: '__rmqueue_fallback', condition: 'order == 4' }]);
      await drive.go('continue');
      await drive.evaluate('alloc_pages(GFP_KERNEL | __GFP_NOWARN, 11)', 'repl');
      assert.match(await verdict(drive), /^order 11 failed/);
      await drive.go('stepIn');
      assert.equal(await verdict(drive), 'order 4 under way in zone DMA');
    }));

  it('the reserve for atomic requests: filled, used, closed to others, given up', () =>
    onScenario('highatomic.mms', async (drive) => {
      const lines = async (): Promise<string> => {
        const body: VerdictBody = await drive.client.body('mmscope/verdict');
        return body.lines.join('\n');
      };
      const behind = async (marker: string): Promise<string> => {
        const line = lineOf(drive.program, marker);
        if ((await drive.line()) !== line) {
          await drive.setLines([{ line }]);
          await drive.go('continue');
        }
        await drive.go('next');
        return verdict(drive);
      };
      await drive.setFunctions([
        { name: 'pageblock-type', condition: 'migratetype == MIGRATE_HIGHATOMIC' },
      ]);
      await drive.go('continue');
      await drive.setFunctions([]);
      assert.match(
        await verdict(drive),
        /^order 2: pfn 0x[0-9a-f]+, from .*; its pageblock is MIGRATE_HIGHATOMIC now$/,
      );
      await behind('all taken');
      const [fast = '', slow = ''] = (await lines()).split('\nslow path');
      assert.match(
        fast,
        /DMA32: \d+ free - 4096 CMA - \d+ highatomic - 3 taken \(2\^2 - 1\) = -?\d+ usable <= WMARK_LOW/,
      );
      assert.match(fast, /MIGRATE_HIGHATOMIC \(unusable without ALLOC_HIGHATOMIC\)/);
      assert.match(slow, /^ \(ALLOC_WMARK_MIN .*\| ALLOC_HIGHATOMIC/);
      assert.match(slow, /MIGRATE_HIGHATOMIC$/m);
      assert.doesNotMatch(slow, /highatomic -|without ALLOC_HIGHATOMIC/);
      // Used: by a request that has the right to it.
      assert.match(
        await behind('from the reserve'),
        /^order 4: pfn 0x[0-9a-f]+, split from a block of order \d+ of MIGRATE_HIGHATOMIC in zone \w+$/,
      );
      assert.match(
        await lines(),
        /buddy lists of MIGRATE_HIGHATOMIC: a block of order \d+, to be split/,
      );
      // Closed: to one that only must not sleep.
      const refused = await behind('not for it');
      assert.match(
        refused,
        /^order 4 failed: DMA32: \d+ free - 4096 CMA - 15 taken \(2\^4 - 1\) = \d+ usable, not above WMARK_MIN \d+ \+ boost \d+; DMA: /,
      );
      assert.match(
        refused,
        /are HIGHATOMIC, unusable for GFP_NOWAIT\|__GFP_NOWARN without ALLOC_HIGHATOMIC$/,
      );
      // Given up: before one fails that may sleep.
      assert.match(await behind('gives it up'), /^order 3: pfn 0x[0-9a-f]+, /);
      assert.match(await lines(), /^a HIGHATOMIC pageblock given up$/m);
      const retried = (await lines()).split('\nslow path').at(-1) ?? '';
      assert.match(retried, /DMA: .*: passes/);
    }));

  it('an object, an area: an attempt of its own, though no page is asked for', () =>
    onScenario('allocated.mms', async (drive) => {
      const file = scenario('allocated.mms');
      await drive.setLines([{ line: lineOf(file, 'object') }]);
      await drive.go('continue');
      const behindNext = async (): Promise<string> => {
        await drive.go('next');
        return verdict(drive);
      };
      assert.match(
        await behindNext(),
        /^an object of mine: 0xffff8880[0-9a-f]{8}, from a new slab of order 0$/,
      );
      assert.match(await behindNext(), /^an object of kmalloc-128: 0x[0-9a-f]{16}, from /);
      assert.match(await behindNext(), /^order 3: pfn /);
      assert.match(await behindNext(), /^vmalloc of 12288 bytes: 0xffffc9[0-9a-f]{10}, 3 pages$/);
      const node = await drive.find('Machine', 'last allocation', 'request');
      assert.equal(node.value, 'vmalloc of 12288 bytes, GFP_KERNEL');
      // What frees is no attempt, and the console's own calls are.
      await drive.evaluate('kfree(bytes)', 'repl');
      assert.match(await verdict(drive), /^vmalloc of/);
      await drive.evaluate('kmalloc(100, GFP_ATOMIC)', 'repl');
      assert.match(
        await verdict(drive),
        /^an object of kmalloc-128: 0x[0-9a-f]{16}, from the freelist of CPU 0$/,
      );
      await drive.go('stepBack');
      assert.match(await verdict(drive), /^vmalloc of/);
    }));

  for (const [name, third] of [
    ['slub', 'from the freelist of CPU 0'],
    ['slab', 'from the array of CPU 0'],
  ] as const)
    it(`${name}: where the object came from, and bulks`, () =>
      onScenario(`objects-${name}.mms`, async (drive) => {
        const file = scenario('include/objects.h');
        const behind = async (marker: string): Promise<string> => {
          await drive.setLines([{ line: lineOf(file, marker) }], file);
          await drive.go('continue');
          await drive.go('next');
          return verdict(drive);
        };
        assert.match(
          await behind('first'),
          /^an object of three: 0x\w+, .*from a new slab of order 0$/,
        );
        assert.ok((await behind('third')).endsWith(`, ${third}`));
        assert.match(await behind('bulk'), /^4 objects of three: 0x\w+ and 3 more, /);
      }));
});
