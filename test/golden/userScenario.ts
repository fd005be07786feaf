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
}

const FAULT_FLAG_WRITE = 1;
/** Calls of the recorder that take and give references. */
const GETS: Readonly<Record<string, string>> = {
  gup: 'get_user_pages',
  gupf: 'get_user_pages_fast',
  pin: 'pin_user_pages',
  pinf: 'pin_user_pages_fast',
};
const TAKEN_BY_OTHERS = new Set(['rcu', 'mmdrop', 'stack', 'free']);

const HEAD = `struct page *pages[128]; bool pinned[128]; long ret; char sink; int fd; char block[PAGE_SIZE];
void put(int first, int nr) { for (int i = first; i < first + nr; i++) if (pages[i]) { if (pinned[i]) unpin_user_page(pages[i]); else put_page(pages[i]); } }
void got(int first, int nr, bool pin) { for (int i = first; i < first + nr; i++) { pinned[i] = pin; if (i - first >= ret) pages[i] = NULL; } }`;

export function userScenario(
  program: readonly Action[],
  ops: readonly (TraceOp | undefined)[],
): { readonly text: string; readonly steps: readonly Step[] } {
  // Lines of each process, in its order; a line stands for a step, or for the beginning of a child.
  const bodies = new Map<number, (number | { readonly child: number; readonly step: number })[]>();
  const body = (pid: number) => {
    const known = bodies.get(pid) ?? [];
    bodies.set(pid, known);
    return known;
  };
  const isHuge = program.some(({ name }) => name === 'nr_overcommit_hugepages');
  const opOf: (TraceOp | undefined)[] = [];
  let nextOp = 0;
  program.forEach((action, i) => {
    const op = action.name === 'op' ? ops[nextOp++] : undefined;
    opOf.push(op);
    if (action.name === 'fork') body(action.pid).push({ child: Number(action.args[0]), step: i });
    else if (statementOf(action, op, isHuge) !== undefined) body(action.pid).push(i);
  });
  const lines = HEAD.split('\n');
  const lineOf: (number | undefined)[] = program.map(() => undefined);
  const write = (pid: number): void => {
    for (const item of body(pid)) {
      if (typeof item === 'number') {
        lines.push(statementOf(program[item] as Action, opOf[item], isHuge) ?? '');
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
  const steps = program.map((action, i) => ({ action, op: opOf[i], line: lineOf[i] }));
  return { text: `${lines.join('\n')}\nret = 0;\n`, steps };
}

/** Where the program hugetlb has its areas. */
export const isInAreas = (marked: string): boolean => /^[23]\w{7}!?$/.test(marked);

const address = (text: string | undefined): string => `0x${text ?? '0'}UL`;

/** Undefined: there is nothing to write. */
function statementOf(
  { name, args }: Action,
  op: TraceOp | undefined,
  isHuge: boolean,
): string | undefined {
  if (TAKEN_BY_OTHERS.has(name)) return undefined;
  const [a, b, c, d, , f] = args;
  switch (name) {
    case 'op':
      return op && operation(op);
    case 'fault':
      return parseInt(b ?? '0', 16) & FAULT_FLAG_WRITE
        ? `*(char *)${address(a)} = 0;`
        : `sink = *(char *)${address(a)};`;
    case 'accessed':
      // Of huge pages it is done from outside: a write would copy a page that is shared since.
      if (isHuge && args.every(isInAreas)) return undefined;
      return args
        .filter((each) => !isHuge || !isInAreas(each))
        .map((each) => {
          const at = address(each.replace('!', ''));
          // The program's own constants were written before they became read-only.
          return each.endsWith('!') && parseInt(each, 16) >= 0x2000_0000
            ? `*(char *)${at} = *(char *)${at};`
            : `sink = *(char *)${at};`;
        })
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
    // What others take.
    case 'alloc':
      return undefined;
    default:
      throw new Error(`no statement for ${name}`);
  }
}

function operation({ name, args }: TraceOp): string | undefined {
  const [slot, va, nr, flags] = args;
  if (name === 'gupput') return `put(${slot}, ${va});`;
  const call = GETS[name];
  if (call === undefined) return undefined;
  const last = call.endsWith('_fast') ? '' : ', NULL';
  return `ret = ${call}(${va}UL, ${nr}, ${flags}, pages + ${slot}${last}); got(${slot}, ${nr}, ${name.startsWith('pin')});`;
}
