/** Memory of which each CPU has its own: allocated, the kernel's variables, and the scenario's (DEFINE_PER_CPU). */
import type { Value } from '../semantics/arithmetic.js';
import { PER_CPU_STRIDE, windowLayout } from '../semantics/window.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { needsCaches } from './needs.js';
import { sizeOf, truth, va } from './pointers.js';

const changes = true;

/** Whether a pointer is to a variable of the scenario. */
function isScenarios(call: BuiltinCall, pointer: Value): boolean {
  const { data, stacks } = windowLayout(call.profile.pointerSize);
  const address = Number(pointer);
  return address >= data && address < stacks;
}

function addressOn(call: BuiltinCall, pointer: Value, cpu: Value): Value {
  if (!call.profile.smp) return pointer;
  if (isScenarios(call, pointer)) return call.offset(pointer, Number(cpu) * PER_CPU_STRIDE);
  const offsets = call.profile.symbol('__per_cpu_offset');
  if (offsets === undefined) return pointer;
  const size = call.profile.pointerSize;
  return call.offset(
    pointer,
    call.memory.load(call.offset(offsets.address, Number(cpu) * size), size),
  );
}

function allocate(call: BuiltinCall, size: Value, align: Value, gfp: Value): Value {
  const { k, kernel } = call;
  const bytes = sizeOf(call, size);
  const address = kernel.__alloc_percpu_gfp(k, bytes, sizeOf(call, align), Number(gfp));
  if (address !== 0) call.ledger.allocated({ kind: 'per-CPU', address, sizeBytes: bytes });
  return address;
}

const allocations: readonly BuiltinRow[] = [
  {
    signature: 'void *__alloc_percpu(size_t size, size_t align)',
    doc: 'Zeroed memory for each CPU; what it returns is for per_cpu_ptr() and free_percpu(). alloc_percpu(type) asks for one of a type.',
    changes,
    needs: needsCaches,
    sleeps: 'always',
    run: (call, size, align) => allocate(call, size, align, call.k.GFP_KERNEL),
  },
  {
    signature: 'void *__alloc_percpu_gfp(size_t size, size_t align, gfp_t gfp)',
    doc: 'Like __alloc_percpu; without __GFP_DIRECT_RECLAIM only memory that is there already is given.',
    changes,
    needs: needsCaches,
    sleeps: 2,
    run: allocate,
  },
  {
    signature: 'void free_percpu(void *ptr)',
    doc: 'Frees memory of alloc_percpu() for all CPUs; does nothing for NULL.',
    changes,
    needs: needsCaches,
    run: (call, pointer) => {
      call.ledger.freed('per-CPU', pointer);
      call.kernel.free_percpu(call.k, va(pointer));
    },
  },
  {
    signature: 'bool is_kernel_percpu_address(unsigned long addr)',
    doc: "Whether an address is of the kernel's own per-CPU variables, on some CPU.",
    run: (call, address) => truth(isKernels(call, address)),
  },
];

function isKernels(call: BuiltinCall, address: Value): boolean {
  const [start, end] = ['__per_cpu_start', '__per_cpu_end'].map(
    (name) => call.profile.symbol(name)?.address,
  );
  if (start === undefined || end === undefined) return false;
  for (let cpu = 0; cpu < call.kernel.num_online_cpus(call.k); cpu++) {
    const first = Number(addressOn(call, start, cpu));
    if (Number(address) >= first && Number(address) < first + (end - start)) return true;
  }
  return false;
}

export const percpu: readonly Builtin[] = [
  ...group('per-CPU', 'mm/percpu.c', allocations),
  ...group('per-CPU', 'include/linux/percpu-defs.h', [
    {
      signature: 'void *__per_cpu_address(const void *ptr, int cpu)',
      doc: "The address of a per-CPU pointer's target on a CPU; per_cpu_ptr() also keeps the type.",
      run: addressOn,
    },
  ]),
];
