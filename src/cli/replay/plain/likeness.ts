/**
 * What of a plain trace can be told apart from ours: all but the addresses of objects, whose caches the trace does not tell of, and
 * pages that were in use when it began and are none of the program's.
 *
 * An address of an object is renamed: the recorded one and ours belong together from their first meeting on, both ways, until ours is
 * freed. Whether the next object lies in the same place depends on when a grace period ends, which no trace tells.
 */
import type { KernelImage } from '../../../engine/image/kernelImage.js';
import { dumpMemmap, type TraceDump } from '../../../engine/image/state/index.js';
import { asPfn, asVirt, type VirtAddr } from '../../../engine/memory/address.js';
import type { ToldPages } from '../program/toldPages.js';
import type { Guest } from './guest.js';

const POINTER_TAGS = 3;
/** Of four entries, as PAE has it, in bytes. */
const ROOT_ALIGN = 32;
/** PG_slab, which all builds have in the same place. */
const SLAB = 0x200;

export class Likeness {
  private readonly toKernel = new Map<string, string>();
  private readonly toOurs = new Map<string, string>();

  constructor(
    private readonly image: KernelImage,
    private readonly guest: Guest,
    private readonly strange: ReadonlySet<number>,
  ) {}

  /** Names that were met; to be forgotten when a span is done again. */
  save(): () => void {
    const [toKernel, toOurs] = [new Map(this.toKernel), new Map(this.toOurs)];
    return () => {
      this.toKernel.clear();
      this.toOurs.clear();
      for (const [ours, kernel] of toKernel) this.toKernel.set(ours, kernel);
      for (const [kernel, ours] of toOurs) this.toOurs.set(kernel, ours);
    };
  }

  /** One of our objects was freed. */
  forget(object: VirtAddr, size: number): void {
    const k = this.image.mm;
    // All addresses have as many digits.
    const [start, end] = [k.hex(object), k.hex(asVirt(object + size))];
    for (const [ours, kernel] of this.toKernel) {
      if (ours < start || ours >= end) continue;
      this.toKernel.delete(ours);
      this.toOurs.delete(kernel);
    }
  }

  /** Of a result, ours as the kernel would have printed it. */
  renamed(result: string, kernel: string): string {
    const ours = this.withRoot(result, kernel);
    const [own, theirs] = [ours.split(/([ ,=@\n])/), kernel.split(/([ ,=@\n])/)];
    if (own.length !== theirs.length) return ours;
    return own.map((word, i) => this.word(word, theirs[i] ?? '', own[i - 2] ?? '')).join('');
  }

  /** Where the top-level table lies, the trace does not determine, as it does with those that lead from it. */
  private withRoot(ours: string, kernel: string): string {
    const ROOT = / pgd\[[0-9a-f]+\]@([0-9a-f]+)=/;
    const [own, theirs] = [ROOT.exec(ours), ROOT.exec(kernel)];
    if (own === null || theirs === null) return ours;
    const inTable = (match: RegExpExecArray): number => parseInt(match[1] ?? '', 16) % ROOT_ALIGN;
    const isSame =
      own[0].split('@')[0] === theirs[0].split('@')[0] && inTable(own) === inTable(theirs);
    return isSame ? ours.replace(own[0], theirs[0]) : ours;
  }

  /** The other way round: the kernel's as we would have printed it. */
  adapted(ours: string, kernel: string): string {
    return this.renamed(ours, kernel) === kernel ? ours : kernel;
  }

  private word(ours: string, kernel: string, before: string): string {
    if (ours === kernel || !/^[0-9a-f]+$/.test(ours) || !/^[0-9a-f]+$/.test(kernel)) return ours;
    // Where it is a page, the events tell which; where it is an object, nothing does.
    if (before === 'pgd') return kernel;
    const [own, theirs] = [this.kindOf(ours), this.kindOf(kernel)];
    if (own === 'strange page' || theirs === 'strange page') return kernel;
    // Another driver was linked into the recorded kernel: its variables lie a little elsewhere.
    if (own !== theirs || (own !== 'object' && own !== 'variable')) return ours;
    const tag = (text: string): number => parseInt(text.slice(-1), 16) & POINTER_TAGS;
    return tag(ours) === tag(kernel) && this.named(ours, kernel) ? kernel : ours;
  }

