/** Tasks that sleep in the kernel, as breakpoints and as lines of the console: where one has to wait, and where it is woken. */
import assert from 'node:assert/strict';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { lineOf, onScenario, scenario, type Drive, type Motion } from './drive.js';
import { build } from './session.js';

const SCENARIO = 'sleepers.mms';
const at = (marker: string): number => lineOf(scenario(SCENARIO), marker);

/** Every stop on the way: the scenario's line, the kernel function, and the sentence without addresses. */
async function stops(
  drive: Drive,
  motion: Motion,
): Promise<{ line: number; fn: string; text: string; hash: string }[]> {
  const found: { line: number; fn: string; text: string; hash: string }[] = [];
  for (;;) {
    const { reason, text = '' } = await drive.go(motion);
    if (reason !== 'function breakpoint') return found;
    const frames = await drive.frames();
    const own = frames.find(({ source }) => source?.path?.endsWith('.mms') === true);
    found.push({
      line: own?.line ?? 0,
      fn: frames[0]?.name ?? '',
      text: text.replaceAll(/0x[0-9a-f]+/g, 'X'),
      hash: await drive.hash(),
    });
  }
}

describe('tasks that sleep', function () {
  before(build);

  it('stop where they wait and where they are woken, forward and back', () =>
    onScenario(
      SCENARIO,
      async (drive) => {
        for (const { verified, message } of await drive.setFunctions([
          { name: 'task-waits' },
          { name: 'task-wakes' },
        ]))
          assert.ok(verified, message);
        const there = await stops(drive, 'continue');
        assert.deepEqual(
          there.map(({ line, text }) => [line, text]),
          [
            [at('locks'), 'pid 100 waits for the lock of page X'],
            [at('unmaps'), 'pid 101 waits for the mmap_lock at X, for writing'],
            [at('unlock'), 'pid 1 wakes pid 100, which waited for the lock of page X'],
            [at('unlock mm'), 'pid 1 wakes pid 101, which waited for the mmap_lock at X'],
            [at('mutex'), 'pid 101 waits for the lock at X'],
            [at('unlock mutex'), 'pid 1 wakes pid 101, which waited for the lock at X'],
          ],
        );
        assert.ok(
          there.every(({ fn, text }) => !text.includes('wakes') || fn === 'try_to_wake_up'),
        );
        const back = await stops(drive, 'reverseContinue');
        assert.deepEqual(
          back.map(({ hash }) => hash),
          there.map(({ hash }) => hash).reverse(),
        );
      },
      { stopAtEnd: true },
    ));

  it('stop where the page, the lock or the task is one that a condition names', () =>
    onScenario(
      SCENARIO,
      async (drive) => {
        await drive.setFunctions([
          { name: 'task-waits', condition: 'page_lock && pfn == page_to_pfn(page)' },
          {
            name: 'task-wakes',
            condition: 'lock == (unsigned long)&mutex && pid == 101 && by == 1',
          },
        ]);
        const there = await stops(drive, 'continue');
        assert.deepEqual(
          there.map(({ line }) => line),
          [at('locks'), at('unlock mutex')],
        );
      },
      { stopAtEnd: true },
    ));

  it('are told of in the console, each time once', () =>
    onScenario(
      SCENARIO,
      async (drive) => {
        await drive.go('continue');
        const lines = (drive.client.takeEvents('output') as Dap.OutputEvent[])
          .filter(({ body }) => body.category === 'console')
          .map(({ body }) => body.output.trim().replaceAll(/0x[0-9a-f]+/g, 'X'));
        assert.deepEqual(
          lines.filter((line) => line.includes('pid')),
          [
            'locker (pid 100) waits for the lock of page X, which main holds',
            'mapper (pid 101) waits for the mmap_lock of main for writing, which main holds',
            'locker (pid 100) is woken: it waited for page X',
            'mapper (pid 101) is woken: it waited for the rw_semaphore at X',
          ],
        );
      },
      { stopAtEnd: true },
    ));
});
