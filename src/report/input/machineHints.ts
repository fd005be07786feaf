/** What a text tells about the machine: its architecture and the size of its words. */
import type { LogLine } from './lines.js';

type Arch =
  'x86_64' | 'i386' | 'arm64' | 'arm' | 'riscv' | 'mips' | 'powerpc' | 's390' | 'csky' | 'sparc';

export interface Machine {
  readonly arch?: Arch;
  readonly bits?: 32 | 64;
}

/** The first pattern that the text has decides. */
const ARCHES: readonly (readonly [arch: Arch, bits: 32 | 64 | undefined, pattern: RegExp])[] = [
  [
    'x86_64',
    64,
    /\bx86[_-]64\b|\bamd64\b|\bRIP: 0010:|\bffff8[89][0-9a-f]{11}\b|\bffffea00[0-9a-f]{8}\b/,
  ],
  [
    'arm64',
    64,
    /\baarch64\b|\barm64\b|\bpstate: [0-9a-f]{8}\b|\besr: 0x|^\s*ESR = 0x[0-9a-f]{8,16}\b|\bMem abort info:|\bpgtable: \d+k pages/i,
  ],
  ['i386', 32, /\bi[3-6]86\b|-686-pae\b|\bEIP: |\*pdpt = |\*pde = /],
  [
    'arm',
    32,
    /\barmv[4-8]l?\b|\barmhf\b|-v[67]l?\b|\bBCM2(?:708|709|711|835|836|837)\b|\(unwind_backtrace\)|^\s*\[<[0-9a-f]{8}>\] \([\w.]+\) from \[<|\bARMv7\b|Oops: [0-9a-f]+ \[#\d+\].* ARM$/,
  ],
  ['riscv', 64, /\briscv64\b/],
  ['riscv', undefined, /\briscv(?:32)?\b|\bepc : /],
  ['mips', 32, /\bmips(?:el)?\b|\bepc\s+: 8[0-9a-f]{7}\b/],
  ['powerpc', 64, /\bppc64(?:le)?\b/],
  ['powerpc', undefined, /\bppc(?:64(?:le)?)?\b|\bpowerpc\b|\bNIP: /],
  ['s390', 64, /\bs390x?\b|\bKrnl PSW\b/],
  ['csky', 32, /\bcsky\b/],
  ['sparc', undefined, /\bsparc(?:64)?\b/],
];

const WIDE_ADDRESS = /\b(?:0x)?(?:ffff|9000|c000)[0-9a-f]{12}\b/i;
const NARROW_ADDRESS = /\[<(?:0x)?[0-9a-f]{8}>\]|\bpage:[0-9a-f]{8}\b|\b0x[a-f][0-9a-f]{7}\b/i;

export function machineOf(lines: readonly LogLine[], first: number, last: number): Machine {
  const near = lines.slice(Math.max(0, first - 5), last + 1);
  return machineIn(near) ?? machineIn(lines) ?? {};
}

function machineIn(lines: readonly LogLine[]): Machine | undefined {
  for (const [arch, bits, pattern] of ARCHES) {
    if (!lines.some(({ text }) => pattern.test(text))) continue;
    const size = bits ?? bitsOf(lines);
    return { arch, ...(size === undefined ? {} : { bits: size }) };
  }
  const size = bitsOf(lines);
  return size === undefined ? undefined : { bits: size };
}

function bitsOf(lines: readonly LogLine[]): 32 | 64 | undefined {
  if (lines.some(({ text }) => WIDE_ADDRESS.test(text))) return 64;
  return lines.some(({ text }) => NARROW_ADDRESS.test(text)) ? 32 : undefined;
}
