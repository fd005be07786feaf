#!/usr/bin/env python3
"""program.py KERNEL RAM ORACLE OUTDIR [NAME] : record one of the guest's programs with what it does between the operations.

NAME is usr (if none is given), cmausr-touchN, usr2-sSEED, migr-sSEED, huge-sSEED, thp-sSEED, hugetlb-sSEED, thpmigr-sSEED or advise-sSEED. All but the last five are recorded with the first
driver, which has no `lru`, and no events of migration; of the later driver's kernels before.symbols.gz says which symbols
lie elsewhere than in the profile. Writes NAME.trace.gz, before.vmcore.gz (memory as the first act begins) and NAME.program.gz
(FORMAT.md, 7.2). RAM as QEMU wants it, ORACLE the folder with kernels/ and
guests/. Needs gdb: it stands on a dozen functions of the kernel and writes who came by, with which arguments. Clocks count
instructions, so the stops change nothing.
"""
import gzip
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))

# The numbers of the system calls that act on an address space.
CALLS_64 = {9: 'mmap', 10: 'mprotect', 11: 'munmap', 12: 'brk', 25: 'mremap', 28: 'madvise', 56: 'fork', 149: 'mlock',
            150: 'munlock', 231: 'exit', 1: 'write', 257: 'open', 18: 'pwrite', 285: 'fallocate',
            319: 'memfd_create', 77: 'ftruncate', 3: 'close'}
CALLS_32 = {192: 'mmap', 125: 'mprotect', 91: 'munmap', 45: 'brk', 163: 'mremap', 219: 'madvise', 120: 'fork',
            150: 'mlock', 151: 'munlock', 252: 'exit', 4: 'write', 295: 'open', 181: 'pwrite', 324: 'fallocate',
            356: 'memfd_create', 93: 'ftruncate', 6: 'close'}

# What a write() to the recorder's files begins with that sets it up: no operation.
SET_UP = [int.from_bytes(word, 'little') for word in (b'prob', b'ksto', b'quie', b'unqu', b'exit')]

# `=FILE`: files are copied.
FILE = int.from_bytes(b'=FIL', 'little')

# `events 0`
EVENTS, EVENTS_OFF = (int.from_bytes(word, 'little') for word in (b'even', b'ts 0'))

# Where the program begins: at which write() to the recorder, and whether only a later call of a kind is the first act.
STARTS = {'usr': (3, None), 'cmausr': (4, None), 'usr2': (2, 'open'), 'migr': (2, 'put'),
          'huge': (4, None), 'hugetlb': (4, None), 'thpmigr': (4, None), 'advise': (4, None)}

# The calls that look at what the processor has marked in entries.
MARKED = ('mprotect', 'munmap', 'mremap', 'madvise', 'fork')
# Where the program huge has its areas: marks elsewhere do not matter before a process ends.
AREAS = range(0x20000000, 0x40000000)


def guest_of(kernel, ram, name):
    """The recording's guest, as lib/families.mjs has it. `usr` has always been recorded with a smaller CMA area."""
    families = os.path.join(HERE, '../lib/families.mjs')
    text = subprocess.check_output(['node', '--input-type=module', '-e', f"import {{ guestOf }} from '{families}';"
                                    f"console.log(JSON.stringify(guestOf('{kernel}-{ram}', '{name}')))"], text=True)
    guest = {'cma': '4M' if name == 'usr' else '16M', 'options': '', **json.loads(text)}
    if name == 'usr':
        guest['args'] = ' slab_nomerge'
    return guest


