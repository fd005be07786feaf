/** What SLUB and SLAB report of themselves, as an exception to stop at: inside the kernel, with the report's first line. */
import assert from 'node:assert/strict';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { lineOf, onScenario, scenario, type Drive } from './drive.js';
import { build } from './session.js';

/** Marker of the scenario's line, the report's first line, some of the functions on the stack. */
type Report = readonly [marker: string, text: RegExp, ...functions: string[]];

const REPORTS: Readonly<Record<string, readonly Report[]>> = {
  'corruption-slub.mms': [
    [
      'poison',
      /^BUG poisoned \(Not tainted\): Poison overwritten$/,
      'slab_bug',
      'check_bytes_and_report',
      'check_object',
      '___slab_alloc',
    ],
    [
      'red zone',
      /^BUG zoned \(Tainted: G +B +\): Right Redzone overwritten$/,
      'slab_bug',
      'check_object',
      'free_consistency_checks',
    ],
    [
      'double free',
      /^BUG victim \(Tainted: G +B +\): Object already free$/,
      'slab_bug',
      'object_err',
      'free_consistency_checks',
    ],
    [
      'wrong cache',
      /^cache_from_obj: Wrong slab cache\. victim but object is from kmalloc-32$/,
      'cache_from_obj',
    ],
    [
      'objects left',
      /^BUG victim \(Tainted: G +B +W +\): Objects remaining in victim on __kmem_cache_shutdown\(\)$/,
      'slab_bug',
      'list_slab_objects',
    ],
    [
      'objects left',
      /^kmem_cache_destroy victim: Slab cache still has objects when called from main$/,
      'kmem_cache_destroy',
    ],
  ],
  'corruption-slab.mms': [
    [
      'no object',
      /^free_large_kmalloc: object pointer: 0x[0-9a-f]{16}$/,
      'free_large_kmalloc',
      'kfree',
    ],
    [
      'objects left',
      /^kmem_cache_destroy victim: Slab cache still has objects when called from main$/,
      'kmem_cache_destroy',
    ],
  ],
};

const stopAt = (
  drive: Drive,
  condition?: string,
): Promise<Dap.SetExceptionBreakpointsResponse['body']> =>
  drive.client.body('setExceptionBreakpoints', {
    filters: [],
    filterOptions: [{ filterId: 'slab-corruption', ...(condition && { condition }) }],
  });

describe('slab corruption', function () {
  before(build);

  for (const [name, reports] of Object.entries(REPORTS))
    it(`${name}: in the frame that reports, and there again in reverse`, () =>
      onScenario(
        name,
        async (drive) => {
          await stopAt(drive);
          const hashes: string[] = [];
          for (const [marker, text, ...functions] of reports) {
            const stop = await drive.go('continue');
            assert.equal(stop.reason, 'exception');
            assert.match(stop.text ?? '', text);
            const frames = await drive.frames();
            assert.equal(frames.at(-1)?.line, lineOf(scenario(name), marker));
            const names = frames.map((frame) => frame.name);
            assert.equal(names[0], functions[0]);
            for (const fn of functions)
              assert.ok(names.includes(fn), `${fn}: ${names.join(' < ')}`);
            const info = await drive.client.body<Dap.ExceptionInfoResponse['body']>(
              'exceptionInfo',
              {
                threadId: drive.threadId,
              },
            );
            assert.equal(info.exceptionId, 'slab-corruption');
            assert.equal(info.description, stop.text);
            hashes.push(await drive.hash());
          }
          assert.equal((await drive.go('continue')).reason, 'end');
          for (const hash of hashes.toReversed()) {
            assert.equal((await drive.go('reverseContinue')).reason, 'exception');
            assert.equal(await drive.hash(), hash);
          }
          assert.equal((await drive.go('reverseContinue')).reason, 'entry');
        },
        { stopAtEnd: true },
      ));

  it('of one cache; and on by default', () =>
    onScenario('corruption-slub.mms', async (drive) => {
      const { breakpoints = [] } =
        (await stopAt(drive, 'cache && strcmp(cache->name, "zoned") == 0')) ?? {};
      assert.equal(breakpoints[0]?.verified, true);
      const stop = await drive.go('continue');
      assert.match(stop.text ?? '', /^BUG zoned/);
      const initialize = drive.client.messages.find(({ message }) => message.type === 'response')
        ?.message as Dap.InitializeResponse;
      const filter = initialize.body?.exceptionBreakpointFilters?.find(
        (one) => one.filter === 'slab-corruption',
      );
      assert.equal(filter?.default, true);
    }));
});
