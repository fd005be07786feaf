/**
 * The opcode maps: for each opcode a mnemonic and its operands in the manual's own letters, `add Ev,Gv`. `%n` stands for the name of a
 * group, chosen by the reg field of the ModRM byte. What is missing here takes a ModRM byte and is shown by its bytes.
 *
 *     E r/m   G reg   I immediate   J relative   M memory   O offset   Z register in the opcode   C,D,S control, debug, segment
 *     b byte  w word  v 16, 32 or 64 bits  z 16 or 32  d 32  q 64
 *
 * Source: SDM vol. 2D, appendix A (opcode map), tables.
 */

/** Condition codes, by the low four bits. */
const CONDITIONS = 'o no b ae e ne be a s ns p np l ge le g'.split(' ');

export const GROUPS: Readonly<Record<string, readonly string[]>> = {
  '%1': 'add or adc sbb and sub xor cmp'.split(' '),
  '%2': 'rol ror rcl rcr shl shr shl sar'.split(' '),
  '%5': 'inc dec call lcall jmp ljmp push'.split(' '),
  '%6': 'sldt str lldt ltr verr verw'.split(' '),
  '%7': 'sgdt sidt lgdt lidt smsw ? lmsw invlpg'.split(' '),
  '%8': '? ? ? ? bt bts btr btc'.split(' '),
  '%9': '? cmpxchg8b ? xrstors xsavec xsaves vmptrld vmptrst'.split(' '),
  '%15': 'fxsave fxrstor ldmxcsr stmxcsr xsave xrstor xsaveopt clflush'.split(' '),
};

const map = new Map<number, string>();

/** Rows of the one-byte map by opcode; those of 0F at 0x100 and above. */
export const OPCODE_MAP: ReadonlyMap<number, string> = map;

/** As OPCODE_MAP, where 64-bit code differs; '' is not an instruction there. */
export const ONLY_64: ReadonlyMap<number, string> = new Map([
  [0x63, 'movslq Gv,Ed'],
  ...[
    0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x27, 0x2f, 0x37, 0x3f, 0x60, 0x61, 0x62, 0x82, 0x9a,
    0xce, 0xd4, 0xd5, 0xea,
  ].map((opcode): [number, string] => [opcode, '']),
]);

function rows(first: number, ...texts: readonly string[]): void {
  texts.forEach((text, i) => map.set(first + i, text));
}

'add or adc sbb and sub xor cmp'.split(' ').forEach((name, i) => {
  const forms = ['Eb,Gb', 'Ev,Gv', 'Gb,Eb', 'Gv,Ev', 'AL,Ib', 'rAX,Iz'];
  rows(i * 8, ...forms.map((operands) => `${name} ${operands}`));
});
rows(0x06, 'push ES', 'pop ES');
rows(0x0e, 'push CS');
rows(0x16, 'push SS', 'pop SS');
rows(0x1e, 'push DS', 'pop DS');
rows(0x27, 'daa');
rows(0x2f, 'das');
rows(0x37, 'aaa');
rows(0x3f, 'aas');
for (let i = 0; i < 8; i++) {
  rows(0x40 + i, 'inc Zv');
  rows(0x48 + i, 'dec Zv');
  rows(0x50 + i, 'push Zp');
  rows(0x58 + i, 'pop Zp');
  rows(0x90 + i, i === 0 ? 'nop' : 'xchg Zv,rAX');
  rows(0xb0 + i, 'mov Zb,Ib');
  rows(0xb8 + i, 'mov Zv,Iv');
  rows(0x1c8 + i, 'bswap Zv');
}
rows(0x60, 'pusha', 'popa', 'bound Gv,M', 'arpl Ew,Gw');
rows(
  0x68,
  'push Ip',
  'imul Gv,Ev,Iz',
  'push Ix',
  'imul Gv,Ev,Is',
  'insb',
  'insl',
  'outsb',
  'outsl',
);
rows(
  0x80,
  '%1 Eb,Ib',
  '%1 Ev,Iz',
  '%1 Eb,Ib',
  '%1 Ev,Is',
  'test Eb,Gb',
  'test Ev,Gv',
  'xchg Eb,Gb',
  'xchg Ev,Gv',
);
rows(
  0x88,
  'mov Eb,Gb',
  'mov Ev,Gv',
  'mov Gb,Eb',
  'mov Gv,Ev',
  'mov Ev,Sw',
  'lea Gv,M',
  'mov Sw,Ew',
  'pop Ep',
);
rows(0x98, 'cwtl', 'cltd', 'lcall Ap', 'fwait', 'pushf', 'popf', 'sahf', 'lahf');
rows(0xa0, 'mov AL,Ob', 'mov rAX,Ov', 'mov Ob,AL', 'mov Ov,rAX', 'movsb', 'movs', 'cmpsb', 'cmps');
rows(0xa8, 'test AL,Ib', 'test rAX,Iz', 'stosb', 'stos', 'lodsb', 'lods', 'scasb', 'scas');
rows(
  0xc0,
  '%2 Eb,Ib',
  '%2 Ev,Ib',
  'ret Iw',
  'ret',
  'les Gv,M',
  'lds Gv,M',
  'mov Eb,Ib',
  'mov Ev,Iz',
);
rows(0xc8, 'enter Iw,Ib', 'leave', 'lret Iw', 'lret', 'int3', 'int Ib', 'into', 'iret');
rows(0xd0, '%2 Eb', '%2 Ev', '%2 Eb,CL', '%2 Ev,CL', 'aam Ib', 'aad Ib', '', 'xlat');
rows(
  0xe0,
  'loopne Jb',
  'loope Jb',
  'loop Jb',
  'jrcxz Jb',
  'in AL,Ib',
  'in eAX,Ib',
  'out Ib,AL',
  'out Ib,eAX',
);
rows(
  0xe8,
  'call Jz',
  'jmp Jz',
  'ljmp Ap',
  'jmp Jb',
  'in AL,DX',
  'in eAX,DX',
  'out DX,AL',
  'out DX,eAX',
);
rows(0xf1, 'int1');
rows(
  0xf4,
  'hlt',
  'cmc',
  '%3 Eb',
  '%3 Ev',
  'clc',
  'stc',
  'cli',
  'sti',
  'cld',
  'std',
  '%5 Eb',
  '%5 Ev',
);

