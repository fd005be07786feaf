/** Machine code as text: what objdump prints of the same bytes. */
import assert from 'node:assert/strict';
import { loadProfile } from '../../src/engine/types/bundled.js';
import { disassembled, type CodeRow } from '../../src/engine/view/machineCode.js';
import { decodeInstruction } from '../../src/engine/x86/code/decode.js';

const bytesOf = (hex: string): Uint8Array =>
  Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

/** [bytes, text]: each is one instruction. */
const WIDE: readonly (readonly [string, string])[] = [
  ['55', 'push %rbp'],
  ['48 89 e5', 'mov %rsp,%rbp'],
  ['41 57', 'push %r15'],
  ['65 48 8b 04 25 28 00 00 00', 'mov %gs:0x28,%rax'],
  ['48 8b 05 10 00 00 00', 'mov 0x10(%rip),%rax'],
  ['4c 8d 64 24 08', 'lea 0x8(%rsp),%r12'],
  ['48 8b 44 f7 f8', 'mov -0x8(%rdi,%rsi,8),%rax'],
  ['48 83 ec 08', 'sub $0x8,%rsp'],
  ['48 83 c4 f8', 'add $0xfffffffffffffff8,%rsp'],
  ['48 81 c7 00 00 00 80', 'add $0xffffffff80000000,%rdi'],
  ['48 b8 88 77 66 55 44 33 22 11', 'movabs $0x1122334455667788,%rax'],
  ['c7 47 10 01 00 00 00', 'movl $0x1,0x10(%rdi)'],
  ['66 c7 07 01 00', 'movw $0x1,(%rdi)'],
  ['c6 07 01', 'movb $0x1,(%rdi)'],
  ['0f b6 c0', 'movzbl %al,%eax'],
  ['48 63 d0', 'movslq %eax,%rdx'],
  ['f0 0f b1 0f', 'lock cmpxchg %ecx,(%rdi)'],
  ['f0 48 0f ba 2f 03', 'lock btsq $0x3,(%rdi)'],
  ['f3 48 ab', 'rep stosq'],
  ['ff d0', 'call *%rax'],
  ['ff 25 00 10 00 00', 'jmp *0x1000(%rip)'],
  ['c3', 'ret'],
  ['cc', 'int3'],
  ['0f 0b', 'ud2'],
  ['f3 0f 1e fa', 'endbr64'],
  ['0f 22 d8', 'mov %rax,%cr3'],
  ['0f 01 3f', 'invlpg (%rdi)'],
  ['0f 01 f8', 'swapgs'],
  ['f7 07 00 01 00 00', 'testl $0x100,(%rdi)'],
  ['48 d1 e8', 'shr %rax'],
  ['48 c1 e0 06', 'shl $0x6,%rax'],
  ['f3 48 0f b8 c7', 'popcnt %rdi,%rax'],
  ['0f 1f 44 00 00', 'nopl 0x0(%rax,%rax,1)'],
  ['66 90', 'xchg %ax,%ax'],
  ['68 00 00 00 81', 'push $0xffffffff81000000'],
  ['0f ae f0', 'mfence'],
  ['66 0f 6f 07', '(0f 6f)'],
  ['c5 fa 6f 07', '(vex 6f)'],
];

const NARROW: readonly (readonly [string, string])[] = [
  ['40', 'inc %eax'],
  ['8b 04 b5 00 10 00 c1', 'mov -0x3efff000(,%esi,4),%eax'],
  ['a1 00 10 00 c1', 'mov 0xc1001000,%eax'],
  ['64 a1 00 00 00 00', 'mov %fs:0x0,%eax'],
  ['ea 00 00 00 c1 60 00', 'ljmp $0x60,$0xc1000000'],
  ['c4 07', 'les (%edi),%eax'],
  ['f3 a5', 'rep movsl'],
  ['67 8b 47 02', 'mov 0x2(%bx),%eax'],
];

describe('machine code', () => {
  for (const [name, wide, rows] of [
    ['64 bit', true, WIDE],
    ['32 bit', false, NARROW],
  ] as const)
    it(`is decoded as objdump does: ${name}`, () => {
      for (const [hex, text] of rows) {
        const bytes = bytesOf(hex);
        const found = decodeInstruction(Uint8Array.of(...bytes, 0x90, 0x90), 0x1000, wide);
        assert.deepEqual([found?.text, found?.sizeBytes], [text, bytes.length], hex);
        // A part of an instruction is none.
        assert.equal(decodeInstruction(bytes.subarray(0, -1), 0x1000, wide), undefined, hex);
      }
    });

  it('jumps and calls say where they lead', () => {
    assert.equal(decodeInstruction(bytesOf('e8 fb ff ff ff'), 0x2000, true)?.target, 0x2000);
    assert.equal(decodeInstruction(bytesOf('74 02'), 0x2000, true)?.text, 'je 0x2004');
    const high = decodeInstruction(bytesOf('e9 00 00 00 00'), -0x7f00_0000, true);
    assert.equal(high?.text, 'jmp 0xffffffff81000005');
    assert.equal(
      decodeInstruction(bytesOf('e9 fb ff ff ff'), 0xc1000000, false)?.text,
      'jmp 0xc1000000',
    );
  });

  it('goes back from an address by whole instructions, and beyond what can be read', () => {
    const profile = loadProfile('x86_64-slub');
    const code = bytesOf(WIDE.map(([hex]) => hex).join(' '));
    const start = -0x7f00_0000;
    const read = (address: number, sizeBytes: number): Uint8Array => {
      const from = address - start;
      return from < 0 ? new Uint8Array(0) : code.subarray(from, from + sizeBytes);
    };
    const show = (rows: readonly CodeRow[]): string[] => rows.map(({ text }) => text);
    const all = show(
      disassembled(profile, read, { address: start, instructionOffset: 0, count: 38 }),
    );
    assert.deepEqual(
      all,
      WIDE.map(([, text]) => text),
    );
    const tenth = WIDE.slice(0, 10).reduce((sum, [hex]) => sum + bytesOf(hex).length, 0);
    const around = { address: start + tenth, instructionOffset: -4, count: 8 };
    assert.deepEqual(show(disassembled(profile, read, around)), all.slice(6, 14));
    const later = { address: start, instructionOffset: 5, count: 3 };
    assert.deepEqual(show(disassembled(profile, read, later)), all.slice(5, 8));
    const nothing = disassembled(profile, read, {
      address: start - 64,
      instructionOffset: -2,
      count: 4,
    });
    assert.deepEqual(
      nothing.map(({ bytes }) => bytes.length),
      [0, 0, 0, 0],
    );
  });
});
