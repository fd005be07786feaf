/** Page faults and protection faults of the kernel, each as a finding. */
import type { Context } from '../context.js';
import {
  addressKind,
  asciiIn,
  shadowedAddress,
  type AddressTold,
  type Bases,
} from '../facts/kernelAddress.js';
import { sections, type Facts, type Finding } from '../finding.js';
import { machineOf, type Machine } from '../input/machineHints.js';
import { kernelOf, kernelText } from '../input/reportKernel.js';
import { capital, hex } from '../render/amount.js';
import { baseIn } from '../page/pagePlace.js';
import { oopses, type Oops } from './oops.js';
import {
  directMapBase,
  entryText,
  errorCodeText,
  isWholeWalk,
  lastEntry,
  ruleOf,
  type Rule,
} from './walk.js';
import { esrAccess, esrRule, esrText } from './esr.js';
import { vmallocAreaItems } from './vmallocArea.js';
import { isXen, ruleTexts, whyItems } from './why.js';

export const faultFindings = (context: Context): Finding[] =>
  oopses(context.lines).map((oops) => explainOne(context, oops));

function explainOne({ lines, input, given }: Context, oops: Oops): Finding {
  const kernel = kernelOf(lines, oops.first, oops.last, given);
  const machine = machineOf(lines, oops.first, oops.last);
  const bits =
    oops.isPae32 || oops.isLegacy32 ? 32 : (machine.bits ?? (hexDigits(oops) > 8 ? 64 : 32));
  const texts = lines.map(({ text }) => text);
  const base = oops.isX86 ? directMapBase(oops) : undefined;
  const vmemmap = baseIn(texts);
  const bases: Bases = {
    ...(kernel.version ? { version: kernel.version } : {}),
    ...(base ? { pageOffset: base.base } : {}),
    ...(vmemmap === undefined ? {} : { vmemmap }),
    ...(oops.kernelOffset === undefined ? {} : { kernelOffset: oops.kernelOffset }),
  };
  const isForeign =
    !oops.isX86 &&
    machine.arch !== undefined &&
    machine.arch !== 'x86_64' &&
    machine.arch !== 'i386';
  const shadowed = shadowedOf(oops);
  const told =
    oops.address === undefined
      ? undefined
      : shadowed
        ? shadowKind(shadowed)
        : isForeign
          ? foreignKind(oops.address, bits, machine.arch)
          : addressKind(oops.address, bits, bases);
  const rule = oops.isGeneralProtection
    ? 'unknown'
    : oops.esr === undefined
      ? oops.foreign && !oops.isX86
        ? oops.foreign.rule
        : ruleOf(oops)
      : esrRule(oops.esr);
  return {
    kind: 'oops',
    headline: headline(oops, rule, told),
    place: {
      input,
      firstLine: lines[oops.first]?.number ?? 1,
      lastLine: lines[oops.last]?.number ?? 1,
    },
    kernel,
    sections: sections(
      ['What it says', [`${capital(kernelText(kernel))}.`, ...saidItems(oops, told)]],
      ['The page tables', walkItems(oops, base)],
      [
        'Why',
        [
          ...vmallocAreaItems(lines, oops.address),
          ...(oops.isGeneralProtection ? protectionItems(told) : whyItems(oops, rule, told)),
        ],
      ],
    ),
    assumed:
      oops.isX86 || machine.arch === 'x86_64' || machine.arch === 'i386'
        ? []
        : [
            oops.foreign || oops.esr !== undefined
              ? 'Entries of page tables are decoded for x86 only.'
              : 'Entries and error codes are decoded for x86 only; of this architecture only the address is told.',
          ],
    facts: factsOf(oops, rule, told, base),
  };
}

const AS_BYTES = 'as bytes';
const OUTSIDE = 'neither an address of user space nor of the kernel';

