/**
 * `#pragma mmscope`: which machine a scenario runs on.
 *
 *     #pragma mmscope machine arch=i386 ram=1G slab=slub cma=16M cpus=1     boots one; cmdline="debug_vm=on": its parameters
 *     #pragma mmscope core "dumps/vmcore"                                   opens a memory dump
 *     #pragma mmscope state "recorded/static.trace.gz"                      rebuilds a recorded state
 *
 * One table says which keys there are and what their values may be; completion and the messages read it too.
 */
import type { BootSpec, MachineSpec } from '../../engine/image/machineSpec.js';
import { readArguments } from '../../engine/image/boot/commandLine.js';
import { isUnknownParameter, KERNEL_PARAMETERS } from '../../engine/image/boot/kernelParameters.js';
import { COMPOUND_ENCODINGS, type CompoundEncoding } from '../../engine/types/compoundEncoding.js';
import type { Arch, ProfileName } from '../../engine/types/profile.js';
import { Diagnostics, type Diagnostic } from './diagnostic.js';
import { readQuoted } from './literals.js';
import type { PragmaText } from './preprocess.js';
import { spanOf, type Span } from './span.js';
import { nearest, suggestion } from './suggest.js';
import { decodeUtf8 } from './utf8.js';

const MiB = 1 << 20;
const GiB = 1 << 30;

/** What a scenario without a pragma runs on. */
export const defaultMachine: BootSpec = {
  kind: 'machine',
  arch: 'x86_64',
  profile: 'x86_64-slub',
  ramBytes: 1 * GiB,
  cmaBytes: 16 * MiB,
  cpus: 1,
  compound: 'compound-head',
  busOffset: 0,
  commandLine: '',
};

/** The kernels there are: which arch and slab allocator each was built with. */
const bundledKernels: Readonly<
  Record<
    ProfileName,
    { readonly arch: Arch; readonly slab: 'slub' | 'slab'; readonly maxCpus: number }
  >
> = {
  'i386-highmem4g-slub': { arch: 'i386', slab: 'slub', maxCpus: 1 },
  'i386-pae-slab': { arch: 'i386-pae', slab: 'slab', maxCpus: 1 },
  'x86_64-slub': { arch: 'x86_64', slab: 'slub', maxCpus: 1 },
  'x86_64-slab': { arch: 'x86_64', slab: 'slab', maxCpus: 1 },
  'x86_64-slub-smp': { arch: 'x86_64', slab: 'slub', maxCpus: 8 },
};

const profileNames = Object.keys(bundledKernels) as ProfileName[];

type Value =
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'bytes'; readonly least: number; readonly most: number }
  | { readonly kind: 'count'; readonly least: number; readonly most: number }
  /** Quoted: it may hold spaces. */
  | { readonly kind: 'text' };

/** Every key of the machine pragma. */
export const machineKeys: Readonly<
  Record<string, { readonly value: Value; readonly doc: string }>
> = {
  arch: {
    value: { kind: 'choice', choices: ['i386', 'i386-pae', 'x86_64'] },
    doc: 'Architecture: i386 has 2-level page tables, i386-pae 3-level, x86_64 4-level.',
  },
  profile: {
    value: { kind: 'choice', choices: profileNames },
    doc: 'The kernel build, by name; otherwise arch, slab and cpus select it.',
  },
  ram: {
    value: { kind: 'bytes', least: 16 * MiB, most: 64 * GiB },
    doc: 'Amount of memory, 16M to 64G.',
  },
  slab: {
    value: { kind: 'choice', choices: ['slub', 'slab'] },
    doc: 'Slab allocator of the kernel: slub or slab.',
  },
  cma: {
    value: { kind: 'bytes', least: 0, most: 4 * GiB },
    doc: 'Size of the CMA (contiguous memory) area; 0 for none.',
  },
  cpus: { value: { kind: 'count', least: 1, most: 8 }, doc: 'Number of CPUs, 1 to 8.' },
  compound: {
    value: { kind: 'choice', choices: COMPOUND_ENCODINGS },
    doc:
      'How compound pages mark heads and tails: compound-head since Linux 4.4; before, head-tail (PG_head, PG_tail) or, on ' +
      '32 bit, compound-reclaim (PG_compound, PG_reclaim).',
  },
  bus: {
    value: { kind: 'bytes', least: 0, most: 2 * GiB },
    doc: 'What the host bridge adds to a physical address to make a bus address; 0 by default.',
  },
  cmdline: {
    value: { kind: 'text' },
    doc:
      'Parameters of the kernel, as on its command line: cmdline="debug_vm=on". debug_vm=on checks what CONFIG_DEBUG_VM checks, and ' +
      "tells misuse of the kernel's functions.",
  },
};

const KINDS = ['machine', 'core', 'state'];

