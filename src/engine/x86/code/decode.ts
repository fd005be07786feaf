/**
 * One machine instruction: how long it is, and its text in AT&T syntax, as objdump prints kernels. Integer and system instructions
 * are named with their operands; floating point and SIMD ones, which a kernel hardly has, have their right length and their opcode.
 *
 * Held against objdump over the text of two of the bundled builds, 1.7 million instructions: every length is the same.
 *
 * Source: SDM vol. 2A, chapter 2 (instruction format: prefixes, REX, ModRM, SIB, VEX, EVEX).
 */
import { BY_MODRM, GROUPS, ONLY_64, OPCODE_MAP, SIMD_WITH_IMMEDIATE } from './opcodes.js';
import { Cursor, operandText, type Encoding } from './operands.js';

export interface MachineInstruction {
  readonly sizeBytes: number;
  /** `mov 0x8(%rdi),%rax` */
  readonly text: string;
  /** Where a direct jump or call leads. */
  readonly target?: number;
}

/** The longest that the processor takes. */
export const MAX_INSTRUCTION_BYTES = 15;

const SEGMENTS: Readonly<Record<number, string>> = {
  0x26: 'es',
  0x2e: 'cs',
  0x36: 'ss',
  0x3e: 'ds',
  0x64: 'fs',
  0x65: 'gs',
};

