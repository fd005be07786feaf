/**
 * Areas of kernel address space that a text tells of: the table that 32-bit kernels print at boot, VmallocTotal and its like.
 *
 * Source: Linux arch/arm/mm/init.c, arch/x86/mm/init_32.c: mem_init() up to 5.7; fs/proc/meminfo.c.
 */
export interface MemoryArea {
  readonly name: string;
  readonly start: bigint;
  readonly end: bigint;
}

export function memoryAreas(texts: readonly string[]): MemoryArea[] {
  return texts.flatMap((text): MemoryArea[] => {
    const row =
      /^\s*([a-z.]+)\s*:\s*(?:0x)?([0-9a-f]{8,16})\s*-\s*(?:0x)?([0-9a-f]{8,16})\s+\(\s*\d+\s*[kMG]B\)/i.exec(
        text,
      );
    return row
      ? [
          {
            name: row[1] ?? '',
            start: BigInt(`0x${row[2] ?? '0'}`),
            end: BigInt(`0x${row[3] ?? '0'}`),
          },
        ]
      : [];
  });
}

export const areaBytes = ({ start, end }: MemoryArea): number => Number(end - start);