class Machine:
    def __init__(self, kernel, ram, oracle, work, guest):
        self.x64 = kernel.startswith('x86_64')
        self.smp = 'smp' in kernel
        self.start = STARTS[guest['mode']]
        self.is_huge = guest['mode'] in ('huge', 'hugetlb', 'thpmigr', 'advise')
        pae = 'pae' in kernel
        self.port = 20000 + random.randrange(10000)
        build = f'{oracle}/kernels/{guest["generation"]}/{kernel}'
        self.symbols = {}
        with open(f'{build}/System.map') as lines:
            for line in lines:
                address, _, name = line.split()
                self.symbols.setdefault(name.removesuffix('.constprop.0'), int(address, 16))
        # A 64-bit machine for PAE, as in lib/machine.mjs.
        self.qemu = 'qemu-system-x86_64' if self.x64 or pae else 'qemu-system-i386'
        cpu = 'qemu64,+pdpe1gb' if self.x64 else 'qemu64' if pae else 'qemu32,+pge,+pse'
        bits = 64 if self.x64 else 32
        space = '' if guest['mode'] == 'usr' else ' '
        self.command = [self.qemu, *(
            f'-machine pc -cpu {cpu} -m {ram} -smp 1 -display none -no-reboot -net none -vga std').split(), '-append',
            f'console=ttyS0 nokaslr norandmaps nolapic noapic cma={guest["cma"]} panic=1 quiet loglevel=4'
            f' mmo={guest["mode"]}{space}{guest["options"]} {guest["args"]}', *(
            f'-serial file:{work}/serial -object memory-backend-file,id=hm,size=256M,share=on,mem-path={work}/bar '
            '-device ivshmem-plain,memdev=hm -device isa-debug-exit,iobase=0x501,iosize=2 -icount shift=0,sleep=off '
            f'-rtc base=2024-01-01,clock=vm -kernel {build}/bzImage '
            f'-initrd {oracle}/guests/{guest["program"]}-{bits}.cpio.gz '
            f'-monitor none -gdb tcp::{self.port} -S').split()]


