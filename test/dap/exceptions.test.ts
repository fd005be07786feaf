/** What the kernel and the scenario report, as exceptions to stop at. */
import assert from 'node:assert/strict';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { lineOf, onScenario, scenario, type Drive } from './drive.js';
import { build } from './session.js';

const FAILURES = scenario('failures.mms');
const at = (marker: string): number => lineOf(FAILURES, marker);

const filters = (
  drive: Drive,
  filterOptions: Dap.ExceptionFilterOptions[],
): Promise<Dap.SetExceptionBreakpointsResponse['body']> =>
  drive.client.body('setExceptionBreakpoints', { filters: [], filterOptions });

const exceptionInfo = (drive: Drive): Promise<Dap.ExceptionInfoResponse['body']> =>
  drive.client.body('exceptionInfo', { threadId: drive.threadId });

describe('exceptions', function () {
  before(build);

  it('an allocation that fails stops where __alloc_pages() gives up', () =>
    onScenario('failures.mms', async (drive) => {
      await filters(drive, [{ filterId: 'allocation-failure' }]);
      const stop = await drive.go('continue');
      assert.equal(stop.reason, 'exception');
      assert.match(
        stop.text ?? '',
        /^page allocation failure: order 10, gfp [A-Z_|]+: .*Normal|DMA32/,
      );
      const names = await drive.names();
      assert.ok(names.includes('__alloc_pages'), names.join(' < '));
      assert.equal(names.at(-1), 'main');
      assert.equal((await drive.frames()).at(-1)?.line, at('fails'));
      const info = await exceptionInfo(drive);
      assert.equal(info.exceptionId, 'allocation-failure');
      assert.equal(info.breakMode, 'always');
      assert.equal(info.description, stop.text);
      assert.match(
        info.details?.stackTrace ?? '',
        /\n {2}DMA32: \d+ free .* > WMARK_LOW \d+: enough, but no usable block\n/,
      );
      // And out of it, line by line.
      await drive.go('stepOut');
      assert.deepEqual((await drive.names()).at(-1), 'main');
    }));

  it('conditions see order and gfp', () =>
    onScenario('failures.mms', async (drive) => {
      await filters(drive, [
        {
          filterId: 'allocation-failure',
          condition: 'order > 3 && (gfp & __GFP_NORETRY) && tries == 7',
        },
      ]);
      await drive.go('continue');
      assert.equal(
        (await drive.evaluate('tries', 'watch', (await drive.frames()).at(-1)?.id)).result,
        '7',
      );
      await filters(drive, [{ filterId: 'allocation-failure', condition: 'order < 3' }]);
      await filters(drive, [{ filterId: 'expect' }]);
      const stop = await drive.go('continue');
      assert.equal(stop.text, 'expect(none != NULL) does not hold: none is NULL');
    }));

  it('a range of frames that cannot be had stops, too, with its own verdict', () =>
    onScenario('ranges.mms', async (drive) => {
      const ranges = scenario('ranges.mms');
      await filters(drive, [{ filterId: 'allocation-failure' }]);
      const noHole = await drive.go('continue');
      assert.equal(noHole.text, 'cma_alloc() of 4096 pages failed');
      assert.equal((await drive.frames()).at(-1)?.line, lineOf(ranges, 'no hole'));
      assert.match(
        (await exceptionInfo(drive)).details?.stackTrace ?? '',
        /cma_alloc of 4096 pages from reserved failed: -12: the bitmap has no hole .*the largest hole has 2048/,
      );
      const busy = await drive.go('continue');
      assert.equal(busy.text, 'alloc_contig_range() of 1 page failed');
      assert.equal((await drive.frames()).at(-1)?.line, lineOf(ranges, 'busy'));
      assert.match(
        (await exceptionInfo(drive)).details?.stackTrace ?? '',
        /alloc_contig_range of pfn .*-16: pfn 0x[0-9a-f]+ is busy: allocated, _refcount 1/,
      );
      // Conditions see how much was asked for.
      await drive.go('reverseContinue');
      await filters(drive, [{ filterId: 'allocation-failure', condition: 'count == 1' }]);
      assert.equal((await drive.go('continue')).text, busy.text);
    }));

  it('a failed expectation stops at its statement', () =>
    onScenario('failures.mms', async (drive) => {
      await filters(drive, [{ filterId: 'expect' }]);
      const stop = await drive.go('continue');
      assert.equal(stop.reason, 'exception');
      assert.equal(await drive.line(), at('expectation'));
      assert.equal((await exceptionInfo(drive)).exceptionId, 'expect');
      await drive.go('next');
      assert.equal(await drive.line(), at('expectation') + 1);
      const outputs = drive.client.takeEvents('output') as Dap.OutputEvent[];
      const told = outputs.find(({ body }) => body.output.includes('does not hold'));
      assert.equal(told?.body.category, 'stderr');
      assert.equal(told.body.line, at('expectation'));
      assert.equal(told.body.source?.path, FAILURES);
    }));

  it('bad pages, warnings and bugs', () =>
    onScenario('failures.mms', async (drive) => {
      await filters(drive, [{ filterId: 'bug' }, { filterId: 'warn' }]);
      const bad = await drive.go('continue');
      assert.match(bad.text ?? '', /^bad page state: pfn 0x[0-9a-f]+: /);
      assert.equal((await drive.frames()).at(-1)?.line, at('bad page'));
      assert.ok((await drive.names()).length > 2, (await drive.names()).join(' < '));
      const warning = await drive.go('continue');
      assert.equal((await exceptionInfo(drive)).exceptionId, 'warn');
      assert.equal(await drive.line(), at('warning'), warning.text);
      const bug = await drive.go('continue');
      assert.match(bug.text ?? '', /NULL pointer dereference|page fault/);
      assert.equal(await drive.line(), at('oops'));
      const back = await drive.go('reverseContinue');
      assert.equal(back.text, warning.text);
      assert.equal((await drive.go('reverseContinue')).text, bad.text);
      await filters(drive, []);
      const { output, exitCode } = await drive.finish();
      assert.equal(exitCode, 1);
      assert.doesNotMatch(output, /never printed/);
    }));

  it('filters that do not exist are refused, and no exception is no information', () =>
    onScenario('failures.mms', async (drive) => {
      const body = await filters(drive, [{ filterId: 'nothing' }, { filterId: 'bug' }]);
      assert.deepEqual(
        body?.breakpoints?.map(({ verified }) => verified),
        [false, true],
      );
      assert.equal(
        (await drive.client.failure('exceptionInfo', { threadId: 1 })).short,
        'noException',
      );
    }));

  it('errors of a scenario are all told, with their places', () =>
    onScenario('blocks.mms', () => Promise.resolve()).then(() =>
      import('./session.js').then(({ withAdapter, CLIENT }) =>
        withAdapter(async (client) => {
          await client.send('initialize', CLIENT);
          const error = await client.failure('launch', { program: scenario('broken.mms') });
          assert.equal(error.short, 'scenarioHasErrors');
          assert.match(error.sentence, /^broken\.mms:1:\d+: error: .* \(and 1 more/);
          const outputs = client.takeEvents('output') as Dap.OutputEvent[];
          assert.deepEqual(
            outputs.map(({ body }) => body.line),
            [1, 2],
          );
          assert.match(outputs[1]?.body.output ?? '', /alloc_pages/);
        }),
      ),
    ));

  it('misuse of the kernel stops at the call, before the kernel complains', () =>
    onScenario('misuse.mms', async (drive) => {
      await filters(drive, [{ filterId: 'api-misuse' }, { filterId: 'bug' }]);
      const stop = await drive.go('continue');
      assert.match(
        stop.text ?? '',
        /^double free: __free_page\(\) of page 0x\w+, allocated at line 2 by alloc_page\(\) and freed at line 3 by __free_page\(\)$/,
      );
      assert.equal(await drive.line(), lineOf(scenario('misuse.mms'), 'twice'));
      assert.equal((await exceptionInfo(drive)).exceptionId, 'api-misuse');
      assert.match(
        (await drive.go('continue')).text ?? '',
        /^kernel BUG at include\/linux\/mm\.h!$/,
      );
      const back = await drive.go('reverseContinue');
      assert.equal(back.text, stop.text);
    }));
});