/** The machine that the pragmas of a scenario ask for (a file's path is relative to the scenario), and what is wrong with them. */
export function readMachine(pragmas: readonly PragmaText[]): {
  readonly machine: MachineSpec;
  /** The pragma that describes it; the start of the text if none does. */
  readonly span: Span;
  readonly diagnostics: readonly Diagnostic[];
} {
  const diagnostics = new Diagnostics();
  let machine: MachineSpec | undefined;
  let span = spanOf(0, 0);
  for (const pragma of pragmas) {
    const read = new PragmaReader(pragma, diagnostics).read();
    if (read === undefined) continue;
    if (machine !== undefined)
      diagnostics.error(
        'bad-pragma',
        pragma.span,
        'a scenario can have only one machine, and this is the second',
      );
    if (machine === undefined) ({ span } = pragma);
    machine ??= read;
  }
  return { machine: machine ?? defaultMachine, span, diagnostics: diagnostics.all() };
}

/**
 * A machine as far as it is known before it is opened. One that lies in a file is described by the file's name, where that
 * has a kernel's name in it, and a size (`x86_64-slub-64M/static.trace.gz`); the rest is taken for granted.
 */
export function describedMachine(machine: MachineSpec): BootSpec | undefined {
  if (machine.kind === 'machine') return machine;
  // The longer names first: some begin with others.
  const profile = profileNames
    .toSorted((a, b) => b.length - a.length)
    .find((name) => machine.path.includes(name));
  if (profile === undefined) return undefined;
  const size = /-(\d+[MG])\b/.exec(machine.path)?.[1];
  const ramBytes = (size === undefined ? undefined : readSize(size)) ?? defaultMachine.ramBytes;
  const { arch } = bundledKernels[profile];
  return { ...defaultMachine, arch, profile, ramBytes, cmaBytes: 0 };
}

interface Setting {
  readonly key: string;
  readonly value: string;
  readonly keySpan: Span;
  readonly valueSpan: Span;
}

class PragmaReader {
  constructor(
    private readonly pragma: PragmaText,
    private readonly diagnostics: Diagnostics,
  ) {}

  read(): MachineSpec | undefined {
    const match = /^[^\s"]*/.exec(this.pragma.text);
    const kind = match?.[0] ?? '';
    const rest = this.pragma.text.slice(kind.length);
    if (kind === 'machine') return this.machine(rest, kind.length);
    if (kind === 'core' || kind === 'state') return this.file(kind, rest, kind.length);
    const span = this.span(0, Math.max(1, kind.length));
    const hint = suggestion(kind, KINDS, span);
    const message = `expected machine, core or state after '#pragma mmscope'${hint.text}`;
    this.diagnostics.error('bad-pragma', span, message, hint.fix);
    return undefined;
  }

  private file(kind: 'core' | 'state', rest: string, offset: number): MachineSpec | undefined {
    const match = /^\s*("(?:[^"\\]|\\.)*")\s*$/.exec(rest);
    if (match?.[1] === undefined) {
      const span = this.span(offset, offset + Math.max(1, rest.length));
      this.diagnostics.error('bad-pragma', span, `write #pragma mmscope ${kind} "path/to/file"`);
      return undefined;
    }
    const path = decodeUtf8(readQuoted(match[1]).bytes);
    return { kind, path };
  }

