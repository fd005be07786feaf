/** Booted machines beside recorded ones of the same size: what must be equal before the real ones started to allocate. */
import assert from 'node:assert/strict';
import { bootMachine, type BootOptions } from '../../src/engine/image/boot/bootMachine.js';
import { setup_arch } from '../../src/engine/image/boot/setupArch.js';
import { openCore } from '../../src/engine/image/core/openCore.js';
import { randomAccessOf } from '../../src/engine/image/core/randomAccess.js';
import { freedRanges } from '../../src/engine/image/freedRanges.js';
import type { KernelImage } from '../../src/engine/image/kernelImage.js';
import { dumpZones, readTrace, readZones } from '../../src/engine/image/state/index.js';
import { PAGE_SIZE } from '../../src/engine/memory/address.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import {
  findRecording,
  recordedBytes,
  recordedFiles,
  recordedMachines,
  recordedText,
} from '../recordings.js';
import { PageReader } from './bootChecks.js';

const MiB = 2 ** 20;

const boot = (
  name: ProfileName,
  options: Partial<BootOptions> & { ramBytes: number },
): KernelImage => bootMachine({ profile: loadProfile(name), ...options });

/** The first `%zones` of a recorded trace. */
function firstZones(folder: string, file: string): readonly string[] {
  for (const item of readTrace([recordedText(folder, file)]))
    if (item.kind === 'dump' && item.name === 'zones') return item.lines;
  return assert.fail(`${folder}/${file} has no %zones`);
}

interface RecordedBoot {
  readonly name: ProfileName;
  readonly folder: string;
  /** `static`, `static-128M`, ...: of the files /proc was copied to. */
  readonly prefix: string;
  readonly options: Partial<BootOptions> & { readonly ramBytes: number };
}

/** The machines whose kernel log was recorded, and how they were started. */
function recordedBoots(): RecordedBoot[] {
  const boots: RecordedBoot[] = [];
  for (const folder of recordedMachines('.', /^(i386|x86_64)/)) {
    const name = /^(.*)-(?:sizes|\d+[MG])$/.exec(folder)?.[1];
    if (name === undefined) continue;
    for (const file of recordedFiles(folder, /^static/)) {
      const prefix = /^(static.*)\.dmesg\.gz$/.exec(file)?.[1];
      if (prefix === undefined) continue;
      const [, count, unit] =
        /-(\d+)([MG])(?:$|\/)/.exec(`${prefix}/${folder}`) ?? /-(\d+)([MG])$/.exec(folder) ?? [];
      const dmesg = recordedText(folder, file);
      const [, start = '', end = ''] =
        /RAMDISK: \[mem (0x[0-9a-f]+)-(0x[0-9a-f]+)\]/.exec(dmesg) ?? [];
      boots.push({
        name: name as ProfileName,
        folder,
        prefix,
        options: {
          ramBytes: Number(count) * (unit === 'G' ? 1024 : 1) * MiB,
          cmaBytes: 16 * MiB,
          initrdBytes: Number(end) + 1 - Number(start),
          commandLine: /command line: (.*)/i.exec(dmesg)?.[1] ?? '',
        },
      });
    }
  }
  assert.ok(boots.length >= 20);
  return boots;
}

const recordedFile = ({ folder, prefix }: RecordedBoot, suffix: string): Buffer =>
  recordedBytes(folder, `${prefix}.${suffix}`);

