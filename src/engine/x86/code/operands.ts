/**
 * Operands of machine instructions: registers, memory by ModRM and SIB, immediates and relative targets, as AT&T writes them.
 *
 * Source: SDM vol. 2A 2.1.5 (tables 2-1 to 2-3), 2.2.1 (REX).
 */

/** What prefixes and the ModRM byte say. */
export interface Encoding {
  readonly wide: boolean;
  /** Of the instruction. */
  readonly address: number;
  rex: number;
  /** 66: 16-bit operands. */
  small: boolean;
  /** 67. */
  shortAddress: boolean;
  segment: string;
  opcode?: number;
  cursor?: Cursor;
  mod?: number;
  reg?: number;
  rm?: number;
  /** Of r/m: its text, when it is memory. */
  memory?: boolean;
  memoryText?: string;
}

export interface OperandText {
  readonly text: string;
  readonly isRegister: boolean;
  readonly target?: number;
}

const NAMES = 'ax cx dx bx sp bp si di'.split(' ');
const LOW_BYTES = 'al cl dl bl ah ch dh bh'.split(' ');
const REX_BYTES = 'al cl dl bl spl bpl sil dil'.split(' ');
const SEGMENT_NAMES = 'es cs ss ds fs gs'.split(' ');

type Size = 'b' | 'w' | 'd' | 'q';

function registerName(number: number, size: Size, rex: number): string {
  if (number >= 8) return `%r${number}${{ b: 'b', w: 'w', d: 'd', q: '' }[size]}`;
  if (size === 'b') return `%${(rex === 0 ? LOW_BYTES : REX_BYTES)[number] ?? '?'}`;
  return `%${{ w: '', d: 'e', q: 'r' }[size]}${NAMES[number] ?? '?'}`;
}

/** Reads the bytes of an instruction one after the other. */
export class Cursor {
  at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /** @throws RangeError behind the last one */
  byte(): number {
    const byte = this.peek();
    this.at++;
    return byte;
  }

  peek(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw new RangeError('the bytes end inside an instruction');
    return byte;
  }

  peekOr(other: number): number {
    return this.bytes[this.at] ?? other;
  }

  unsigned(sizeBytes: number): bigint {
    let value = 0n;
    for (let i = 0; i < sizeBytes; i++) value |= BigInt(this.byte()) << BigInt(i * 8);
    return value;
  }

  signed(sizeBytes: number): number {
    return Number(BigInt.asIntN(sizeBytes * 8, this.unsigned(sizeBytes)));
  }

  /** Reads ModRM, SIB and displacement. */
  modrm(encoding: Encoding): Encoding {
    const byte = this.byte();
    const mod = byte >> 6;
    const rm = byte & 7;
    const full: Encoding = {
      ...encoding,
      cursor: this,
      mod,
      rm,
      reg: (byte >> 3) & 7,
      memory: mod !== 3,
    };
    if (mod !== 3) full.memoryText = this.memoryText(encoding, mod, rm);
    return full;
  }

  private memoryText(encoding: Encoding, mod: number, rm: number): string {
    const { wide, rex, segment, shortAddress } = encoding;
    const prefix = segment === '' ? '' : `%${segment}:`;
    if (!wide && shortAddress) return `${prefix}${this.shortMemory(mod, rm)}`;
    const size: Size = wide && !shortAddress ? 'q' : 'd';
    const base = (number: number): string => registerName(number | ((rex & 1) << 3), size, 1);
    let inside = rm === 4 ? '' : base(rm);
    let absolute = false;
    if (rm === 4) {
      const sib = this.byte();
      const index = ((sib >> 3) & 7) | ((rex & 2) << 2);
      const noBase = (sib & 7) === 5 && mod === 0;
      const scaled = index === 4 ? '' : `,${registerName(index, size, 1)},${1 << (sib >> 6)}`;
      inside = `${noBase ? '' : base(sib & 7)}${scaled}`;
      absolute = noBase;
    } else if (rm === 5 && mod === 0) {
      inside = wide ? '%rip' : '';
      absolute = true;
    }
    const displacement = mod === 1 ? this.signed(1) : mod === 2 || absolute ? this.signed(4) : 0;
    const shown =
      mod === 0 && !absolute
        ? ''
        : inside === ''
          ? hexAddress(displacement, wide)
          : signedHex(displacement);
    return `${prefix}${shown}${inside === '' ? '' : `(${inside})`}`;
  }