  private machine(rest: string, offset: number): BootSpec {
    const settings = new Map<string, Setting>();
    for (const match of rest.matchAll(/(?:"[^"]*"|\S)+/g)) {
      const setting = this.setting(match[0], offset + match.index);
      if (setting === undefined) continue;
      if (settings.has(setting.key)) this.error(setting.keySpan, `'${setting.key}' is given twice`);
      settings.set(setting.key, setting);
    }
    return this.assemble(settings);
  }

  private setting(word: string, offset: number): Setting | undefined {
    const equals = word.indexOf('=');
    const key = equals < 0 ? word : word.slice(0, equals);
    const keySpan = this.span(offset, offset + key.length);
    const valueSpan = this.span(offset + key.length + 1, offset + word.length);
    const known = machineKeys[key];
    if (known === undefined || !Object.hasOwn(machineKeys, key)) {
      const hint = suggestion(key, Object.keys(machineKeys), keySpan);
      this.diagnostics.error(
        'bad-pragma',
        keySpan,
        `unknown key '${key}'${hint.text || `; the keys are ${Object.keys(machineKeys).join(', ')}`}`,
        hint.fix,
      );
      return undefined;
    }
    const written = equals < 0 ? '' : word.slice(equals + 1);
    const value = known.value.kind === 'text' ? written.replace(/^"(.*)"$/, '$1') : written;
    const problem =
      written === '' ? `'${key}' needs a value` : problemWith(key, value, known.value);
    if (problem === undefined) return { key, value, keySpan, valueSpan };
    const near = known.value.kind === 'choice' ? nearest(value, known.value.choices) : undefined;
    const fix =
      near === undefined
        ? undefined
        : { title: `Change to '${near}'`, span: valueSpan, replacement: near };
    this.diagnostics.error('bad-pragma', written === '' ? keySpan : valueSpan, problem, fix);
    return undefined;
  }

  private assemble(settings: ReadonlyMap<string, Setting>): BootSpec {
    const number = (key: string, otherwise: number): number => {
      const setting = settings.get(key);
      return setting === undefined ? otherwise : (readSize(setting.value) ?? otherwise);
    };
    const cpus = number('cpus', 1);
    const profile = this.profile(settings, cpus);
    const { arch } = bundledKernels[profile];
    const ramBytes = number('ram', defaultMachine.ramBytes);
    const ram = settings.get('ram');
    if (ram && arch === 'i386' && ramBytes > 4 * GiB)
      this.error(ram.valueSpan, 'i386 without PAE addresses at most 4G: use arch=i386-pae');
    const cma = settings.get('cma');
    const cmaBytes = number('cma', Math.min(defaultMachine.cmaBytes, ramBytes / 4));
    if (cma && cmaBytes > ramBytes / 2)
      this.error(cma.valueSpan, 'the CMA area can take at most half of the memory');
    const compound = this.compound(settings, arch);
    const busOffset = number('bus', 0);
    const commandLine = this.commandLine(settings.get('cmdline'));
    return {
      kind: 'machine',
      arch,
      profile,
      ramBytes,
      cmaBytes,
      cpus,
      compound,
      busOffset,
      commandLine,
    };
  }

  /** Parameters that nothing here heeds are told: a misspelt one would be passed over in silence. */
  private commandLine(setting: Setting | undefined): string {
    if (setting === undefined) return '';
    for (const { name } of readArguments(setting.value)) {
      if (!isUnknownParameter(name)) continue;
      const at = setting.valueSpan.start + 1 + Math.max(0, setting.value.indexOf(name));
      const span = spanOf(at, at + name.length);
      const hint = suggestion(name, Object.keys(KERNEL_PARAMETERS), span);
      const message = `the kernel's parameter '${name}' has no effect on a booted machine${hint.text}`;
      this.diagnostics.warning('bad-pragma', span, message, hint.fix);
    }
    return setting.value;
  }

  private compound(settings: ReadonlyMap<string, Setting>, arch: Arch): CompoundEncoding {
    const setting = settings.get('compound');
    const encoding = COMPOUND_ENCODINGS.find((each) => each === setting?.value);
    if (setting && encoding === 'compound-reclaim' && arch === 'x86_64')
      this.error(setting.valueSpan, 'only 32-bit kernels had compound-reclaim: use arch=i386');
    return encoding ?? defaultMachine.compound;
  }

  /** The kernel that fits arch, slab and cpus. */
  private profile(settings: ReadonlyMap<string, Setting>, cpus: number): ProfileName {
    const asked = settings.get('profile');
    const arch = settings.get('arch');
    const slab = settings.get('slab');
    const fits = profileNames.filter((name) => {
      const kernel = bundledKernels[name];
      return (
        (asked === undefined || name === asked.value) &&
        kernel.arch === (arch?.value ?? (asked ? kernel.arch : defaultMachine.arch)) &&
        (slab === undefined || kernel.slab === slab.value) &&
        cpus <= kernel.maxCpus
      );
    });
    const [first] = fits;
    if (first !== undefined) return first;
    const place = asked ?? slab ?? settings.get('cpus') ?? arch;
    const wanted = [arch, slab, asked, settings.get('cpus')]
      .filter((setting) => setting !== undefined)
      .map(({ key, value }) => `${key}=${value}`)
      .join(' ');
    this.error(
      place?.valueSpan ?? this.pragma.span,
      `no bundled kernel is built for ${wanted}; there are ${profileNames.join(', ')}`,
    );
    const byArch = profileNames.find((name) => bundledKernels[name].arch === arch?.value);
    return byArch ?? defaultMachine.profile;
  }

  private error(span: Span, message: string): void {
    this.diagnostics.error('bad-pragma', span, message);
  }

  private span(start: number, end: number): Span {
    return spanOf(this.pragma.span.start + start, this.pragma.span.start + end);
  }
}

function problemWith(key: string, value: string, rule: Value): string | undefined {
  if (rule.kind === 'text')
    return value.includes('"') ? `write ${key}="name=value name=value"` : undefined;
  if (rule.kind === 'choice') {
    if (rule.choices.includes(value)) return undefined;
    return `'${value}' is not a value of ${key}: use one of ${rule.choices.join(', ')}`;
  }
  const size = readSize(value);
  if (size === undefined)
    return `'${value}' is not a ${rule.kind === 'bytes' ? 'size: write 512M, 4G, ...' : 'number'}`;
  if (size >= rule.least && size <= rule.most) return undefined;
  const text = rule.kind === 'bytes' ? sizeText : String;
  return `${key}=${value} is out of range: use ${text(rule.least)} to ${text(rule.most)}`;
}

/** `64M`, `1G`, `0x10000`, `4096`. */
function readSize(text: string): number | undefined {
  const match = /^(0x[0-9a-f]+|[0-9]+)([kmg]?)(?:i?b)?$/i.exec(text);
  if (match === null) return undefined;
  const scale = { '': 1, k: 1024, m: MiB, g: GiB }[(match[2] ?? '').toLowerCase()] ?? 1;
  return Number(match[1]) * scale;
}

const sizeText = (bytes: number): string =>
  bytes % GiB === 0 && bytes > 0 ? `${bytes / GiB}G` : `${bytes / MiB}M`;
