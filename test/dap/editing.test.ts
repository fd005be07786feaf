/** Edits: entries on the tape at the cursor. What lay after it is cut off, stepping back undoes it. */
import assert from 'node:assert/strict';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { lineOf, onScenario, scenario, type Drive } from './drive.js';
import { build } from './session.js';

const BLOCKS = scenario('blocks.mms');
const FAILURES = scenario('failures.mms');

const toLine = async (drive: Drive, line: number): Promise<void> => {
  await drive.setLines([{ line }]);
  await drive.go('continue');
  await drive.setLines([]);
};

describe('editing', function () {
  before(build);

  it('setVariable changes memory, tells views, and is undone by a step back', () =>
    onScenario('blocks.mms', async (drive) => {
      await toLine(drive, lineOf(BLOCKS, 'print'));
      const hash = await drive.hash();
      const counter = await drive.find('Locals', 'counter');
      const body = await drive.client.body<Dap.SetVariableResponse['body']>('setVariable', {
        variablesReference: counter.parent,
        name: 'counter',
        value: '40 + 2',
      });
      assert.equal(body.value, '42');
      const memory: Dap.MemoryEvent = await drive.client.waitForEvent('memory');
      assert.equal(memory.body.count, 4);
      await drive.client.waitForEvent('invalidated');
      assert.equal(await drive.value('counter'), '42');
      assert.notEqual(await drive.hash(), hash);
      await drive.go('next');
      assert.match(drive.output(), /counter is 42/);
      await drive.go('stepBack');
      await drive.go('stepBack');
      assert.equal(await drive.hash(), hash);
      assert.equal(await drive.value('counter'), '1');
      // Forward again: over the edit, which is on the tape.
      await drive.go('next');
      assert.equal(await drive.value('counter'), '42');
    }));

  it('flags, enumerators, pointers, members of structs', () =>
    onScenario('blocks.mms', async (drive) => {
      await toLine(drive, lineOf(BLOCKS, 'lock'));
      const flag = await drive.find('Locals', 'page', 'flags', 'PG_locked');
      const set = (variablesReference: number, name: string, value: string) =>
        drive.client.body<Dap.SetVariableResponse['body']>('setVariable', {
          variablesReference,
          name,
          value,
        });
      assert.equal((await set(flag.parent, 'PG_locked', '1')).value, '1');
      assert.equal(await drive.value('PageLocked(page)'), '1');
      const page = await drive.find('Locals', 'page');
      assert.match(
        (await set(page.parent, 'page', 'block')).value,
        /head of a compound page of order 3/,
      );
      const block = await drive.find('Locals', 'block', '_refcount');
      const whole = await drive.client.failure('setVariable', {
        variablesReference: block.parent,
        name: '_refcount',
        value: '3',
      });
      assert.equal(whole.short, 'cannotAssign');
      const state = await drive.client.failure('setVariable', {
        variablesReference: block.parent,
        name: 'zone',
        value: '3',
      });
      assert.match(state.sentence, /computed from other values/);
      const missing = await drive.client.failure('setVariable', {
        variablesReference: block.parent,
        name: 'nothing',
        value: '3',
      });
      assert.equal(missing.short, 'noSuchVariable');
    }));

  it('setExpression and writeMemory', () =>
    onScenario('blocks.mms', async (drive) => {
      await toLine(drive, lineOf(BLOCKS, 'lock'));
      const frameId = (await drive.top()).id;
      const set = await drive.client.body<Dap.SetExpressionResponse['body']>('setExpression', {
        expression: 'page->private',
        value: '0x1234',
        frameId,
      });
      assert.equal(set.value, '4660');
      const { memoryReference = '' } = await drive.evaluate('&page->private');
      const data = Buffer.from([0x78, 0x56]).toString('base64');
      const written = await drive.client.body<Dap.WriteMemoryResponse['body']>('writeMemory', {
        memoryReference,
        data,
      });
      assert.equal(written?.bytesWritten, 2);
      assert.equal(await drive.value('page->private'), '22136');
      const nowhere = await drive.client.failure('writeMemory', { memoryReference: '0x10', data });
      assert.equal(nowhere.short, 'notWritable');
      const garbage = await drive.client.failure('writeMemory', { memoryReference, data: '%%%' });
      assert.equal(garbage.short, 'badArguments');
      assert.equal(
        (await drive.client.failure('setExpression', { expression: '1 + 1', value: '3', frameId }))
          .short,
        'cannotAssign',
      );
    }));

  it('the console calls kernel functions; what it did can be undone', () =>
    onScenario('blocks.mms', async (drive) => {
      await toLine(drive, lineOf(BLOCKS, 'lock'));
      const hash = await drive.hash();
      const result = await drive.evaluate(
        'counter = page_to_pfn(alloc_pages(GFP_KERNEL, 4))',
        'repl',
      );
      assert.match(result.result, /^0x[0-9a-f]+$/);
      await drive.client.waitForEvent('invalidated');
      await drive.evaluate('pr_info("from the console: %d\\n", counter)', 'repl');
      assert.match(drive.output(), /from the console: \d+/);
      await drive.go('stepBack');
      assert.equal(await drive.hash(), hash);
    }));

  it('a call in the console that fails leaves nothing behind', () =>
    onScenario('blocks.mms', async (drive) => {
      await toLine(drive, lineOf(BLOCKS, 'lock'));
      await drive.go('next');
      await drive.go('stepBack');
      const hash = await drive.hash();
      const frameId = (await drive.top()).id;
      const failed = await drive.client.failure('evaluate', {
        expression: '(counter = 9, *(int *)0 = 1)',
        frameId,
        context: 'repl',
      });
      assert.equal(failed.short, 'cannotEvaluate');
      assert.equal(await drive.hash(), hash);
      assert.equal(await drive.value('counter'), '1');
      await drive.go('next');
      assert.equal(await drive.line(), lineOf(BLOCKS, 'unlock'));
      assert.equal((await drive.finish()).exitCode, 0);
    }));

  it('an edit inside a statement is kept: the rest of the statement runs with it', () =>
    onScenario('failures.mms', async (drive) => {
      // Inside an allocation that would succeed: raise the watermarks it is about to look at.
      await drive.setFunctions([{ name: 'get_page_from_freelist', condition: 'order == 2' }]);
      await drive.go('continue');
      const before = await drive.hash();
      const stack = await drive.stack();
      const zones = 'contig_page_data.node_zones';
      for (const zone of [0, 1])
        for (const mark of ['WMARK_MIN', 'WMARK_LOW', 'WMARK_HIGH'])
          await drive.client.send('setExpression', {
            expression: `${zones}[${zone}]._watermark[${mark}]`,
            value: '10000000',
            frameId: (await drive.top()).id,
          });
      assert.equal(await drive.stack(), stack);
      const edited = await drive.hash();
      await drive.setFunctions([]);
      await drive.client.send('setExceptionBreakpoints', {
        filters: [],
        filterOptions: [{ filterId: 'allocation-failure', condition: 'order == 2' }],
      });
      const stop = await drive.go('continue');
      assert.match(stop.text ?? '', /allocation failure: order 2/);
      const failed = await drive.hash();
      await drive.go('stepOut');
      await drive.go('next');
      assert.equal(await drive.value('small'), 'NULL');
      // Back over it, and to before the edit.
      await drive.go('reverseContinue');
      assert.equal(await drive.hash(), failed);
      await drive.setFunctions([{ name: 'get_page_from_freelist', condition: 'order == 2' }]);
      await drive.client.send('setExceptionBreakpoints', { filters: [] });
      // The tries of the slow path, and then the first one, where the edit is.
      let tries = 0;
      do await drive.go('reverseContinue');
      while ((await drive.hash()) !== edited && ++tries < 10);
      assert.ok(tries > 0 && tries < 10, `${tries} tries`);
      assert.equal(await drive.stack(), stack);
      assert.equal((await drive.go('reverseContinue')).reason, 'entry');
      assert.equal(await drive.hash(), before);
    }));

  it('an edit where a statement has nothing of the kernel before it', () =>
    onScenario('failures.mms', async (drive) => {
      await drive.client.send('setExceptionBreakpoints', { filters: ['expect'] });
      await drive.go('continue');
      assert.equal(await drive.line(), lineOf(FAILURES, 'expectation'));
      await drive.client.send('setExpression', {
        expression: 'tries',
        value: '77',
        frameId: (await drive.top()).id,
      });
      await drive.client.send('setExceptionBreakpoints', { filters: [] });
      await drive.go('next');
      assert.equal(await drive.line(), lineOf(FAILURES, 'expectation') + 1);
      assert.equal(await drive.value('tries'), '77');
      await drive.go('stepBack');
      await drive.go('stepBack');
      assert.equal(await drive.value('tries'), '8');
    }));

  it('a file of /proc in the console is read, not run: what lies to the right stays', () =>
    onScenario('blocks.mms', async (drive) => {
      await toLine(drive, lineOf(BLOCKS, 'print'));
      const hash = await drive.hash();
      await drive.go('stepBack');
      for (const context of ['repl', 'watch', 'hover']) {
        const { result } = await drive.client.body<Dap.EvaluateResponse['body']>('evaluate', {
          expression: 'proc("buddyinfo")',
          context,
        });
        assert.match(result, /^Node 0, zone {6}DMA( +\d+ ){11}\nNode 0, zone /);
      }
      await drive.go('next');
      assert.equal(await drive.hash(), hash);
    }));
});
