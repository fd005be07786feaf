/** Code below the source: the scenario's instructions, machine code in memory, breakpoints on instructions. */
import assert from 'node:assert/strict';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { lineOf, onScenario, scenario, type Drive } from './drive.js';
import { build } from './session.js';

const FILE = 'calls.mms';
const at = (marker: string): number => lineOf(scenario(FILE), marker);

async function disassemble(
  drive: Drive,
  args: Partial<Dap.DisassembleArguments>,
): Promise<Dap.DisassembledInstruction[]> {
  const memoryReference = (await drive.top()).instructionPointerReference;
  const body: Dap.DisassembleResponse['body'] = await drive.client.body('disassemble', {
    memoryReference,
    instructionCount: 8,
    ...args,
  });
  return body?.instructions ?? [];
}

async function reach(drive: Drive, marker: string): Promise<void> {
  await drive.setLines([{ line: at(marker) }]);
  await drive.go('continue');
  await drive.setLines([]);
}

async function setInstructions(
  drive: Drive,
  breakpoints: readonly Dap.InstructionBreakpoint[],
): Promise<Dap.Breakpoint[]> {
  const body: Dap.SetInstructionBreakpointsResponse['body'] = await drive.client.body(
    'setInstructionBreakpoints',
    { breakpoints },
  );
  return body.breakpoints;
}

describe('disassembly', function () {
  before(build);

  it("shows the scenario's code where a frame stands, each instruction with its line", () =>
    onScenario(FILE, async (drive) => {
      await reach(drive, 'main: expect');
      const code = await disassemble(drive, {});
      assert.deepEqual(
        code.slice(0, 4).map(({ instruction }) => instruction.replace(/-?\d{5,}/, 'N')),
        [`BOUNDARY line ${at('main: expect')}`, 'CONSTANT N', 'LOAD u64', 'BUILTIN page_to_pfn/1'],
      );
      assert.equal(code[0]?.line, at('main: expect'));
      assert.equal(code[0].location?.path, drive.program);
      assert.match(code[0].instructionBytes ?? '', /^0 [0-9a-f]+$/);
      const addresses = code.map(({ address }) => BigInt(address));
      assert.ok(addresses.every((one, i) => i === 0 || one > (addresses[i - 1] ?? 0n)));
    }));

  it('goes back and forth by instructions, and gives as many as were asked for', () =>
    onScenario(FILE, async (drive) => {
      await reach(drive, 'main: outer');
      const here = await disassemble(drive, { instructionCount: 12 });
      const before = await disassemble(drive, { instructionOffset: -5, instructionCount: 12 });
      assert.deepEqual(before.slice(5), here.slice(0, 7));
      const beyond = await disassemble(drive, { instructionOffset: -1000, instructionCount: 1200 });
      assert.equal(beyond.length, 1200);
      assert.equal(beyond[0]?.presentationHint, 'invalid');
      assert.equal(new Set(beyond.map(({ address }) => address)).size, 1200);
      assert.ok(beyond.some(({ symbol }) => symbol === 'outer'));
    }));

  it('machine code in any memory that can be read', () =>
    onScenario(FILE, async (drive) => {
      await reach(drive, 'main: expect');
      const { result } = await drive.evaluate('page_address(page)');
      const memoryReference = /0x[0-9a-f]+/.exec(result)?.[0] ?? '';
      // push %rbp; mov %rsp,%rbp; call +0; ret
      const data = Buffer.from('554889e5e800000000c3', 'hex').toString('base64');
      await drive.client.send('writeMemory', { memoryReference, data });
      const code = await disassemble(drive, { memoryReference, instructionCount: 4 });
      const next = `0x${(BigInt(memoryReference) + 9n).toString(16)}`;
      assert.deepEqual(
        code.map(({ instruction, instructionBytes }) => [instruction, instructionBytes]),
        [
          ['push %rbp', '55'],
          ['mov %rsp,%rbp', '48 89 e5'],
          [`call ${next}`, 'e8 00 00 00 00'],
          ['ret', 'c3'],
        ],
      );
      const [nothing] = await disassemble(drive, { memoryReference: '0x10', instructionCount: 1 });
      assert.equal(nothing?.presentationHint, 'invalid');
      const error = await drive.client.failure('disassemble', {
        memoryReference: 'here',
        instructionCount: 1,
      });
      assert.equal(error.short, 'badAddress');
    }));
});

describe('instruction breakpoints', function () {
  before(build);

  it('stop at a statement by the address of its first instruction, also backward', () =>
    onScenario(FILE, async (drive) => {
      await reach(drive, 'outer: count');
      const { instructionPointerReference = '' } = await drive.top();
      await drive.client.send('restart');
      await drive.stopped();
      const [set] = await setInstructions(drive, [
        { instructionReference: instructionPointerReference, condition: 'got > 0' },
      ]);
      assert.deepEqual(
        [set?.verified, set?.line, set?.instructionReference],
        [true, at('outer: count'), instructionPointerReference],
      );
      const stop = await drive.go('continue');
      assert.equal(stop.reason, 'instruction breakpoint');
      assert.deepEqual(stop.hitBreakpointIds, [set?.id]);
      assert.equal(await drive.line(), at('outer: count'));
      await drive.go('next');
      await drive.go('reverseContinue');
      assert.equal(await drive.line(), at('outer: count'));
    }));

  it('at the address of a function of the kernel stop where it is entered', () =>
    onScenario('mempool.mms', async (drive) => {
      const { result } = await drive.evaluate('(unsigned long)mempool_alloc_slab');
      const address = /0x[0-9a-f]+/.exec(result)?.[0] ?? `0x${BigInt(result).toString(16)}`;
      const [entry, behind] = await setInstructions(drive, [
        { instructionReference: address },
        { instructionReference: address, offset: 1 },
      ]);
      assert.match(entry?.message ?? '', /^The entry of mempool_alloc_slab\(\)/);
      assert.equal(entry?.verified, true);
      assert.equal(behind?.verified, false);
      const stop = await drive.go('continue');
      assert.equal(stop.reason, 'instruction breakpoint');
      assert.equal((await drive.top()).name, 'mempool_alloc_slab');
      await drive.go('continue');
      assert.equal((await drive.top()).name, 'mempool_alloc_slab');
    }));

  it('move to the beginning of a statement, and are refused where nothing runs', () =>
    onScenario(FILE, async (drive) => {
      await reach(drive, 'outer: count');
      const code = await disassemble(drive, {});
      const [moved, nowhere] = await setInstructions(drive, [
        { instructionReference: code[2]?.address ?? '' },
        { instructionReference: '0xffffffff81000000' },
      ]);
      assert.equal(moved?.instructionReference, code[0]?.address);
      assert.match(moved?.message ?? '', /between statements/);
      assert.equal(nowhere?.verified, false);
      assert.match(nowhere.message ?? '', /function breakpoint/);
    }));
});
