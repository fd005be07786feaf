/**
 * The machine that the kernel runs on: its CPUs, and state that is neither memory nor a scenario's.
 *
 * All of it lies in pseudo frames, on the tape like memory: a step back takes it back.
 */
import {
  asCell,
  asVirt,
  PAGE_SIZE,
  WORDS_PER_FRAME,
  type Cell,
  type VirtAddr,
} from '../memory/address.js';
import { Processor, PROCESSOR_FRAMES } from '../x86/processor.js';
import type { CpuFeatures } from '../x86/registers.js';
import type { IoTlbMem } from './ioTlb.js';
import type { KernelMemory } from './kernelMemory.js';

const REGISTERS = ['cpu', 'current_flags', 'bad_page_nr_shown', 'reclaim_state', 'stfu'] as const;
/** Lists that are local variables of kernel functions, and the recorder's. */
const LISTS = [
  'scratch_list',
  'freelist',
  'tmp_list',
  'slabs_list',
  'slabs_list_off_slab',
  'local_purge_list',
  'pages_to_free',
  'surplus_list',
  'page_list',
  'migratepages',
  'movable_page_list',
  'folios',
  'ret_folios',
  'split_folios',
  'clean_folios',
  'free_folios',
  'node_folio_list',
  // Huge pages: those that are to be split, and those that a collapse has taken off their list.
  'list',
  'compound_pagelist',
  // SMP: the first and the last callback that wait for a grace period; the last of those that wait for the one under way.
  'rcu_cblist',
  'rcu_wait_tail',
  // The state of the generator of random numbers.
  'random',
  // Who is to free destroyed caches: entry/slabWorker.ts.
  'slab_worker',
  'kernel_works',
  // Blocks of vm_map_ram() that go.
  'purge',
] as const;
const WORDS_PER_REGISTER = 4;
/** Where in the frame of registers the marks of warnings begin that are given once. */
const WARNED = 256;
/** Where in the frame of lists the first one is (a structure that it would be a member of lies in the frame, too), a tree, and arrays. */
const FIRST_LIST = 256;
const MT_DETACH = 496;
const LOCAL_LISTS = 512;

/**
 * The address of the frame of lists, which stands for a kernel stack: a page that no kernel maps, behind the scenario's own
 * objects and a guard (scenario/semantics/window.ts).
 */
const listsAddress = (wide: boolean): VirtAddr =>
  asVirt((wide ? -0x400_0000_0000 : 0x100_0000) + 0x100_0000 + PAGE_SIZE);

export class Machine {
  private readonly registers: Cell;
  private readonly lists: Cell;
  private readonly processors: Processor[] = [];
  /** Where the kernel is called from, which its functions note: set before each call. */
  caller: VirtAddr = asVirt(0);
  /** What a host bridge adds to a physical address to make it a bus address. Set before anything runs. */
  busOffset = 0;
  /** `slub_debug=` with lists of caches, as it was written; and whether it has an O. Set while the kernel boots, then constant. */
  slub_debug_string: string | undefined;
  disable_higher_order_debug = false;
  /** The bounce buffer, on machines that have one. */
  io_tlb: IoTlbMem | undefined;
  /** Where strings of the kernel's own code lie in its constants: of a machine that boots, which needs them. */
  private readonly literals = new Map<string, VirtAddr>();
  private readonly codeTexts = new Map<VirtAddr, string>();

  constructor(private readonly memory: KernelMemory) {
    this.registers = memory.memory.addPseudoFrames(1);
    this.lists = memory.memory.addPseudoFrames(1);
    const start = listsAddress(memory.wide);
    memory.addWindow({ start, sizeBytes: PAGE_SIZE, cell: this.lists });
  }

  /** State that is not memory, but on the tape like it: one word, or a list head. */
  register(name: (typeof REGISTERS | typeof LISTS)[number]): Cell {
    const list = LISTS.findIndex((each) => each === name);
    if (list >= 0) return asCell(this.lists + FIRST_LIST + list * WORDS_PER_REGISTER);
    return asCell(
      this.registers + REGISTERS.findIndex((each) => each === name) * WORDS_PER_REGISTER,
    );
  }

  /** Room for an array of list heads that is a kernel function's local variable. */
  get localLists(): Cell {
    return asCell(this.lists + LOCAL_LISTS);
  }

  /** A maple tree that is a local variable: the areas that munmap() takes away. */
  get mtDetach(): Cell {
    return asCell(this.lists + MT_DETACH);
  }

  addLiteral(text: string, at: VirtAddr): void {
    this.literals.set(text, at);
  }

  findLiteral(text: string): VirtAddr | undefined {
    return this.literals.get(text);
  }

  /** Where the constant of that text lies. */
  literal(text: string): VirtAddr {
    const at = this.literals.get(text);
    if (at === undefined) throw new Error(`this machine has no constant "${text}"`);
    return at;
  }

  /** Says what lies at an address in code, as %pS prints it (`main+0x10/0x40`): no profile has all functions. */
  addCodeText(address: VirtAddr, text: string): void {
    this.codeTexts.set(address, text);
  }

  codeText(address: VirtAddr): string | undefined {
    return this.codeTexts.get(address);
  }

  /**
   * Whether a warning is given for the first time since boot, which is noted: the `__already_done` of WARN_ON_ONCE(). A step back
   * over the warning takes the note back.
   */
  warnsFirst(text: string): boolean {
    const { words, tape } = this.memory;
    const mark = hashOf(text);
    for (let at = this.registers + WARNED; at < this.registers + WORDS_PER_FRAME; at++) {
      if (words[at] === mark) return false;
      if (words[at] !== 0) continue;
      tape.write(asCell(at), mark);
      return true;
    }
    return true;
  }

  /** Gives the machine its CPUs. Once. */
  addProcessors(nrCpus: number, features: CpuFeatures): void {
    const { memory, tape, wide } = this.memory;
    for (let cpu = 0; cpu < nrCpus; cpu++) {
      const first = memory.addPseudoFrames(PROCESSOR_FRAMES);
      this.processors.push(new Processor(tape, first, wide, features));
    }
  }

  /** A CPU's registers and TLB. */
  processor(cpu: number): Processor {
    const processor = this.processors[cpu];
    if (processor === undefined) throw new Error(`there is no CPU ${cpu}`);
    return processor;
  }
}

/** A word that stands for a text; never 0. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash | 1;
}