def gdb_script(machine, core):
    x64, symbols = machine.x64, machine.symbols
    word = 'long' if x64 else 'int'
    args = ['$rdi', '$rsi', '$rdx', '$rcx'] if x64 else ['$eax', '$edx', '$ecx', '*(int*)($esp+4)']
    base = '$gs_base+' if machine.smp else ''
    task = f'*({word}*)({base}{symbols["current_task"]})'
    # offsetof(struct task_struct, pid) of the five builds
    pid = f'*(int*)({task}+{(912 if machine.smp else 696) if x64 else 436})'
    regs = '$rdi' if x64 else '$eax'
    # di, si, dx, r10, r8, r9; bx, cx, dx, si, di, bp
    call = [f'*({word}*)({regs}+{at})' for at in ([0x70, 0x68, 0x60, 0x38, 0x48, 0x40] if x64 else range(0, 24, 4))]
    number = '(int)$rsi' if x64 else '*(int*)($eax+0x2c)'
    # The first bytes that a write() to the recorder has: the second argument is where they are.
    text = '*(unsigned int*)$rsi' if x64 else '*(unsigned int*)$edx'
    behind = text.replace('*)', '*)(4+').replace('$', '(long)$') + ')'
    count, first = machine.start
    lines = ['set confirm off', 'set pagination off', 'set width 0',
             f'set architecture {"i386:x86-64" if machine.qemu.endswith("64") else "i386"}',
             f'target remote :{machine.port}', f'hbreak *{symbols["mmo_write"]}',
             # Writes before it set the recorder up.
             f'ignore 1 {count - 1}', 'continue']
    if first == 'open':
        condition = '(int)$rsi==257' if x64 else '*(int*)($eax+0x2c)==295'
        lines += [f'tbreak *{symbols["do_syscall_64" if x64 else "do_int80_syscall_32"]} if {condition}']
        if not x64:
            lines += [f'tbreak *{symbols["__do_fast_syscall_32"]} if {condition}']
        lines += ['continue']
    elif first == 'put':
        lines += [f'tbreak *{symbols["mmo_put"]} if *(unsigned char*){"$rsi" if x64 else "$edx"}==1', 'continue']
    lines += [f'monitor dump-guest-memory {core}']
    # The act that it stands at has no breakpoint any more.
    if first == 'open':
        lines += [f'printf "@S %d %d {" ".join(["%lx"] * 6)}\\n",{pid},{number},{",".join(call)}']

    def at(point, text, *values, then=()):
        lines.append(f'hbreak *{symbols[point]}')
        at.count += 1
        values = ','.join((pid, *values))
        lines.extend([f'commands {at.count}', 'silent', f'printf "@{text}\\n",{values}', *events, *then, 'continue', 'end'])

    # Pages that are taken while the program records no events must be known all the same, but not when files are copied at its end.
    mask = f'*(int*){symbols["ev_mask"]}'
    lines += ['set $heard=1']
    events = [f'set var {mask}={mask}|$heard'] if first else []
    at.count = 1 + (0 if first is None else 1 if first == 'put' or x64 else 2)
    look = ('monitor info tlb', 'printf "@Y\\n"')
    tables, seen = look if first == 'open' else (), ()
    if machine.is_huge:
        acts = [act for act, name in (CALLS_64 if x64 else CALLS_32).items() if name in MARKED]
        tables = (f'if {text}==0x73747075', *look, 'end')  # "upts"
        seen = (f'if {"||".join(f"({number})=={act}" for act in acts)}', *look, 'end')
        at('mmo_put', 'P %d %d', f'*(unsigned char*){"$rsi" if x64 else "$edx"}')
    heard = len(lines) + 1
    lines.extend(['commands 1', 'silent', f'printf "@O %d %d %x %x\\n",{pid},{args[2]},{text},{behind}', *tables, 'continue', 'end'])
    if first:
        lines += [f'hbreak *{symbols["mmo_put"]} if {text}=={FILE}']
        at.count += 1
        lines += [f'commands {at.count}', 'silent', f'disable {at.count}', 'printf "@E\\n"', 'set $heard=0', f'set var {mask}={mask}&~1', 'continue', 'end']
    at('handle_mm_fault', 'F %d %lx %x %lx', *args[1:])
    hexes = ' '.join(['%lx'] * 6)
    at('do_syscall_64' if x64 else 'do_int80_syscall_32', f'S %d %d {hexes}', number, *call, then=seen)
    if not x64:
        # The sixth argument is on the user's stack.
        at('__do_fast_syscall_32', f'S %d %d {hexes}', number, *call[:5], f'*(int*)(*(int*)({regs}+20))', then=seen)
    at('hugetlb_sysctl_handler', 'W %d %d %s', args[1], f'(char*){args[2]}')
    if first:
        # Until the recorder hears of pages.
        lines += [f'hbreak *{symbols["__alloc_pages"]} if ({mask}&1)==0']
        at.count += 1
        lines += [f'commands {at.count}', 'silent', f'printf "@A %d %x %x\\n",{pid},{args[0]},{args[1]}', 'continue', 'end']
        lines[heard] += f'\ndisable {at.count}'
    if machine.is_huge:
        at('__alloc_pages', 'A %d %x %x', *args[:2])
        for name in ('nr_hugepages', 'nr_overcommit_hugepages'):
            at(f'{name}_store', f'H %d {name} %s', f'(char*){args[2]}')
        at('split_huge_pages_write', 'H %d split_huge_pages %s', f'(char*){args[1]}')
    at('thread_stack_free_rcu' if machine.smp else 'rcu_process_callbacks', 'R %d')
    at('exit_mmap', 'X %d', then=('monitor info tlb', 'printf "@Y\\n"'))
    if machine.smp:
        at('refresh_cpu_vm_stats', 'V %d')
    at('free_task', 'T %d %lx', args[0])
    at('put_task_stack', 'K %d %lx', args[0])
    at('__mmdrop', 'D %d %lx', args[0])
    at('pagemap_open', 'G %d')
    lines.append('continue')
    return '\n'.join(lines) + '\n'