/** Of another architecture only what holds anywhere is told. */
function foreignKind(address: bigint, bits: 32 | 64, arch: Machine['arch']): AddressTold {
  const told = addressKind(address, bits, {});
  if (['null', 'poison', 'error-pointer'].includes(told.kind)) return told;
  const half = address >> 48n;
  if (arch === 'arm64' && half !== 0n && half !== 0xffffn)
    return {
      kind: 'non-canonical',
      text: `${OUTSIDE}: bits 48 to 63 are neither all 0 nor all 1${half === 0xbfffn || half === 0xdfffn ? '. Two of them differ as a failed check of a pointer signature leaves them (pointer authentication: AUTIA, AUTIB): a return address was signed with another key, or not at all, or overwritten' : ': the pointer was overwritten, or holds something else'}`,
    };
  const text = asciiIn(address, bits);
  return text !== undefined
    ? {
        kind: 'other',
        text: `${AS_BYTES} it is the text "${text}": a string was written over the pointer, or the object that held it was freed`,
      }
    : { kind: 'other', text: 'an address of an architecture whose layout is not decoded' };
}

/** What KASAN was about to check, in bytes. */
function shadowedOf({ kasan, address }: Oops): { from: bigint; to: bigint } | undefined {
  if (kasan) return kasan;
  const from = address === undefined ? undefined : shadowedAddress(address);
  return from === undefined ? undefined : { from, to: from + 7n };
}

function shadowKind({ from, to }: { from: bigint; to: bigint }): AddressTold {
  const range = `${hex(from)} to ${hex(to)}`;
  return from < 4096n
    ? {
        kind: 'null',
        text: `the place of KASAN's shadow for ${range}: a NULL pointer was to be followed, to a member at an offset of ${hex(from)} to ${hex(to)}`,
      }
    : {
        kind: from >> 47n === 0n ? 'user' : 'non-canonical',
        text: `the place of KASAN's shadow for ${range}, where no kernel memory is: the pointer is wrong`,
      };
}

const hexDigits = (oops: Oops): number => (oops.address ?? 0n).toString(16).length;

function headline(oops: Oops, rule: Rule, told: AddressTold | undefined): string {
  const at =
    oops.where === undefined ? 'The kernel' : oops.where.replace(/\+0x.*\/0x[0-9a-f]+/, '()');
  const code = oops.errorCode ?? 0;
  const verb = (code & 16) !== 0 ? 'tried to execute' : (code & 2) !== 0 ? 'wrote to' : 'read';
  const own = oops.foreign ?? (oops.esr === undefined ? undefined : esrAccess(oops.esr));
  const access =
    own && !oops.isX86
      ? own.isFetch
        ? 'tried to execute'
        : own.isWrite
          ? 'wrote to'
          : 'read'
      : oops.errorCode === undefined || oops.isGeneralProtection
        ? 'accessed'
        : verb;
  const address =
    oops.address === undefined
      ? oops.isGeneralProtection
        ? 'a non-canonical address'
        : 'an address that the text does not give'
      : hex(oops.address);
  const shadowed = shadowedOf(oops);
  if (shadowed)
    return shadowed.from < 4096n
      ? `${at} was to follow a NULL pointer, to offset ${hex(shadowed.from)} to ${hex(shadowed.to)}: KASAN's check of it faulted.`
      : `${at} was to follow a pointer to ${hex(shadowed.from)} to ${hex(shadowed.to)}, which is not kernel memory: KASAN's check of it faulted.`;
  if (told?.kind === 'null') return `${at} ${access} ${address}: a NULL pointer.`;
  if (told?.kind === 'poison' || told?.kind === 'error-pointer')
    return `${at} ${access} ${address}: ${told.text}.`;
  if (oops.isGeneralProtection)
    return `${at} ${access} ${address}: ${told?.text ?? 'a general protection fault'}.`;
  if (told?.text.startsWith(AS_BYTES) === true || told?.text.startsWith(OUTSIDE) === true)
    return `${at} ${access} ${address}: ${told.text}.`;
  return `${at} ${access} ${address}, and ${ruleTexts[rule]}.`;
}

