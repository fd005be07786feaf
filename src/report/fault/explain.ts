/** Page faults and protection faults of the kernel, each as a finding. */
import type { Context } from '../context.js';
import { addressKind, type AddressTold, type Bases } from '../facts/kernelAddress.js';
import { sections, type Facts, type Finding } from '../finding.js';
import { machineOf } from '../input/machineHints.js';
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
import { esrRule, esrText } from './esr.js';
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
  const told =
    oops.address === undefined
      ? undefined
      : isForeign
        ? foreignKind(oops.address, bits)
        : addressKind(oops.address, bits, bases);
  const rule = oops.isGeneralProtection
    ? 'unknown'
    : oops.esr === undefined
      ? ruleOf(oops)
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
      ['Why', oops.isGeneralProtection ? protectionItems(told) : whyItems(oops, rule, told)],
    ),
    assumed:
      oops.isX86 || machine.arch === 'x86_64' || machine.arch === 'i386'
        ? []
        : [
            'Entries and error codes are decoded for x86 only; of this architecture only the address is told.',
          ],
    facts: factsOf(oops, rule, told, base),
  };
}

/** Of another architecture only what holds anywhere is told. */
function foreignKind(address: bigint, bits: 32 | 64): AddressTold {
  const told = addressKind(address, bits, {});
  return ['null', 'poison', 'error-pointer'].includes(told.kind)
    ? told
    : { kind: 'other', text: 'an address of an architecture whose layout is not decoded' };
}

const hexDigits = (oops: Oops): number => (oops.address ?? 0n).toString(16).length;

function headline(oops: Oops, rule: Rule, told: AddressTold | undefined): string {
  const at =
    oops.where === undefined ? 'The kernel' : oops.where.replace(/\+0x.*\/0x[0-9a-f]+/, '()');
  const code = oops.errorCode ?? 0;
  const verb = (code & 16) !== 0 ? 'tried to execute' : (code & 2) !== 0 ? 'wrote to' : 'read';
  const access = oops.errorCode === undefined || oops.isGeneralProtection ? 'accessed' : verb;
  const address = oops.address === undefined ? 'a non-canonical address' : hex(oops.address);
  if (told?.kind === 'null') return `${at} ${access} ${address}: a NULL pointer.`;
  if (told?.kind === 'poison') return `${at} ${access} ${address}: ${told.text}.`;
  if (oops.isGeneralProtection)
    return `${at} ${access} ${address}: ${told?.text ?? 'a general protection fault'}.`;
  return `${at} ${access} ${address}, and ${ruleTexts[rule]}.`;
}

function saidItems(oops: Oops, told: AddressTold | undefined): string[] {
  const items: string[] = [];
  if (oops.address !== undefined) items.push(`Address ${hex(oops.address)}: ${told?.text ?? ''}.`);
  if (oops.errorCode !== undefined && oops.isX86 && !oops.isGeneralProtection)
    items.push(errorCodeText(oops.errorCode));
  if (oops.esr !== undefined) items.push(esrText(oops.esr));
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
