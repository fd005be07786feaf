/**
 * /proc/interrupts: how often each line has interrupted each CPU, and who handles it; then what a CPU's own interrupts were.
 *
 * Differs: a line of a machine that was booted here has no chip; it is shown with the one that it has on a PC: of the I/O APIC, by edge, if
 * the build has it, else of the 8259A.
 * Left out: platform interrupts (nobody has a function for them), lines that are hidden or chained.
 * Source: Linux 6.1 kernel/irq/proc.c: show_interrupts(); arch/x86/kernel/irq.c: arch_show_interrupts().
 */
import { num_online_cpus } from '../kernel/include/linux/cpumask.h.js';
import { per_cpu, per_cpu_ptr } from '../kernel/include/linux/percpu-defs.h.js';
import { irq_to_desc, NR_IRQS_LEGACY, type IrqDesc } from '../kernel/kernel/irq/irqdesc.js';
import { actionOf, nextAction } from '../kernel/kernel/irq/manage.js';
import { stringAt } from '../kernel/lib/string.js';
import { NULL } from '../machine/ctypes.js';
import type { Kernel } from '../machine/kernel.js';
import { findMember } from '../types/members.js';

/** The width of the first column; so few lines as there are here. */
const PREC = 3;

/** What of irq_cpustat_t is shown, and where a build has it. */
const OF_CPU: readonly (readonly [name: string, member: string, text: string])[] = [
  ['NMI', '__nmi_count', 'Non-maskable interrupts'],
  ['LOC', 'apic_timer_irqs', 'Local timer interrupts'],
  ['SPU', 'irq_spurious_count', 'Spurious interrupts'],
  ['PMI', 'apic_perf_irqs', 'Performance monitoring interrupts'],
  ['IWI', 'apic_irq_work_irqs', 'IRQ work interrupts'],
  ['RTR', 'icr_read_retry_count', 'APIC ICR read retries'],
  ['RES', 'irq_resched_count', 'Rescheduling interrupts'],
  ['CAL', 'irq_call_count', 'Function call interrupts'],
  ['TLB', 'irq_tlb_count', 'TLB shootdowns'],
  ['PIN', 'kvm_posted_intr_ipis', 'Posted-interrupt notification event'],
  ['NPI', 'kvm_posted_intr_nested_ipis', 'Nested posted-interrupt event'],
  ['PIW', 'kvm_posted_intr_wakeup_ipis', 'Posted-interrupt wakeup event'],
];
const NEEDS_APIC = ['LOC', 'SPU', 'PMI', 'IWI', 'RTR'];
const NEEDS_SMP = ['RES', 'CAL', 'TLB'];
const NEEDS_KVM = ['PIN', 'NPI', 'PIW'];

const isOn = (k: Kernel, option: string): boolean => k.profile.findConstant(option) === 1;

const cpus = (k: Kernel): number[] => Array.from({ length: num_online_cpus(k) }, (_, cpu) => cpu);

const counted = (counts: readonly number[]): string =>
  counts.map((count) => `${`${count >>> 0}`.padStart(10)} `).join('');

/** What shows which chip a line has, how, and by what it interrupts. */
function chipText(k: Kernel, desc: IrqDesc): string {
  const chip = k.read_va(k.plus(desc, k.irq_desc.irq_data_chip));
  const named = (name: string): string => ` ${name.padStart(8)}`;
  const hwirq = k.read_ulong(k.plus(desc, k.irq_desc.irq_data_hwirq));
  const numbered = ` ${`${hwirq}`.padStart(PREC)}`;
  const unnumbered = ' '.repeat(1 + PREC);
  if (chip === 0)
    return isOn(k, 'CONFIG_X86_IO_APIC')
      ? `${named('IO-APIC')}${numbered}-${'edge'.padEnd(8)}`
      : `${named('XT-PIC')}${unnumbered}`;
  const name = k.read_va(k.plus(k.cell_at(chip), k.irq_chip.name));
  const flow = k.read_va(k.plus(desc, k.irq_desc.name));
  const hasDomain = k.read_va(k.plus(desc, k.irq_desc.irq_data_domain)) !== 0;
  return `${named(name === 0 ? '-' : stringAt(k, name))}${hasDomain ? numbered : unnumbered}${flow === 0 ? '' : `-${stringAt(k, flow).padEnd(8)}`}`;
}

/** Undefined: nobody handles the line, and it has never interrupted. */
function lineText(k: Kernel, irq: number): string | undefined {
  const desc = irq_to_desc(k, irq);
  if (desc === NULL) return undefined;
  const kstat_irqs = k.plus(desc, k.irq_desc.kstat_irqs);
  const counts = cpus(k).map((cpu) =>
    k.read_va(kstat_irqs) === 0 ? 0 : k.read_int(per_cpu_ptr(k, kstat_irqs, cpu)),
  );
  const names: string[] = [];
  for (let action = actionOf(k, desc); action !== NULL; action = nextAction(k, action)) {
    k.watchdog(names.length);
    names.push(stringAt(k, k.read_va(k.plus(action, k.irqaction.name))));
  }
  if (names.length === 0 && counts.every((count) => count === 0)) return undefined;
  const who = names.length === 0 ? '' : `  ${names.join(', ')}`;
  return `${`${irq}`.padStart(PREC)}: ${counted(counts)}${chipText(k, desc)}${who}`;
}

/** arch_show_interrupts() */
function cpuLines(k: Kernel): string[] {
  const type = k.profile.symbol('irq_stat')?.type;
  const counts = (member: string): number[] => {
    const place = type === undefined ? undefined : findMember(type, member);
    return place === undefined
      ? []
      : cpus(k).map((cpu) =>
          k.read_int(k.plus(per_cpu(k, 'irq_stat', cpu), place.offsetBits >> 5)),
        );
  };
  const shows = (name: string): boolean =>
    (!NEEDS_APIC.includes(name) || isOn(k, 'CONFIG_X86_LOCAL_APIC')) &&
    (!NEEDS_SMP.includes(name) || k.smp) &&
    (!NEEDS_KVM.includes(name) || isOn(k, 'CONFIG_HAVE_KVM'));
  const row = ([name, member, text]: (typeof OF_CPU)[number]): string =>
    `${name}: ${counted(counts(member))}  ${text}`;
  const total = (name: string, at: number): string =>
    `${name}: ${`${k.read_int(at) >>> 0}`.padStart(10)}`;
  const rows = OF_CPU.filter(([name]) => shows(name));
  return [
    ...rows.filter(([name]) => !NEEDS_KVM.includes(name)).map(row),
    total('ERR', k.globals.irq_err_count),
    ...(k.globals.irq_mis_count === NULL ? [] : [total('MIS', k.globals.irq_mis_count)]),
    ...rows.filter(([name]) => NEEDS_KVM.includes(name)).map(row),
  ];
}

/** The lines of /proc/interrupts. */
export function show_interrupts(k: Kernel): string[] {
  const head = `${' '.repeat(PREC + 8)}${cpus(k)
    .map((cpu) => `CPU${`${cpu}`.padEnd(8)}`)
    .join('')}`;
  const lines: string[] = [];
  // A machine on which nobody has asked for a line has no descriptors yet.
  const hasLines = k.read_va(k.plus(k.globals.irq_desc_tree, k.xarray.xa_head)) !== 0;
  for (let irq = 0; hasLines && irq < NR_IRQS_LEGACY; irq++) {
    const line = lineText(k, irq);
    if (line !== undefined) lines.push(line);
  }
  return [head, ...lines, ...cpuLines(k)];
}