describe('a booted machine beside the recorded one', function () {
  it('the same page frames are reserved (/proc/kpageflags)', () => {
    const KPF_NOPAGE = 20n;
    const KPF_RESERVED = 32n;
    for (const recorded of recordedBoots()) {
      const flags = new BigUint64Array(
        Uint8Array.from(recordedFile(recorded, 'kpageflags.gz')).buffer,
      );
      const layout = setup_arch(loadProfile(recorded.name), {
        nrCpus: 1,
        cmaBytes: 0,
        highmemBytes: 0,
        initrdBytes: 0,
        commandLine: '',
        ...recorded.options,
      });
      const reserved = new Uint8Array(flags.length).fill(1);
      for (const { start, end } of layout.ranges) reserved.fill(0, start, end);
      const mark = (value: 0 | 1, start: number, end: number): Uint8Array =>
        reserved.fill(value, Math.floor(start / PAGE_SIZE), Math.ceil(end / PAGE_SIZE));
      for (const { start, end } of layout.memblock.reserved) mark(1, start, end);
      const { kernel, cma, initrd } = layout;
      for (const range of freedRanges(kernel.profile, 1))
        mark(0, kernel.phys(range.start), kernel.phys(range.end));
      for (const range of [cma, initrd]) if (range !== undefined) mark(0, range.start, range.end);
      flags.forEach((flag, pfn) => {
        if ((flag >> KPF_NOPAGE) & 1n) return;
        const theirs = Number((flag >> KPF_RESERVED) & 1n);
        assert.equal(
          reserved[pfn],
          theirs,
          `${recorded.folder}/${recorded.prefix}: page ${pfn.toString(16)}`,
        );
      });
    }
  });

  it('the same zones, watermarks, reserves, page set sizes (/proc/zoneinfo)', () => {
    for (const recorded of recordedBoots()) {
      const image = boot(recorded.name, recorded.options);
      const theirs = zoneinfoFacts(recordedFile(recorded, 'zoneinfo.txt').toString('latin1'));
      assert.deepEqual(ourFacts(image), theirs, `${recorded.folder}/${recorded.prefix}`);
    }
  });

  it('the same node, zonelist, zones, watermarks (%zones of idle traces)', () => {
    const dynamic = /( count=\d+| free_factor=\d+)/g;
    const facts = (lines: readonly string[]): string[] =>
      lines
        .filter((line) =>
          /^node|^zonelist|^zone|^ wmark|^ lowmem_reserve|^ compact|^ pcp/.test(line),
        )
        .map((line) => line.replace(dynamic, ''));
    let compared = 0;
    for (const recorded of recordedBoots()) {
      if (findRecording(recorded.folder, 'idle-s1.trace.gz') === undefined) continue;
      const image = boot(recorded.name, recorded.options);
      assert.deepEqual(
        facts(dumpZones(image)),
        facts(firstZones(recorded.folder, 'idle-s1.trace.gz')),
        recorded.folder,
      );
      compared++;
    }
    assert.ok(compared >= 8);
  });

  it('whole zones that nobody had used yet: the same free lists', () => {
    for (const [folder, name, mib, initrdPages, lines] of [
      // DMA and all of DMA32 of a machine whose kernel allocates from Normal.
      ['x86_64-slub-6G', 'x86_64-slub', 6144, 88, 54],
      ['i386-highmem4g-slub-1G', 'i386-highmem4g-slub', 1024, 91, 22],
      ['i386-pae-slab-1536M', 'i386-pae-slab', 1536, 91, 21],
    ] as const) {
      const image = boot(name, {
        ramBytes: mib * MiB,
        cmaBytes: 16 * MiB,
        initrdBytes: initrdPages * PAGE_SIZE,
      });
      const kernel = firstZones(folder, 'idle-s1.trace.gz').slice(0, lines);
      assert.deepEqual(dumpZones(image).slice(0, lines), kernel, folder);
    }
  });

  it('struct pages, word for word, but for those in use since', () => {
    // Per cent of the pages and of their words that are equal: of what is not, the most is the first process's memory and
    // the files that it runs from.
    for (const [folder, highmemMiB, initrdPages, pagesEqual, wordsEqual] of [
      ['i386-highmem4g-slub-256M', 64, 91, 99.5, 99.69],
      ['i386-pae-slab-256M', 64, 91, 99.4, 99.64],
      ['x86_64-slab-192M', 0, 88, 99.3, 99.68],
      ['x86_64-slub-192M', 0, 88, 99.3, 99.72],
      ['x86_64-slub-smp-192M', 0, 88, 99.2, 99.68],
    ] as const) {
      const core = openCore(randomAccessOf(recordedBytes('cores', folder, 'before.vmcore.gz')));
      const cmaPages = Math.max(
        ...readZones(core).zones.map((zone) => zone.populated?.fields.cma ?? 0),
      );
      const image = boot(core.profile.name as ProfileName, {
        ramBytes: Number(/(\d+)M$/.exec(folder)?.[1]) * MiB,
        cmaBytes: cmaPages * PAGE_SIZE,
        highmemBytes: highmemMiB * MiB,
        initrdBytes: initrdPages * PAGE_SIZE,
        commandLine: 'slab_nomerge',
      });
      const [ours, kernel] = [new PageReader(image), new PageReader(core)];
      let equal = 0;
      let words = 0;
      let wordsAlike = 0;
      let reservedDiffer = 0;
      for (let pfn = 0; pfn < core.maxPfn; pfn++) {
        const [a, b] = [ours.words(pfn), kernel.words(pfn)];
        assert.ok(a !== undefined && b !== undefined);
        const alike = a.reduce((sum, word, i) => sum + (word === b[i] ? 1 : 0), 0);
        words += a.length;
        wordsAlike += alike;
        if (alike === a.length) equal++;
        else if (((b[core.mm.page.flags] ?? 0) & (1 << core.mm.PG_reserved)) !== 0)
          reservedDiffer++;
      }
      // The page of the vdso is mapped; a longer command line took one page more.
      assert.ok(reservedDiffer <= 2, `${folder}: ${reservedDiffer} reserved pages differ`);
      const percent = (part: number, whole: number): number => (100 * part) / whole;
      const text = `${folder}: ${equal} of ${core.maxPfn} pages, ${wordsAlike} of ${words} words`;
      assert.ok(percent(equal, core.maxPfn) > pagesEqual, text);
      assert.ok(percent(wordsAlike, words) > wordsEqual, text);
    }
  });
});

