/**
 * Static keys in the code: a key leads to a sorted table of the places that ask it, each a no-op or a jump of two or five bytes.
 *
 *     key->entries, bits 0 and 1 apart   -> jump_entry: code | target | key, each relative to itself; key's bit 0 the
 *                                           branch, bit 1 code of boot alone
 *
 * Differs: bytes are written at once; text_poke() maps them elsewhere, and writes a breakpoint first. Places whose bytes an
 * image does not have stay as they are.
 * Source: Linux 6.1 kernel/jump_label.c: __jump_label_update(); arch/x86/kernel/jump_label.c: __jump_label_patch();
 * arch/x86/include/asm/nops.h; arch/x86/include/asm/text-patching.h: text_gen_insn(); lib/string.c: memcmp().
 */
import { type Cell, asVirt, type VirtAddr } from '../../memory/address.js';
import { type Int, NULL } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { readByte, writeByte } from '../lib/string.js';

const JUMP_TYPE_MASK = 3;
const JUMP_ENTRY_BRANCH = 1;
const JUMP_ENTRY_INIT = 2;

const JMP8_INSN_OPCODE = 0xeb;
const JMP8_INSN_SIZE = 2;
const JMP32_INSN_OPCODE = 0xe9;
const JMP32_INSN_SIZE = 5;

const NOP2_64 = [0x66, 0x90];
const NOP5_64 = [0x0f, 0x1f, 0x44, 0x00, 0x00];
const NOP2_32 = [0x89, 0xf6];
const NOP5_32 = [0x3e, 0x8d, 0x74, 0x26, 0x00];

function x86_nops(k: Kernel, size: Int): readonly Int[] {
  if (size === JMP8_INSN_SIZE) return k.wide ? NOP2_64 : NOP2_32;
  return k.wide ? NOP5_64 : NOP5_32;
}

function text_gen_insn(size: Int, addr: VirtAddr, dest: VirtAddr): readonly Int[] {
  const disp: Int = dest - (addr + size);
  if (size === JMP8_INSN_SIZE) return [JMP8_INSN_OPCODE, disp & 0xff];
  return [
    JMP32_INSN_OPCODE,
    disp & 0xff,
    (disp >> 8) & 0xff,
    (disp >> 16) & 0xff,
    (disp >> 24) & 0xff,
  ];
}

function memcmp(k: Kernel, addr: VirtAddr, bytes: readonly Int[]): boolean {
  for (let i: Int = 0; i < bytes.length; i++)
    if (readByte(k, asVirt(addr + i)) !== bytes[i]) return true;
  return false;
}

function __jump_label_patch(k: Kernel, addr: VirtAddr, dest: VirtAddr, isJump: boolean): void {
  for (let size: Int = JMP8_INSN_SIZE; size <= JMP32_INSN_SIZE; size += 3) {
    const nop = x86_nops(k, size);
    const jump = text_gen_insn(size, addr, dest);
    const expect = isJump ? nop : jump;
    const code = isJump ? jump : nop;
    if (memcmp(k, addr, expect)) continue;
    for (let i: Int = 0; i < size; i++) writeByte(k, asVirt(addr + i), code[i]!);
    return;
  }
}

/** @param enabled what the key says now */
export function jump_label_update(k: Kernel, key: Cell, enabled: boolean): void {
  const at: Cell = k.plus(key, k.ptr_words);
  const entries = asVirt(k.read_va(at) - (k.read_int(at) & JUMP_TYPE_MASK));
  // code and target are of 32 bits, key is a long.
  const size: Int = 8 + k.ptr_words * 4;
  for (let entry: VirtAddr = entries; ; entry = asVirt(entry + size)) {
    const p: Cell = k.cell_of(entry);
    if (p === NULL) return;
    const flags: Int = k.read_int(k.plus(p, 2));
    const ofKey = asVirt(entry + 8 + (flags & ~JUMP_TYPE_MASK));
    if (ofKey !== k.va_of(key)) return;
    if ((flags & JUMP_ENTRY_INIT) !== 0) continue;
    const code = asVirt(entry + k.read_int(p));
    const target = asVirt(entry + 4 + k.read_int(k.plus(p, 1)));
    __jump_label_patch(k, code, target, enabled !== ((flags & JUMP_ENTRY_BRANCH) !== 0));
  }
}
