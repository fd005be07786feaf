/** Data breakpoints before and behind the line, on reads: modes and access types. */
import assert from 'node:assert/strict';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { lineOf, onScenario, scenario, type Drive } from './drive.js';
import { build } from './session.js';

const FILE = 'reads.mms';
const at = (marker: string): number => lineOf(scenario(FILE), marker);

type Info = Dap.DataBreakpointInfoResponse['body'];

async function reach(drive: Drive, marker: string): Promise<void> {
  await drive.setLines([{ line: at(marker) }]);
  await drive.go('continue');
  await drive.setLines([]);
}

async function watch(
  drive: Drive,
  name: string,
  accessType: Dap.DataBreakpointAccessType,
  mode?: string,
): Promise<void> {
  const found: Info = await drive.client.body('dataBreakpointInfo', {
    name,
    frameId: (await drive.top()).id,
    ...(mode !== undefined && { mode }),
  });
  assert.ok(found.accessTypes?.includes(accessType));
  const [set] = await drive.setData([{ dataId: found.dataId ?? '', accessType }]);
  assert.equal(set?.verified, true, set?.message);
}

interface Seen {
  readonly text: string;
  readonly stack: string;
  readonly hash: string;
}

/** Every stop up to the end of the scenario. */
async function stops(drive: Drive, motion: 'continue' | 'reverseContinue'): Promise<Seen[]> {
  const seen: Seen[] = [];
  await drive.setLines([{ line: at('last') }]);
  for (;;) {
    const stop = await drive.go(motion);
    if (stop.reason !== 'data breakpoint') return seen;
    seen.push({ text: stop.text ?? '', stack: await drive.stack(), hash: await drive.hash() });
  }
}

const texts = (seen: readonly Seen[]): string[] => seen.map(({ text }) => text);

describe('modes of data breakpoints', function () {
  before(build);

  it('before the write: the old value is there, and the line is about to run', () =>
    onScenario(FILE, async (drive) => {
      await reach(drive, 'test');
      await watch(drive, 'page->flags', 'write', 'before');
      const stop = await drive.go('continue');
      assert.match(stop.text ?? '', /^flags of page .* in test_and_set_bit\(\)/);
      assert.equal(await drive.value('PageLocked(page)'), '0');
      const stack = await drive.stack();
      await watch(drive, 'page->flags', 'write', 'after');
      await drive.go('continue');
      assert.equal(await drive.value('PageLocked(page)'), '1');
      await watch(drive, 'page->flags', 'write', 'before');
      await drive.go('reverseContinue');
      assert.equal(await drive.stack(), stack);
    }));

  it('before a write of the scenario itself: in front of its statement', () =>
    onScenario(FILE, async (drive) => {
      await watch(drive, 'counter', 'write', 'before');
      const there = await stops(drive, 'continue');
      assert.deepEqual(texts(there), ['counter: 1 -> 5', 'counter: 5 -> 6']);
      assert.match(there[0]?.stack ?? '', new RegExp(`:${at('write')}$`));
      assert.match(there[1]?.stack ?? '', new RegExp(`:${at('both')}$`));
      assert.deepEqual((await stops(drive, 'reverseContinue')).slice(0, 2), there.toReversed());
    }));

  it('reads of a variable, once a statement', () =>
    onScenario(FILE, async (drive) => {
      await watch(drive, 'counter', 'read');
      const there = await stops(drive, 'continue');
      assert.deepEqual(texts(there), ['counter is read: 5', 'counter is read: 5']);
      assert.match(there[0]?.stack ?? '', new RegExp(`:${at('read') + 1}$`));
      assert.deepEqual(await stops(drive, 'reverseContinue'), there.toReversed());
      await watch(drive, 'counter', 'readWrite');
      assert.deepEqual(texts(await stops(drive, 'continue')), [
        'counter: 0 -> 1',
        'counter: 1 -> 5',
        'counter is read: 5',
        'counter: 5 -> 6',
      ]);
    }));

  it('a test of a page flag is a read, a write of it is none', () =>
    onScenario(FILE, async (drive) => {
      await reach(drive, 'test');
      await watch(drive, 'page->flags', 'read', 'before');
      const there = await stops(drive, 'continue');
      assert.match(there[0]?.text ?? '', /^flags of page 0x[0-9a-f]+ is read: /);
      assert.match(there[0]?.stack ?? '', new RegExp(`:${at('test')}$`));
      assert.ok(
        texts(there).some((text) => / in test_and_set_bit\(\) <- folio_trylock\(\)/.test(text)),
      );
      const back = await stops(drive, 'reverseContinue');
      // Before that, the allocator has looked at them, too.
      assert.deepEqual(back.slice(0, there.length), there.toReversed());
      assert.match(texts(back).join('\n'), / in page_expected_state\(\) <- check_new_page\(\)/);
    }));

  it("the processor's walk reads the tables", () =>
    onScenario(FILE, async (drive) => {
      await reach(drive, 'lock');
      await watch(drive, 'pte->pte', 'read', 'before');
      const there = await stops(drive, 'continue');
      // From the TLB in between: only what misses it is walked.
      assert.deepEqual(
        there.map(({ stack }) => Number(/:(\d+)$/.exec(stack)?.[1])),
        [at('walk'), at('again')],
      );
      assert.match(there[0]?.text ?? '', /^pte->pte is read: /);
      assert.deepEqual((await stops(drive, 'reverseContinue')).slice(0, 2), there.toReversed());
    }));

  it('conditions, and the same state as without reads watched', () =>
    onScenario(FILE, async (drive) => {
      await reach(drive, 'last');
      const plain = await drive.hash();
      await drive.client.send('restart');
      await drive.stopped();
      const found: Info = await drive.client.body('dataBreakpointInfo', {
        name: 'counter',
        frameId: (await drive.top()).id,
      });
      await drive.setData([
        { dataId: found.dataId ?? '', accessType: 'read', condition: 'old == 6' },
      ]);
      await drive.setLines([{ line: at('last') }]);
      assert.equal((await drive.go('continue')).reason, 'breakpoint');
      assert.equal(await drive.hash(), plain);
    }));

  it('refuses a mode and an access that there are not', () =>
    onScenario(FILE, async (drive) => {
      const error = await drive.client.failure('dataBreakpointInfo', {
        name: 'counter',
        mode: 'x',
      });
      assert.match(error.sentence, /after, before/);
    }));
});