/** By zone: the numbers of /proc/zoneinfo that do not change while a machine runs. */
type ZoneFacts = Readonly<Record<string, readonly number[]>>;

function zoneinfoFacts(text: string): ZoneFacts {
  const facts: Record<string, readonly number[]> = {};
  for (const section of text.split(/^Node 0, zone +/m).slice(1)) {
    const name = /^\w+/.exec(section)?.[0] ?? '';
    const number = (key: string): number =>
      Number(new RegExp(`^ +${key} +(\\d+)`, 'm').exec(section)?.[1]);
    const protection = /protection: \((.*)\)/.exec(section)?.[1]?.split(', ').map(Number) ?? [];
    if (number('spanned') === 0) continue;
    const [, high = '', batch = ''] = /high: +(\d+)\n +batch: +(\d+)/.exec(section) ?? [];
    facts[name] = [
      ...['min', 'low', 'high', 'spanned', 'present', 'managed', 'cma'].map(number),
      ...protection,
      Number(high),
      Number(batch),
      Number(/start_pfn: +(\d+)/.exec(section)?.[1]),
    ];
  }
  return facts;
}

function ourFacts(image: KernelImage): ZoneFacts {
  const facts: Record<string, readonly number[]> = {};
  for (const { name, populated } of readZones(image).zones) {
    if (populated === undefined) continue;
    const { wmark, fields, lowmem_reserve, pcp } = populated;
    facts[name] = [
      ...[
        wmark.min,
        wmark.low,
        wmark.high,
        fields.spanned,
        fields.present,
        fields.managed,
        fields.cma,
      ],
      ...lowmem_reserve,
      pcp[0]?.fields.high ?? NaN,
      pcp[0]?.fields.batch ?? NaN,
      fields.start,
    ];
  }
  return facts;
}