  private shortMemory(mod: number, rm: number): string {
    const pairs = ['%bx,%si', '%bx,%di', '%bp,%si', '%bp,%di', '%si', '%di', '%bp', '%bx'];
    if (mod === 0 && rm === 6) return hexAddress(this.signed(2), false);
    const displacement = mod === 0 ? '' : signedHex(this.signed(mod));
    return `${displacement}(${pairs[rm] ?? ''})`;
  }
}

const signedHex = (value: number): string =>
  value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;

const hexAddress = (value: number, wide: boolean): string =>
  `0x${BigInt.asUintN(wide ? 64 : 32, BigInt(value)).toString(16)}`;

const FIXED: Readonly<Record<string, string>> = {
  AL: '%al',
  CL: '%cl',
  DX: '(%dx)',
  eAX: '%eax',
  ES: '%es',
  CS: '%cs',
  SS: '%ss',
  DS: '%ds',
  FS: '%fs',
  GS: '%gs',
};

/** An operand in the manual's letters: `Ev`. Immediates are read as they come, so in order. */
export function operandText(encoding: Encoding, operand: string): OperandText {
  const fixed = FIXED[operand];
  if (fixed !== undefined) return { text: fixed, isRegister: operand !== 'CL' };
  const { rex, reg = 0, rm = 0, opcode = 0, memoryText } = encoding;
  const [kind = '', letter = ''] = operand;
  const size = sizeOf(encoding, letter);
  const register = (number: number): OperandText => ({
    text: registerName(number, size, rex),
    isRegister: true,
  });
  switch (kind) {
    case 'r':
      return { text: registerName(0, sizeOf(encoding, 'v'), rex), isRegister: true };
    case 'E':
    case 'R':
    case 'M':
      return memoryText === undefined
        ? register(rm | ((rex & 1) << 3))
        : { text: memoryText, isRegister: false };
    case 'G':
      return register(reg | ((rex & 4) << 1));
    case 'Z':
      return register((opcode & 7) | ((rex & 1) << 3));
    case 'C':
    case 'D':
      return { text: `%${kind === 'C' ? 'cr' : 'db'}${reg | ((rex & 4) << 1)}`, isRegister: true };
    case 'S':
      return { text: `%${SEGMENT_NAMES[reg] ?? '?'}`, isRegister: true };
    default:
      return numberText(encoding, kind, letter, size);
  }
}

function sizeOf({ rex, small, wide }: Encoding, letter: string): Size {
  const isQuad = (rex & 8) !== 0;
  if (letter === 'b' || letter === 'w' || letter === 'd') return letter;
  if (letter === 'q' || letter === 'p') return wide ? 'q' : small && letter === 'p' ? 'w' : 'd';
  return isQuad ? 'q' : small ? 'w' : 'd';
}

const BYTES: Readonly<Record<Size, number>> = { b: 1, w: 2, d: 4, q: 8 };

function numberText(encoding: Encoding, kind: string, letter: string, size: Size): OperandText {
  const { cursor, wide, address, segment } = encoding;
  if (cursor === undefined) throw new Error('an operand in the code needs the code');
  const isRegister = false;
  if (kind === 'J') {
    const distance =
      letter === 'b' ? cursor.signed(1) : cursor.signed(encoding.small && !wide ? 2 : 4);
    const end = BigInt(address + cursor.at) + BigInt(distance);
    const target = Number(wide ? BigInt.asIntN(64, end) : BigInt.asUintN(32, end));
    return { text: hexAddress(target, wide), isRegister, target };
  }
  if (kind === 'A') {
    const offset = cursor.unsigned(4);
    return { text: `$0x${cursor.unsigned(2).toString(16)},$0x${offset.toString(16)}`, isRegister };
  }
  if (kind === 'O') {
    const bytes = wide ? (encoding.shortAddress ? 4 : 8) : encoding.shortAddress ? 2 : 4;
    const text = `0x${cursor.unsigned(bytes).toString(16)}`;
    return { text: segment === '' ? text : `%${segment}:${text}`, isRegister };
  }
  // z, p: 32 bits at most, sign-extended to the operand; s, x: a byte, likewise. p and x are of a push, whose operand is a stack slot.
  const operand = 'zsv'.includes(letter)
    ? sizeOf(encoding, 'v')
    : 'px'.includes(letter)
      ? sizeOf(encoding, 'p')
      : size;
  const shown = BYTES[operand];
  const stored = 'sx'.includes(letter) ? 1 : 'zp'.includes(letter) ? Math.min(4, shown) : shown;
  const value = BigInt.asUintN(shown * 8, BigInt.asIntN(stored * 8, cursor.unsigned(stored)));
  return { text: `$0x${value.toString(16)}`, isRegister };
}