def program_of(log, x64, starts_with_op, areas=None, smp=False):
    """What gdb wrote, as lines of a program."""
    names = CALLS_64 if x64 else CALLS_32
    user_end = 0x800000000000 if x64 else 0xc0000000
    out, known = ['1 op'] if starts_with_op else [], [1]
    fork = None  # the line of a fork() whose child has not been seen
    file = None  # the descriptor of the file that was made last
    is_memfd = False  # whether memfd_create() made it
    tlb = None
    silent = areas is None  # whether the recorder hears no events
    at = None  # the line that what the processor has marked belongs in front of
    told = {}  # by pid, how many lines there were when the accessed entries were told last, and these
    for line in log:
        if not line.startswith('@'):
            entry = re.match(r'([0-9a-f]{8,16}): [0-9a-f]+ (\S{9})', line.strip())
            if tlb is not None and entry and int(entry[1], 16) < user_end and 'A' in entry[2]:
                tlb.append('%x%s' % (int(entry[1], 16), '!' if 'D' in entry[2] else ''))
            continue
        if line.startswith('@E'):
            break
        if line.startswith('@Y'):
            if tlb is None:
                continue
            if kind == 'X':
                # A process that a signal ends makes no call.
                if f'{pid} exit' not in out:
                    out.append(f'{pid} exit')
                at = max(i for i, line in enumerate(out) if line == f'{pid} exit')
            elif areas is not None:
                tlb = [entry for entry in tlb if int(entry.rstrip('!'), 16) in areas]
            # Entries stay marked until something changes them: what was said already is not repeated.
            quiet = all(line.split()[1] in ('op', 'fault', 'accessed') for line in out[told.get(pid, (0, []))[0]:])
            new = [entry for entry in tlb if not quiet or entry not in told.get(pid, (0, []))[1]]
            if at is not None and new:
                out.insert(at, f'{pid} accessed {" ".join(new)}')
                fork = fork + 1 if fork is not None and fork >= at else fork
            told[pid] = (len(out), tlb)
            tlb = None
            continue
        kind, pid, *words = line[1:].split()
        pid = int(pid)
        if not x64:
            words = [w[8:] if len(w) == 16 and w.startswith('ffffffff') else w for w in words]
        if pid not in known and kind in 'FOS' and fork is not None:
            known.append(pid)
            out[fork] = out[fork].replace('CHILD', str(pid))
            fork = None
        if kind in 'OS':
            tlb, at = [], len(out)
        if kind == 'O':
            word = int(words[1], 16)
            if word == EVENTS and areas is not None:
                silent = int(words[2], 16) == EVENTS_OFF
            tlb = None if word in SET_UP else tlb
            if word == int.from_bytes(b'quie', 'little'):
                out.append(f'{pid} quiet drain' if smp else f'{pid} quiet')
            elif word not in SET_UP:
                out.append(f'{pid} op')
        elif kind == 'P':
            if words[0] == '1':
                out.append(f'{pid} op')
        elif kind == 'F':
            if words[2] != '0':  # 0: get_user_pages() asks, which the engine does itself
                out.append(f'{pid} fault {words[0]} {words[1]}')
        elif kind == 'S':
            name, call = names.get(int(words[0])), words[1:]
            if name == 'fork':
                fork = len(out)
                out.append(f'{pid} fork CHILD')
            elif name == 'exit':
                out.append(f'{pid} exit')
            elif name == 'write':
                file = call[0] if file == 'next' else file
                if call[0] == file:
                    out.append(f'{pid} write {call[2]}')
            elif name == 'pwrite':
                out.append(f'{pid} pwrite {call[2]} {call[3]}')
            elif name == 'fallocate':
                # Of 32 bits, a loff_t is two registers.
                out.append(f'{pid} fallocate {call[1]} {call[2]} {call[3] if x64 else call[4]}')
            elif name == 'open':
                if int(call[2], 16) & 0x40:  # O_CREAT
                    out.append(f'{pid} open')
                    file, is_memfd = 'next', False
            elif name == 'memfd_create':
                out.append(f'{pid} memfd_create {call[1]}')
                file, is_memfd = 'next', True
            elif name == 'ftruncate':
                file = call[0] if file == 'next' else file
                if call[0] == file:
                    out.append(f'{pid} ftruncate {call[1]}')
            elif name == 'close':
                if is_memfd and call[0] == file:
                    out.append(f'{pid} close')
                    file = None
            elif name is not None:
                if name == 'mmap' and not x64:
                    call[5] = '%x' % (int(call[5], 16) * 4096)
                out.append(f'{pid} {name} {" ".join(call)}')
        elif kind == 'W':
            if words[0] != '0':
                out.append(f'{pid} nr_hugepages {int(words[1]):x}')
        elif kind == 'A':
            if silent:
                out.append(f'{pid} alloc {words[0]} {words[1]}')
        elif kind == 'H':
            out.append(f'{pid} {words[0]} {int(words[1]):x}')
        elif kind == 'X':
            tlb = []
        else:
            act = {'R': 'rcu', 'V': 'fold', 'G': 'pagemap', 'D': 'mmdrop', 'K': 'stack', 'T': 'free'}[kind]
            out.append(' '.join([str(pid), act, *words]))
    return out