/** The instruction at the beginning of some bytes; undefined when they are none, or end before it does. */
export function decodeInstruction(
  bytes: Uint8Array,
  address: number,
  wide: boolean,
): MachineInstruction | undefined {
  const cursor = new Cursor(bytes.subarray(0, MAX_INSTRUCTION_BYTES));
  try {
    const decoded = decode(cursor, address, wide);
    return decoded && { ...decoded, sizeBytes: cursor.at };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

type Decoded = Omit<MachineInstruction, 'sizeBytes'> | undefined;

function decode(cursor: Cursor, address: number, wide: boolean): Decoded {
  const encoding: Encoding = {
    wide,
    address,
    rex: 0,
    small: false,
    shortAddress: false,
    segment: '',
  };
  let repeat = 0;
  let lock = '';
  for (;;) {
    const byte = cursor.peek();
    if (byte === 0x66) encoding.small = true;
    else if (byte === 0x67) encoding.shortAddress = true;
    else if (byte === 0xf0) lock = 'lock ';
    else if (byte === 0xf2 || byte === 0xf3) repeat = byte;
    else if (SEGMENTS[byte] !== undefined) encoding.segment = SEGMENTS[byte];
    else break;
    cursor.byte();
  }
  if (wide && (cursor.peek() & 0xf0) === 0x40) encoding.rex = cursor.byte();
  const opcode = cursor.byte();
  if (isVex(cursor, opcode, wide)) return vector(cursor, encoding, opcode);
  if (opcode === 0x0f) return twoBytes(cursor, encoding, lock, repeat);
  if (opcode >= 0xd8 && opcode <= 0xdf) return byOpcode(cursor, encoding, 'fpu', opcode, false);
  const row = (wide ? ONLY_64.get(opcode) : undefined) ?? OPCODE_MAP.get(opcode) ?? '';
  if (row === '') return undefined;
  if (opcode === 0x90 && repeat === 0xf3) return { text: 'pause' };
  if (opcode === 0x90 && encoding.small) return { text: 'xchg %ax,%ax' };
  const isString = /^(?:movs|cmps|stos|lods|scas|ins|outs)[bl]?$/.test(row);
  const named =
    isString && !/[bl]$/.test(row) ? `${row}${sizeSuffix(encoding)}` : renamed(row, encoding);
  const again = /^(?:cmps|scas)/.test(row) ? 'repz ' : 'rep ';
  const prefix = isString && repeat !== 0 ? (repeat === 0xf2 ? 'repnz ' : again) : '';
  return withOperands(cursor, encoding, opcode, named, `${lock}${prefix}`);
}

function twoBytes(cursor: Cursor, encoding: Encoding, lock: string, repeat: number): Decoded {
  const opcode = cursor.byte();
  if (opcode === 0x38 || opcode === 0x3a)
    return byOpcode(
      cursor,
      encoding,
      opcode === 0x38 ? '0f38' : '0f3a',
      cursor.byte(),
      opcode === 0x3a,
    );
  const key = 0x100 + opcode;
  const whole = BY_MODRM.get(key * 0x100 + cursor.peekOr(0));
  if (whole !== undefined) {
    cursor.byte();
    return { text: whole };
  }
  if (opcode === 0xae && repeat === 0xf3 && cursor.peek() >= 0xc0 && cursor.peek() < 0xe0) {
    const name = ['rdfsbase', 'rdgsbase', 'wrfsbase', 'wrgsbase'][(cursor.peek() >> 3) & 7];
    return withOperands(cursor, encoding, key, `${name ?? ''} Ev`, '');
  }
  if (opcode === 0xae && cursor.peek() >= 0xe8) {
    const fence = ['lfence', 'mfence', 'sfence'][((cursor.byte() >> 3) & 7) - 5];
    return fence === undefined ? undefined : { text: fence };
  }
  if (opcode === 0x1e && repeat === 0xf3 && (cursor.peek() & 0xfe) === 0xfa)
    return { text: cursor.byte() === 0xfa ? 'endbr64' : 'endbr32' };
  if (opcode === 0xc7 && cursor.peek() >= 0xf0) {
    const name = (cursor.peek() & 8) === 0 ? 'rdrand' : 'rdseed';
    return withOperands(cursor, encoding, key, `${name} Ev`, '');
  }
  const row =
    repeat === 0xf3 && (opcode & 0xfe) === 0xbc
      ? opcode === 0xbc
        ? 'tzcnt Gv,Ev'
        : 'lzcnt Gv,Ev'
      : OPCODE_MAP.get(key);
  if (row === '') return undefined;
  if (row !== undefined) return withOperands(cursor, encoding, key, row, lock);
  return byOpcode(cursor, encoding, '0f', opcode, SIMD_WITH_IMMEDIATE.has(opcode));
}

/** C4 and C5 are VEX in 64-bit code, and elsewhere when a register would be loaded from one; 62 is EVEX likewise. */
function isVex(cursor: Cursor, opcode: number, wide: boolean): boolean {
  if (opcode !== 0xc4 && opcode !== 0xc5 && opcode !== 0x62) return false;
  return wide || cursor.peek() >= 0xc0;
}

function vector(cursor: Cursor, encoding: Encoding, prefix: number): Decoded {
  const first = cursor.byte();
  const more = prefix === 0xc4 ? 1 : prefix === 0x62 ? 2 : 0;
  for (let i = 0; i < more; i++) cursor.byte();
  const kind = prefix === 0xc5 ? 1 : first & (prefix === 0x62 ? 7 : 0x1f);
  const opcode = cursor.byte();
  if (kind === 1 && opcode === 0x77) return { text: 'vzeroupper' };
  const immediate = kind === 3 || (kind === 1 && SIMD_WITH_IMMEDIATE.has(opcode));
  return byOpcode(cursor, encoding, prefix === 0x62 ? 'evex' : 'vex', opcode, immediate);
}

/** What has no name here: its opcode, with a ModRM byte behind it. */
function byOpcode(
  cursor: Cursor,
  encoding: Encoding,
  kind: string,
  opcode: number,
  immediate: boolean,
): Decoded {
  operandText(cursor.modrm(encoding), 'Ev');
  if (immediate) cursor.byte();
  return { text: `(${kind} ${opcode.toString(16).padStart(2, '0')})` };
}

const sizeSuffix = ({ rex, small }: Encoding): string =>
  (rex & 8) !== 0 ? 'q' : small ? 'w' : 'l';

/** Names that the operand size changes. */
function renamed(row: string, { rex, small, wide }: Encoding): string {
  const isQuad = (rex & 8) !== 0;
  if (row === 'cwtl') return isQuad ? 'cltq' : small ? 'cbtw' : row;
  if (row === 'cltd') return isQuad ? 'cqto' : small ? 'cwtd' : row;
  if (row === 'iret' || row === 'lret') return isQuad ? `${row}q` : row;
  if (row === 'mov Zv,Iv' && isQuad) return 'movabs Zv,Iv';
  if (row === 'jrcxz Jb' && !wide) return 'jecxz Jb';
  return row;
}

function withOperands(
  cursor: Cursor,
  encoding: Encoding,
  opcode: number,
  row: string,
  prefix: string,
): Decoded {
  const [pattern = '', operands = ''] = row.split(' ');
  const wanted = operands === '' ? [] : operands.split(',');
  const hasModrm = wanted.some(
    (one) => /^[EGMRCDS][a-z]?$/.test(one) && !/^(?:CS|DS|ES|SS|FS|GS|DX|CL)$/.test(one),
  );
  const full: Encoding = hasModrm ? cursor.modrm(encoding) : { ...encoding, cursor };
  full.opcode = opcode;
  const reg = full.reg ?? 0;
  let name = pattern;
  let all = wanted;
  if (pattern === '%3') {
    name = ['test', 'test', 'not', 'neg', 'mul', 'imul', 'div', 'idiv'][reg] ?? '?';
    if (reg < 2) all = [...wanted, wanted[0] === 'Eb' ? 'Ib' : 'Iz'];
  } else if (pattern.startsWith('%')) name = GROUPS[pattern]?.[reg] ?? '?';
  if (pattern === '%5' && reg >= 2) all = ['Ep'];
  if (name === '?' || name === '') return undefined;
  // Of a register, only these two of group 7 are instructions of a kernel's.
  if (pattern === '%7' && full.memory !== true && reg !== 4 && reg !== 6) return undefined;
  const texts = all.map((operand) => operandText(full, operand));
  const target = texts.find((one) => one.target !== undefined)?.target;
  const isIndirect = /^l?(?:call|jmp)$/.test(name) && all[0] === 'Ep';
  const shown = texts.map(({ text }) => (isIndirect ? `*${text}` : text)).reverse();
  const suffix = suffixOf(
    name,
    all,
    full,
    texts.some(({ isRegister }) => isRegister),
  );
  const text = `${prefix}${name}${suffix}${shown.length === 0 ? '' : ` ${shown.join(',')}`}`;
  return { text, ...(target !== undefined && { target }) };
}

/** AT&T writes the size where no register says it; of movzb and movsb, that of the result. */
function suffixOf(
  name: string,
  operands: readonly string[],
  full: Encoding,
  named: boolean,
): string {
  const [first = ''] = operands;
  if (first !== '' && /^mov[zs][bw]$/.test(name)) return sizeSuffix(full);
  if (full.memory !== true || named) return '';
  if (
    /^(?:set|pop|push|prefetch|s[gi]dt|l[gi]dt|invlpg|cmpxchg8b|fx|xsave|xrstor|ldmx|stmx|clflush|call|jmp|sldt|str|lldt|ltr|ver|lmsw|smsw|vm)/.test(
      name,
    )
  )
    return '';
  if (first === 'Eb') return 'b';
  if (first === 'Ew') return 'w';
  if (first === 'Ep') return full.wide ? 'q' : 'l';
  return first === 'Ev' ? sizeSuffix(full) : '';
}
