/** A recorded user program as a scenario: one statement a line for each thing that it did, its children inside of `if (fork() == 0)`. */
import type { Action } from '../../src/cli/replay/program/processes.js';
import type { TraceOp } from '../../src/engine/image/state/index.js';

/** What is to be done at one action, in order. */
export interface Step {
  readonly action: Action;
  /** The recorder's operation. */
  readonly op: TraceOp | undefined;
  /** The line of the scenario; undefined: it is looked at from outside, or others did it. */
  readonly line: number | undefined;
  /** What the processor is to have marked accessed in front of it, of the program's areas: a write would copy a page that is shared since. */
  readonly marks: readonly string[];
}

const FAULT_FLAG_WRITE = 1;
/** Calls of the recorder that take and give references. */
const GETS: Readonly<Record<string, string>> = {
  gup: 'get_user_pages',
  gupf: 'get_user_pages_fast',
  pin: 'pin_user_pages',
  pinf: 'pin_user_pages_fast',
};
/** What others do, and what no statement does: performed from outside. */
const DONE_OUTSIDE = new Set(
  ['rcu', 'mmdrop', 'stack', 'free', 'alloc'].concat(['pagemap', 'quiet', 'split_huge_pages']),
);

const HEAD = `struct page *pages[2048], *area[64]; bool pinned[2048]; long ret, range[64], nr[64]; char sink; int fd; char block[PAGE_SIZE];
void put(int first, int nr) { for (int i = first; i < first + nr; i++) if (pages[i]) { if (pinned[i]) unpin_user_page(pages[i]); else put_page(pages[i]); } }
void got(int first, int nr, bool pin) { for (int i = first; i < first + nr; i++) { pinned[i] = pin; if (i - first >= ret) pages[i] = NULL; } }`;

/** A process that an access ends marks nothing behind it: what the processor marked by then comes in front of its last fault. */
function withLastFaults(recorded: readonly Action[]): readonly Action[] {
  const program = [...recorded];
  recorded.forEach(({ name, pid, args }, i) => {
    const [marks, exit] = program.slice(i + 1, i + 3);
    const isLast = marks?.name === 'accessed' && exit?.name === 'exit';
    if (name !== 'fault' || !isInAreas(args[0] ?? '') || !isLast) return;
    if (marks.pid === pid && exit.pid === pid) program.splice(i, 2, marks, { name, pid, args });
  });
  return program;
}

export function userScenario(
  recorded: readonly Action[],
  ops: readonly (TraceOp | undefined)[],
): { readonly text: string; readonly steps: readonly Step[] } {
  const program = withLastFaults(recorded);
  // Lines of each process, in its order; a line stands for a step, or for the beginning of a child.
  const bodies = new Map<number, (number | { readonly child: number; readonly step: number })[]>();
  const body = (pid: number) => {
    const known = bodies.get(pid) ?? [];
    bodies.set(pid, known);
    return known;
  };
  const opOf: (TraceOp | undefined)[] = [];
  let nextOp = 0;
  program.forEach((action, i) => {
    const op = action.name === 'op' ? ops[nextOp++] : undefined;
    opOf.push(op);
    if (action.name === 'fork') body(action.pid).push({ child: Number(action.args[0]), step: i });
    else if (statementOf(action, op) !== undefined) body(action.pid).push(i);
  });
  const lines = HEAD.split('\n');
  const lineOf: (number | undefined)[] = program.map(() => undefined);
  const write = (pid: number): void => {
    for (const item of body(pid)) {
      if (typeof item === 'number') {
        lines.push(statementOf(program[item] as Action, opOf[item]) ?? '');
        lineOf[item] = lines.length;
        continue;
      }
      lines.push('if (fork() == 0) {');
      lineOf[item.step] = lines.length;
      write(item.child);
      lines.push('}');
    }
  };
  write(1);
  const steps = program.map((action, i) => ({
    action,
    op: opOf[i],
    line: lineOf[i],
    marks: action.name === 'accessed' ? action.args.filter(isInAreas) : [],
  }));
  return { text: `${lines.join('\n')}\nret = 0;\n`, steps };
}