OPS = re.compile(r'(lru|probes2|mark|umm|upts?|upage|gupf?|pinf?|gupput|events|dump|contigf?|cmaf?|drain|mlock_stat)\b')
# Operations that are not asked for by a write() to the recorder's first file.
OTHERS = ('lru', 'probes2')


def with_others(program, trace):
    """The program of usr2 or migr with the operations of the recorder's second file, which only the trace tells."""
    # Lines of dumps may look like operations.
    trace = re.sub(r'^%(?!kstop|ran?\b|run)\S+(?: .*)?\n(?:.*\n)*?%end$', '', trace, flags=re.M)
    ops = [OPS.match(line.lstrip('\1')) for line in trace.split('\n')]
    ops = [op[1] for op in ops if op]
    out = []
    for line in program:
        if line.endswith(' op'):
            while ops and ops[0] in OTHERS:
                out.append(line)
                ops.pop(0)
            ops = ops[1:]
        out.append(line)
    last = max(i for i, line in enumerate(out) if line.endswith(' op')) + 1
    return out[:last] + ['1 op' for op in ops if op in OTHERS] + out[last:]


def write_moved(kernel, symbols, out):
    """The kernel's name, and the symbols of its profile that lie elsewhere in this generation's kernel: `NAME ADDRESS`."""
    with open(os.path.join(HERE, f'../../src/engine/types/profiles/{kernel}.json')) as text:
        known = [line.split()[:2] for line in json.load(text)['symbols']]
    with gzip.open(out, 'wt', 9) as file:
        print(kernel, file=file)
        for name, address in known:
            # Of per-CPU variables the offset is known.
            if address[0] != '+' and symbols.get(name, int(address, 16)) != int(address, 16):
                print(f'{name} {symbols[name]:x}', file=file)


def main(kernel, ram, oracle, out, name='usr'):
    os.makedirs(out, exist_ok=True)
    guest = guest_of(kernel, ram, name)
    with tempfile.TemporaryDirectory(dir='/dev/shm') as work:
        bar = os.path.join(HERE, '../lib/bar.mjs')
        subprocess.check_call(['node', '--input-type=module', '-e',
                               f"import {{ makeBar }} from '{bar}'; makeBar('{work}/bar', Buffer.from(''), 256, false);"])
        machine = Machine(kernel, ram, oracle, work, guest)
        qemu = subprocess.Popen(machine.command)
        time.sleep(1)
        with open(f'{work}/gdb', 'w') as script:
            script.write(gdb_script(machine, f'{work}/core'))
        with open(f'{work}/log', 'w') as log:
            subprocess.call(['gdb', '-nx', '-batch', '-x', f'{work}/gdb'], stdout=log, stderr=subprocess.STDOUT)
        qemu.wait()
        subprocess.check_call([sys.executable, os.path.join(HERE, 'unpack.py'), f'{work}/bar', out, name])
        if guest['generation'] != 'first':
            write_moved(kernel, machine.symbols, f'{out}/before.symbols.gz')
        else:
            # What the first driver does not know it has printed as it came.
            with gzip.open(f'{out}/{name}.trace.gz') as trace:
                text = re.sub(rb'\x01(lru|probes2|vmstat)', b'', trace.read())
            with gzip.open(f'{out}/{name}.trace.gz', 'wb', 9) as trace:
                trace.write(text)
        with open(f'{work}/core', 'rb') as core, gzip.open(f'{out}/before.vmcore.gz', 'wb', 9) as packed:
            shutil.copyfileobj(core, packed)
        with open(f'{work}/log', errors='replace') as log, gzip.open(f'{out}/{name}.program.gz', 'wt', 9) as program:
            areas = AREAS if machine.is_huge else None
            acts = program_of(log, machine.x64, machine.start[1] is None, areas, machine.smp)
            if machine.start[1] is not None:
                with gzip.open(f'{out}/{name}.trace.gz', 'rt', errors='replace') as trace:
                    acts = with_others(acts, trace.read())
            program.write('\n'.join(acts) + '\n')


if __name__ == '__main__':
    if len(sys.argv) not in (5, 6):
        sys.exit(__doc__)
    main(*sys.argv[1:])
