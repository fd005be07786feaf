/** A scenario that is a process, in the debugger: into a page fault, down to the entry that is written, and back; a child; SIGSEGV. */
import assert from 'node:assert/strict';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { lineOf, onScenario, scenario } from './drive.js';
import { build } from './session.js';

const FILE = 'user-faults.mms';
const at = (marker: string): number => lineOf(scenario(FILE), marker);

describe('page faults of a process', function () {
  before(build);

  it('are stepped into in C, down to the entry that is written, and back', () =>
    onScenario(FILE, async (drive) => {
      await drive.setLines([{ line: at('first write') }]);
      await drive.go('continue');
      const before = await drive.hash();
      await drive.go('stepIn');
      const [fault] = await drive.names();
      assert.equal(fault, 'do_user_addr_fault');
      assert.match((await drive.top()).source?.name ?? '', /fault\.c$/);

      await drive.setFunctions([{ name: 'native_set_pte' }, { name: 'do_anonymous_page' }]);
      await drive.go('continue');
      assert.deepEqual((await drive.names()).slice(0, 5), [
        'do_anonymous_page',
        'handle_pte_fault',
        '__handle_mm_fault',
        'handle_mm_fault',
        'do_user_addr_fault',
      ]);
      // The tables above it are made first, then the entry itself.
      const isEntry = (names: readonly string[]): boolean =>
        names[0] === 'native_set_pte' &&
        names.includes('do_anonymous_page') &&
        !names.includes('pmd_install');
      for (let i = 0; i < 8 && !isEntry(await drive.names()); i++) await drive.go('continue');
      assert.ok(isEntry(await drive.names()), await drive.stack());
      await drive.go('stepOut');
      await drive.setFunctions([]);

      // Back before the fault nothing has happened.
      await drive.setLines([{ line: at('map') }, { line: at('first write') }]);
      await drive.go('reverseContinue');
      assert.equal(await drive.line(), at('first write'));
      assert.equal(await drive.hash(), before);
      await drive.go('next');
      assert.equal(await drive.value('buf[0]'), "1 '\\001'");
    }));

  it('that end a process are stops; its parent is told; threads have pids', () =>
    onScenario(FILE, async (drive) => {
      await drive.client.send('setExceptionBreakpoints', { filters: ['signal'] });
      await drive.setLines([{ line: at('copy') }]);
      await drive.go('continue');
      assert.equal(await drive.line(), at('copy'));
      const threads = await drive.client.body<Dap.ThreadsResponse['body']>('threads');
      assert.deepEqual(
        threads.threads.map(({ name }) => name),
        ['main (pid 1, waits for a child to end)', 'main/100 (pid 100)'],
      );
      // The child has the scenario's variables as its own.
      assert.equal(await drive.value('child'), '0');
      await drive.setFunctions([{ name: 'wp_page_copy' }]);
      assert.equal((await drive.go('continue')).reason, 'function breakpoint');
      await drive.setFunctions([]);

      const stop = await drive.go('continue');
      assert.equal(stop.reason, 'exception');
      assert.equal(await drive.line(), at('wild'));
      const info = await drive.client.body<Dap.ExceptionInfoResponse['body']>('exceptionInfo', {
        threadId: drive.threadId,
      });
      assert.equal(info.exceptionId, 'signal');
      assert.match(info.description ?? '', /SIGSEGV \(SEGV_MAPERR\) at 0x0+10: .*no area there/);
      await drive.setLines([{ line: at('end') }]);
      await drive.go('continue');
      assert.equal(await drive.line(), at('end'));
      assert.equal(await drive.value('WTERMSIG(status)'), '11');
      assert.equal(await drive.value('child'), '100');
    }));
});