  private named(ours: string, kernel: string): boolean {
    const known = this.toKernel.get(ours) ?? kernel;
    const back = this.toOurs.get(kernel) ?? ours;
    if (known !== kernel || back !== ours) return false;
    this.toKernel.set(ours, kernel);
    this.toOurs.set(kernel, ours);
    return true;
  }

  /** What an address leads to. */
  private kindOf(text: string): 'object' | 'variable' | 'strange page' | 'page' | 'number' {
    const k = this.image.mm;
    if (text.length < k.ptr_words * 8) return 'number';
    const va = asVirt(k.wide ? Number(BigInt.asIntN(64, BigInt(`0x${text}`))) : parseInt(text, 16));
    const pfn = this.pageAt(va);
    if (pfn !== undefined) return this.isStrange(pfn) ? 'strange page' : 'page';
    if (k.phys_of(va) === undefined) return 'number';
    return this.isStatic(va) ? 'variable' : 'object';
  }

  private isStatic(va: number): boolean {
    const k = this.image.mm;
    const at = (name: string): number => k.profile.symbol(name)?.address ?? 0;
    return va >= at('_etext') && va < at('_end');
  }

  /** The page whose structure an address lies in. */
  private pageAt(va: number): number | undefined {
    const k = this.image.mm;
    const first = k.va_of(k.pfn_to_page(asPfn(0)));
    const pfn = Math.floor((va - first) / (k.memmap.page_words * 4));
    return pfn >= 0 && pfn < this.image.maxPfn ? pfn : undefined;
  }

  /** A page that was in use when the trace began, and is nobody's here. */
  isStrange(pfn: number): boolean {
    const k = this.image.mm;
    if (this.strange.has(pfn) || !this.isInZone(pfn)) return true;
    const flags = k.words[k.pfn_to_page(asPfn(pfn)) + k.page.flags] ?? 0;
    return (flags & (1 << k.PG_reserved)) !== 0;
  }

  private isInZone(pfn: number): boolean {
    const k = this.image.mm;
    return k.zones.some((zone) => {
      const start = k.read_ulong(zone + k.zone.zone_start_pfn);
      return pfn >= start && pfn < start + k.read_ulong(zone + k.zone.spanned_pages);
    });
  }

  /** Lines of a dump without what cannot be known, ours and the kernel's. */
  lines(dump: TraceDump, ours: readonly string[]): [readonly string[], readonly string[]] {
    if (dump.name === 'pts') return [this.entries(ours), this.entries(dump.lines)];
    if (dump.name === 'lru') return [this.lists(ours), this.lists(dump.lines)];
    return [ours, dump.lines];
  }

  /** Tables and entries, each alone, outside of the program's text and the vDSO. */
  private entries(lines: readonly string[]): string[] {
    return lines
      .flatMap((line) => {
        const [, va = '', level = '', count = '', phys = '', rest = ''] =
          /^pr ([0-9a-f]+) (L\d) n=([0-9a-f]+) pa=([0-9a-f]+) (.*)$/.exec(line) ?? [];
        if (level !== 'L1') return [line];
        const step = rest.endsWith(' same') ? 0 : 0x1000;
        return Array.from({ length: parseInt(count, 16) }, (_, i) => {
          const at = parseInt(va, 16) + i * 0x1000;
          const page = parseInt(phys, 16) + i * step;
          return this.isText(at)
            ? []
            : [`pr ${at.toString(16)} ${page.toString(16)} ${rest.replace(' same', '')}`];
        }).flat();
      })
      .sort();
  }

  private isText(va: number): boolean {
    const { areas, pages, mapped } = this.guest;
    if (mapped.includes(va)) return true;
    return (
      !pages.includes(va) &&
      areas.some(({ start, end, of }) => of === 'file' && va >= start && va < end)
    );
  }

