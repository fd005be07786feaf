/** A session through VS Code's debug service, over each way to reach the adapter. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { CLOCK_REQUEST, MAP_REQUEST, type MapBody } from '../../../src/engine/view/map.js';
import { kindOfState, PAGE_KINDS } from '../../../src/engine/view/pageState.js';
import { extension, writeScenario } from './extension.js';
import { Watcher } from './watcher.js';

const SCENARIO = `#pragma mmscope machine arch=x86_64 ram=64M slab=slub
struct page *page = alloc_pages(GFP_KERNEL, 0);
unsigned long pfn = page_to_pfn(page);
lock_page(page);
unlock_page(page);
__free_pages(page, 0);
`;
/** 1-based lines of it. */
const LOCK_LINE = 4;

export function debugSuite(): void {
  for (const adapter of ['inline', 'stdio', 'server'])
    describe(`a session, adapter ${adapter}`, () => {
      const watcher = new Watcher();
      let session: vscode.DebugSession;

      before(async () => {
        await extension();
        await setting('adapter', adapter);
        await setting('map.openOnStart', 'never');
        const program = await writeScenario('session.mms', SCENARIO);
        const line = new vscode.Location(program, new vscode.Position(LOCK_LINE - 1, 0));
        vscode.debug.addBreakpoints([new vscode.SourceBreakpoint(line)]);
        session = await watcher.start({
          type: 'mmscope',
          request: 'launch',
          name: 'session',
          program: program.fsPath,
        });
      });
      after(async () => {
        await watcher.end(session);
        vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
        await setting('adapter', undefined);
        watcher.dispose();
      });

      it('stops on entry', async () => {
        assert.equal((await watcher.stop(1)).reason, 'entry');
      });

      it('draws the machine: every frame has a state, and most are free', async () => {
        const map = await states(session);
        const free = map.filter((state) => kindName(state).startsWith('free'));
        // The firmware keeps the last few pages.
        assert.ok(map.length > 16_000 && map.length <= (64 << 20) / 4096, `${map.length} frames`);
        assert.ok(free.length > map.length / 2, `${free.length} of ${map.length} frames are free`);
      });

      it('writes the machine as a vmcore', async () => {
        const target = vscode.Uri.joinPath(
          await writeScenario('vmcore.mms', SCENARIO),
          '../out.vmcore',
        );
        const size = await vscode.commands.executeCommand(
          'mmscope.exportVmcore',
          undefined,
          target,
        );
        const bytes = await vscode.workspace.fs.readFile(target);
        assert.equal(bytes.length, size);
        assert.deepEqual([...bytes.subarray(0, 4)], [0x7f, 0x45, 0x4c, 0x46]);
        assert.ok(bytes.length > 60 << 20, `${bytes.length} bytes`);
        await vscode.workspace.fs.delete(target);
      });

      it('runs to the breakpoint that was set in the editor', async () => {
        await vscode.commands.executeCommand('workbench.action.debug.continue');
        assert.equal((await watcher.stop(2)).reason, 'breakpoint');
        assert.equal(await topLine(session), LOCK_LINE);
      });

      it('shows the allocated page as allocated', async () => {
        const pfn = Number((await evaluate(session, 'pfn')).match(/0x[0-9a-f]+|\d+/i)?.[0]);
        const state = (await states(session))[pfn] ?? 0;
        assert.equal(kindName(state), 'kernel');
      });

      it('steps over lock_page, and the page is locked', async () => {
        await vscode.commands.executeCommand('workbench.action.debug.stepOver');
        await watcher.stop(3);
        assert.equal(await topLine(session), LOCK_LINE + 1);
        assert.match(await evaluate(session, 'PageLocked(page)'), /^(1|true)\b/);
      });

      it('steps back, and it is not', async () => {
        const before = (await session.customRequest(CLOCK_REQUEST)) as { now: number };
        await vscode.commands.executeCommand('workbench.action.debug.stepBack');
        await watcher.stop(4);
        const after = (await session.customRequest(CLOCK_REQUEST)) as { now: number };
        assert.equal(await topLine(session), LOCK_LINE);
        assert.match(await evaluate(session, 'PageLocked(page)'), /^(0|false)\b/);
        assert.ok(after.now < before.now, `${after.now} is before ${before.now}`);
      });
    });
}

async function setting(name: string, value: string | undefined): Promise<void> {
  const section = vscode.workspace.getConfiguration('mmscope');
  await section.update(name, value, vscode.ConfigurationTarget.Global);
}

async function topFrame(session: vscode.DebugSession): Promise<{ id: number; line: number }> {
  const { threads } = (await session.customRequest('threads')) as { threads: { id: number }[] };
  const { stackFrames } = (await session.customRequest('stackTrace', {
    threadId: threads[0]?.id,
    startFrame: 0,
    levels: 1,
  })) as { stackFrames: { id: number; line: number }[] };
  const [frame] = stackFrames;
  if (frame === undefined) throw new Error('no frame');
  return frame;
}

const topLine = async (session: vscode.DebugSession): Promise<number> =>
  (await topFrame(session)).line;

async function evaluate(session: vscode.DebugSession, expression: string): Promise<string> {
  const { id: frameId } = await topFrame(session);
  const request = { expression, frameId, context: 'watch' };
  return ((await session.customRequest('evaluate', request)) as { result: string }).result;
}

const kindName = (state: number): string => PAGE_KINDS[kindOfState(state)]?.name ?? '';

/** Of every frame of the machine. */
async function states(session: vscode.DebugSession): Promise<Uint8Array> {
  const outline = { firstPfn: 0, framesPerCell: 1, cells: 0 };
  const { maxPfn } = (await session.customRequest(MAP_REQUEST, outline)) as MapBody;
  const whole = { firstPfn: 0, framesPerCell: 1, cells: maxPfn };
  const body = (await session.customRequest(MAP_REQUEST, whole)) as MapBody;
  return Buffer.from(body.states, 'base64');
}
