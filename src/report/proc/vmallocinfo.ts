/**
 * /proc/vmallocinfo: areas, who asked for them, the largest hole, and where vmalloc space begins in this boot.
 *
 * Source: Linux mm/vmalloc.c: s_show(). The size includes the guard page (4096 bytes, unless VM_NO_GUARD).
 */
import { sections } from '../finding.js';
import { hex, plural, size } from '../render/amount.js';
import type { CaptureText } from './zoneinfoText.js';

export interface VmallocArea {
  readonly start: bigint;
  readonly end: bigint;
  readonly bytes: number;
  readonly caller: string;
  /** `vmalloc`, `ioremap`, `vmap`, `user`, `vpages`. */
  readonly kind: string;
  readonly pages?: number;
  readonly physical?: bigint;
}

const ROW = /^\s*0x([0-9a-f]{8,16})-0x([0-9a-f]{8,16})\s+(\d+)\s*(.*)$/;

export function vmallocinfoOf(texts: readonly string[]): VmallocArea[] {
  return texts.flatMap((text): VmallocArea[] => {
    const row = ROW.exec(text);
    if (!row) return [];
    const rest = row[4] ?? '';
    const kind = /\b(vmalloc|ioremap|vmap|user|dma-coherent|unpurged vm_area|vm_map_ram)\b/.exec(
      rest,
    )?.[1];
    const pages = /\bpages=(\d+)/.exec(rest)?.[1];
    const physical = /\bphys=(?:0x)?([0-9a-f]+)/.exec(rest)?.[1];
    return [
      {
        start: BigInt(`0x${row[1] ?? '0'}`),
        end: BigInt(`0x${row[2] ?? '0'}`),
        bytes: Number(row[3]),
        caller:
          /^([A-Za-z_][\w.]*\+0x[0-9a-f]+\/0x[0-9a-f]+|0x[0-9a-f]+)/
            .exec(rest)?.[1]
            ?.replace(/\+.*/, '') ?? '',
        kind: kind ?? (pages === undefined ? 'other' : 'vmalloc'),
        ...(pages === undefined ? {} : { pages: Number(pages) }),
        ...(physical === undefined ? {} : { physical: BigInt(`0x${physical}`) }),
      },
    ];
  });
}

export function vmallocinfoText(areas: readonly VmallocArea[]): CaptureText {
  const sorted = areas.toSorted((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
  const first = sorted[0];
  const callers = new Map<string, { count: number; bytes: number }>();
  for (const { caller, kind, bytes } of areas) {
    const key = caller === '' ? `(${kind})` : caller;
    const sum = callers.get(key) ?? { count: 0, bytes: 0 };
    callers.set(key, { count: sum.count + 1, bytes: sum.bytes + bytes });
  }
  const users = [...callers].toSorted(([, a], [, b]) => b.bytes - a.bytes);
  const whole = areas.reduce((sum, { bytes }) => sum + bytes, 0);
  const pages = areas.reduce((sum, area) => sum + (area.pages ?? 0), 0);
  const hole = largestHole(sorted);
  const isHidden = areas.length > 0 && areas.every(({ start }) => start === 0n);
  const top = users[0];
  return {
    headline: isHidden
      ? 'The addresses are hidden (kptr_restrict): read the file as root.'
      : `${plural(areas.length, 'area')} take ${size(whole)} of addresses and ${size(pages * 4096)} of memory${top ? `; the largest user is ${top[0]} with ${size(top[1].bytes)} in ${plural(top[1].count, 'area')}` : ''}.`,
    sections: sections(
      [
        'Users',
        [
          [
            ['caller', 'areas', 'addresses'],
            ...users
              .slice(0, 12)
              .map(([caller, { count, bytes }]) => [caller, String(count), size(bytes)]),
          ],
        ],
      ],
      ['Addresses', addressItems(first, hole, areas)],
    ),
    facts: {
      areas: areas.length,
      bytes: whole,
      pages,
      firstStart: first ? hex(first.start) : null,
      largestHole: hole ? { from: hex(hole.from), bytes: hole.bytes } : null,
      users: users.slice(0, 12).map(([caller, { count, bytes }]) => ({ caller, count, bytes })),
      isKaslr:
        first === undefined || first.start >> 32n === 0n
          ? null
          : base(first.start) !== 0xffffc90000000000n,
    },
  };
}

/** vmalloc space begins at a multiple of 1 GiB on x86_64. */
const base = (start: bigint): bigint => (start >> 30n) << 30n;

function largestHole(sorted: readonly VmallocArea[]): { from: bigint; bytes: number } | undefined {
  let best: { from: bigint; bytes: number } | undefined;
  for (let at = 1; at < sorted.length; at++) {
    const [before, after] = [sorted[at - 1], sorted[at]];
    if (!before || !after || after.start <= before.end) continue;
    const bytes = Number(after.start - before.end);
    if (!best || bytes > best.bytes) best = { from: before.end, bytes };
  }
  return best;
}

function addressItems(
  first: VmallocArea | undefined,
  hole: { from: bigint; bytes: number } | undefined,
  areas: readonly VmallocArea[],
): string[] {
  if (!first || first.start === 0n) return [];
  const items: string[] = [];
  if (first.start >> 47n === 0x1ffffn)
    items.push(
      base(first.start) === 0xffffc90000000000n
        ? 'vmalloc space begins at 0xffffc90000000000: no KASLR of memory regions.'
        : `The lowest area is at ${hex(first.start)}: vmalloc_base of this boot is ${hex(base(first.start))} (a multiple of 1 GiB; 0xffffc90000000000 without KASLR).`,
    );
  if (hole)
    items.push(`The largest hole between areas is ${size(hole.bytes)} at ${hex(hole.from)}.`);
  const guarded = areas.filter(
    ({ pages, bytes }) => pages !== undefined && bytes === (pages + 1) * 4096,
  ).length;
  if (guarded > 0)
    items.push(
      `Each area ends in a guard page that has no memory: ${guarded} of ${areas.length} are one page larger than what they hold (size = (pages + 1) * 4096).`,
    );
  return items;
}