/** Where the programs have their areas. */
const isInAreas = (marked: string): boolean => /^[23]\w{7}!?$/.test(marked);

const address = (text: string | undefined): string => `0x${text ?? '0'}UL`;

/** Undefined: there is nothing to write. */
function statementOf({ name, args }: Action, op: TraceOp | undefined): string | undefined {
  if (DONE_OUTSIDE.has(name)) return undefined;
  const [a, b, c, d, , f] = args;
  switch (name) {
    case 'op':
      return op && operation(op);
    case 'fault':
      return parseInt(b ?? '0', 16) & FAULT_FLAG_WRITE
        ? `*(char *)${address(a)} = 0;`
        : `sink = *(char *)${address(a)};`;
    case 'accessed':
      // The program's own pages. Its constants were written before they became read-only.
      if (args.every(isInAreas)) return undefined;
      return args
        .filter((each) => !isInAreas(each))
        .map((each) => `sink = *(char *)${address(each.replace('!', ''))};`)
        .join(' ');
    case 'mmap':
      return `mmap((void *)${address(a)}, ${address(b)}, 0x${c}, 0x${d}, fd, ${address(f)});`;
    case 'munmap':
      return `munmap((void *)${address(a)}, ${address(b)});`;
    case 'mprotect':
      return `mprotect((void *)${address(a)}, ${address(b)}, 0x${c});`;
    case 'madvise':
      return `madvise((void *)${address(a)}, ${address(b)}, 0x${c});`;
    case 'mlock':
    case 'munlock':
      return `${name}((void *)${address(a)}, ${address(b)});`;
    case 'mremap':
      return `mremap((void *)${address(a)}, ${address(b)}, ${address(c)}, 0x${d}, (void *)${address(args[4])});`;
    case 'pwrite':
      return `pwrite(fd, block, 0x${a}, ${address(b)});`;
    case 'fallocate':
      return `fallocate(fd, 0x${a}, ${address(b)}, ${address(c)});`;
    case 'brk':
      return `brk((void *)${address(a)});`;
    case 'exit':
      return 'exit(0);';
    case 'open':
      return 'fd = open("/file", O_RDWR | O_CREAT);';
    case 'write':
      return `write(fd, block, 0x${a});`;
    case 'nr_hugepages':
    case 'nr_overcommit_hugepages':
      return `sysctl("vm.${name}=${parseInt(a ?? '0', 16)}");`;
    case 'memfd_create':
      return `fd = memfd_create("h", 0x${a});`;
    case 'ftruncate':
      return `ftruncate(fd, ${address(a)});`;
    case 'close':
      return 'close(fd);';
    default:
      throw new Error(`no statement for ${name}`);
  }
}

function operation({ name, args }: TraceOp): string | undefined {
  const [slot, va, nr, flags] = args;
  const nrOfSlot = `nr[${slot}]`;
  switch (name) {
    case 'contig':
      return `${nrOfSlot} = ${nr}; range[${slot}] = ${va}; ret = alloc_contig_range(${va}, ${va}UL + ${nr}, ${flags}, GFP_KERNEL | __GFP_NOWARN); if (ret != 0) ${nrOfSlot} = 0;`;
    case 'contigf':
      return `if (${nrOfSlot}) free_contig_range(range[${slot}], ${nrOfSlot}); ${nrOfSlot} = 0;`;
    case 'cma':
      return `${nrOfSlot} = ${va}; area[${slot}] = cma_alloc(dma_contiguous_default_area, ${va}, ${nr}, true);`;
    case 'cmaf':
      return `ret = cma_release(dma_contiguous_default_area, area[${slot}], ${nrOfSlot});`;
    case 'drain':
      return 'drain_all_pages(NULL);';
  }
  if (name === 'gupput') return `put(${slot}, ${va});`;
  const call = GETS[name];
  if (call === undefined) return undefined;
  const last = call.endsWith('_fast') ? '' : ', NULL';
  return `ret = ${call}(${va}UL, ${nr}, ${flags}, pages + ${slot}${last}); got(${slot}, ${nr}, ${name.startsWith('pin')});`;
}