function saidItems(oops: Oops, told: AddressTold | undefined): string[] {
  const items: string[] = [];
  if (oops.address !== undefined) items.push(`Address ${hex(oops.address)}: ${told?.text ?? ''}.`);
  if (oops.errorCode !== undefined && oops.isX86 && !oops.isGeneralProtection)
    items.push(errorCodeText(oops.errorCode));
  if (oops.esr !== undefined) items.push(esrText(oops.esr));
  if (oops.foreign && !oops.isX86) items.push(oops.foreign.text);
  if (oops.where !== undefined) items.push(`In ${oops.where}.`);
  if (oops.codeSegment !== undefined && isXen(oops.codeSegment))
    items.push('The kernel is a Xen PV guest (its code segment tells).');
  if (oops.cr0 !== undefined && (oops.cr0 & 0x10000n) === 0n)
    items.push(`CR0 ${hex(oops.cr0)}: WP (bit 16) is clear.`);
  if (oops.cr4 !== undefined) {
    const features = [
      [20n, 'SMEP'],
      [21n, 'SMAP'],
      [22n, 'PKE'],
      [12n, 'LA57: 5 levels'],
      [5n, 'PAE'],
    ] as const;
    const on = features.filter(([bit]) => ((oops.cr4 ?? 0n) >> bit) & 1n).map(([, name]) => name);
    if (on.length > 0) items.push(`CR4 ${hex(oops.cr4)}: ${on.join(', ')}.`);
  }
  if (oops.kernelOffset !== undefined)
    items.push(
      `Kernel Offset ${hex(oops.kernelOffset)}: the image was loaded that much above 0xffffffff81000000 (KASLR).`,
    );
  return items;
}

function walkItems(oops: Oops, base: ReturnType<typeof directMapBase>): string[] {
  const last = lastEntry(oops);
  const items = oops.entries.map((entry) => entryText(entry, entry === last, oops.isPae32));
  if (items.length > 0 && !isWholeWalk(oops))
    items.push('The line is cut: the entries below it are missing.');
  if (base && oops.address !== undefined)
    items.push(
      `${hex(oops.address)} - its physical address = ${hex(base.base)}: the base of the direct map (PAGE_OFFSET) in this boot${base.isInverted ? ', with the frame turned back' : ''}.`,
    );
  return items;
}

function protectionItems(told: AddressTold | undefined): string[] {
  const items = [
    'A general protection fault has no address in CR2 and no page-table entries: the address was not canonical (or a privileged operation was refused).',
  ];
  if (told?.kind === 'poison') items.push(`The pointer is poison: ${told.text}.`);
  if (told?.kind === 'non-canonical')
    items.push('The pointer was overwritten, or memory that was freed was read.');
  return items;
}

function factsOf(
  oops: Oops,
  rule: Rule,
  told: AddressTold | undefined,
  base: ReturnType<typeof directMapBase>,
): Facts {
  const last = lastEntry(oops);
  return {
    address: oops.address === undefined ? null : hex(oops.address),
    addressKind: told?.kind ?? null,
    errorCode: oops.errorCode ?? null,
    kasanFrom: shadowedOf(oops) === undefined ? null : hex(shadowedOf(oops)?.from ?? 0n),
    rule,
    where: oops.where ?? null,
    isGeneralProtection: oops.isGeneralProtection,
    directMapBase: base ? hex(base.base) : null,
    entries: oops.entries.map((entry) => ({
      level: entry.level,
      value: hex(entry.value),
      isPresent: entry.isPresent,
      isWritable: entry.isWritable,
      isNx: entry.isNx,
      frame: hex(entry.frame),
      invertedFrame: hex(entry.invertedFrame),
      hasReservedBits: entry.hasReservedBits,
    })),
    frame: last && last.isPresent && !last.hasReservedBits ? hex(last.frame) : null,
    writeProtectOff: oops.cr0 === undefined ? null : (oops.cr0 & 0x10000n) === 0n,
    isXenPv: oops.codeSegment !== undefined && isXen(oops.codeSegment),
  };
}