  private lists(lines: readonly string[]): string[] {
    return lines.flatMap((line) => {
      // The node's counters are not told by the start.
      if (line.startsWith('node')) return [];
      const [head = '', ...tokens] = line.split(/(?<=^l \d|^fb \d+ \S+) /);
      return [head, ...this.known(tokens.join(' '))];
    });
  }

  private known(tokens: string): string[] {
    return tokens
      .split(' ')
      .filter((token) => token !== '')
      .flatMap((token) => {
        const [first = '', count = '1', step = '0'] = token.split(':');
        return Array.from(
          { length: parseInt(count, 16) },
          (_, i) => parseInt(first, 16) + i * parseInt(step, 16),
        );
      })
      .filter((pfn) => !this.isStrange(pfn))
      .map((pfn) => pfn.toString(16));
  }

  /**
   * A dump of zones with our numbers of active and inactive pages, if these are as many in all: which pages of the program's text
   * were active when it began, nothing tells.
   */
  zones(dump: TraceDump, ours: readonly string[]): TraceDump {
    const lines = [...dump.lines];
    dump.lines.forEach((line, i) => {
      // Whether these threads exist is told, but not their structures, which are what is looked at.
      if (line.startsWith('node '))
        lines[i] = line.replace(/ kswapd=1 kcompactd=1/, ' kswapd=0 kcompactd=0');
      if (!line.startsWith(' stat ')) return;
      const [kernel, own] = [anonymousOf(dump.lines, i), anonymousOf(ours, i)];
      if (kernel === undefined || own === undefined || kernel.sum !== own.sum) return;
      for (const part of [0, 1] as const)
        lines[i + part] = (dump.lines[i + part] ?? '').replace(PATTERNS[part], own.text[part]);
    });
    return { ...dump, lines };
  }

  /** Of a dump of all pages, the first difference in a page that is known. */
  memmap(dump: TraceDump, told: Pick<ToldPages, 'has'>): string | undefined {
    const [from = '0', to = '0'] = dump.args;
    const ours = pagesOf(dumpMemmap(this.image, parseInt(from, 16), parseInt(to, 16)));
    for (const [pfn, kernel] of pagesOf(dump.lines)) {
      const own = ours.get(pfn);
      // What is in the recorded caches, nobody knows.
      const isSlab = (parseInt(kernel.split(' ')[0]?.slice(-8) ?? '0', 16) & SLAB) !== 0;
      if (own === kernel || isSlab || told.has(pfn) || this.isStrange(pfn)) continue;
      return `%memmap: page ${pfn.toString(16)}: ours '${own ?? 'none'}', kernel '${kernel}'`;
    }
    return undefined;
  }
}

/** The zone's numbers of anonymous pages, inactive and active; and (SMP) what a CPU has not added to these. */
const PATTERNS = [
  / nr_zone_inactive_anon=([0-9a-f]+) nr_zone_active_anon=([0-9a-f]+)/,
  /^ statdiff cpu=0 threshold=\d+ -?\d+ (-?\d+) (-?\d+)/,
] as const;

function anonymousOf(
  lines: readonly string[],
  at: number,
): { readonly sum: number; readonly text: readonly [string, string] } | undefined {
  const [sums, differences] = [
    PATTERNS[0].exec(lines[at] ?? ''),
    PATTERNS[1].exec(lines[at + 1] ?? ''),
  ];
  if (sums === null) return undefined;
  const numbers = [
    ...sums.slice(1).map((text) => parseInt(text, 16)),
    ...(differences?.slice(1).map(Number) ?? []),
  ];
  return {
    sum: numbers.reduce((all, each) => all + each, 0),
    text: [sums[0], differences?.[0] ?? ''],
  };
}

function pagesOf(lines: Iterable<string>): Map<number, string> {
  const pages = new Map<number, string>();
  for (const line of lines) {
    const [, pfn = '', count = '', ...rest] = line.split(' ');
    for (let i = 0; i < parseInt(count, 16); i++) pages.set(parseInt(pfn, 16) + i, rest.join(' '));
  }
  return pages;
}