rows(0x100, '%6 Ew', '%7 M', 'lar Gv,Ew', 'lsl Gv,Ew', '', 'syscall', 'clts', 'sysret');
rows(0x108, 'invd', 'wbinvd', '', 'ud2', '', 'prefetch M', 'femms', '');
rows(0x118, 'prefetch M', ...Array<string>(7).fill('nop Ev'));
rows(0x120, 'mov Rq,Cq', 'mov Rq,Dq', 'mov Cq,Rq', 'mov Dq,Rq');
rows(0x130, 'wrmsr', 'rdtsc', 'rdmsr', 'rdpmc', 'sysenter', 'sysexit');
CONDITIONS.forEach((condition, i) => {
  rows(0x70 + i, `j${condition} Jb`);
  rows(0x140 + i, `cmov${condition} Gv,Ev`);
  rows(0x180 + i, `j${condition} Jz`);
  rows(0x190 + i, `set${condition} Eb`);
});
rows(0x177, 'emms');
rows(0x1a0, 'push FS', 'pop FS', 'cpuid', 'bt Ev,Gv', 'shld Ev,Gv,Ib', 'shld Ev,Gv,CL');
rows(
  0x1a8,
  'push GS',
  'pop GS',
  'rsm',
  'bts Ev,Gv',
  'shrd Ev,Gv,Ib',
  'shrd Ev,Gv,CL',
  '%15 M',
  'imul Gv,Ev',
);
rows(
  0x1b0,
  'cmpxchg Eb,Gb',
  'cmpxchg Ev,Gv',
  'lss Gv,M',
  'btr Ev,Gv',
  'lfs Gv,M',
  'lgs Gv,M',
  'movzb Gv,Eb',
  'movzw Gv,Ew',
);
rows(
  0x1b8,
  'popcnt Gv,Ev',
  'ud1 Gv,Ev',
  '%8 Ev,Ib',
  'btc Ev,Gv',
  'bsf Gv,Ev',
  'bsr Gv,Ev',
  'movsb Gv,Eb',
  'movsw Gv,Ew',
);
rows(0x1c0, 'xadd Eb,Gb', 'xadd Ev,Gv', '', 'movnti M,Gv', '', '', '', '%9 M');

/** Instructions without operands that a whole ModRM byte names. */
export const BY_MODRM: ReadonlyMap<number, string> = new Map([
  [0x101_c1, 'vmcall'],
  [0x101_c8, 'monitor'],
  [0x101_c9, 'mwait'],
  [0x101_ca, 'clac'],
  [0x101_cb, 'stac'],
  [0x101_d0, 'xgetbv'],
  [0x101_d1, 'xsetbv'],
  [0x101_dc, 'stgi'],
  [0x101_dd, 'clgi'],
  [0x101_e8, 'serialize'],
  [0x101_ee, 'rdpkru'],
  [0x101_ef, 'wrpkru'],
  [0x101_f8, 'swapgs'],
  [0x101_f9, 'rdtscp'],
  [0x101_fa, 'monitorx'],
  [0x101_fb, 'mwaitx'],
]);

/** SIMD instructions of the 0F map with an immediate byte behind their operands. */
export const SIMD_WITH_IMMEDIATE: ReadonlySet<number> = new Set([
  0x70, 0x71, 0x72, 0x73, 0xc2, 0xc4, 0xc5, 0xc6,
]);
