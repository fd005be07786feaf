/**
 * Atomic numbers and reference counts. One task runs at a time, and a statement is never interrupted: reading and writing is enough.
 *
 * Source of the names: Linux 6.1 include/linux/atomic/atomic-instrumented.h, include/linux/refcount.h.
 */
import { convert, operation, type Value } from '../semantics/arithmetic.js';
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import type { BuiltinCall } from './call.js';
import { truth } from './pointers.js';

const changes = true;
type Operator = '+' | '-' | '&' | '|' | '^';

// --- the three widths --------------------------------------------------------------------------------------------------------

/** atomic_t, atomic64_t, atomic_long_t: all begin with their number. */
interface Width {
  readonly prefix: string;
  readonly type: string;
  readonly value: string;
  readonly bytes: (call: BuiltinCall) => 4 | 8;
}

const WIDTHS: readonly Width[] = [
  { prefix: 'atomic', type: 'atomic_t', value: 'int', bytes: () => 4 },
  { prefix: 'atomic64', type: 'atomic64_t', value: 's64', bytes: () => 8 },
  {
    prefix: 'atomic_long',
    type: 'atomic_long_t',
    value: 'long',
    bytes: ({ profile }) => profile.pointerSize,
  },
];

const read = (call: BuiltinCall, { bytes }: Width, at: Value): Value => {
  const size = bytes(call);
  return convert(call.memory.load(at, size), size === 4 ? 'i32' : 'i64');
};

const write = (call: BuiltinCall, { bytes }: Width, at: Value, value: Value): void => {
  const size = bytes(call);
  call.memory.store(at, size, convert(value, size === 4 ? 'u32' : 'u64'));
};

const operate = (
  call: BuiltinCall,
  width: Width,
  operator: Operator,
  at: Value,
  operand: Value,
): { readonly old: Value; readonly now: Value } => {
  const old = read(call, width, at);
  const as = width.bytes(call) === 4 ? 'i32' : 'i64';
  const now = operation(operator, as)(old, operand) ?? 0;
  write(call, width, at, now);
  return { old, now };
};

const isZero = (value: Value): boolean => value === 0 || value === 0n;

// --- rows --------------------------------------------------------------------------------------------------------------------

const OPERATORS: readonly (readonly [string, Operator, string])[] = [
  ['add', '+', 'Adds i'],
  ['sub', '-', 'Subtracts i'],
  ['and', '&', 'Keeps the bits of i'],
  ['or', '|', 'Sets the bits of i'],
  ['xor', '^', 'Flips the bits of i'],
];

const arithmetic = (w: Width): BuiltinRow[] =>
  OPERATORS.flatMap(([name, operator, does]): BuiltinRow[] => [
    {
      signature: `void ${w.prefix}_${name}(${w.value} i, ${w.type} *v)`,
      doc: `${does}.`,
      changes,
      run: (call, i, v) => {
        operate(call, w, operator, v, i);
      },
    },
    {
      signature: `${w.value} ${w.prefix}_fetch_${name}(${w.value} i, ${w.type} *v)`,
      doc: `${does}; returns the old value.`,
      changes,
      run: (call, i, v) => operate(call, w, operator, v, i).old,
    },
    ...(operator === '+' || operator === '-'
      ? [
          {
            signature: `${w.value} ${w.prefix}_${name}_return(${w.value} i, ${w.type} *v)`,
            doc: `${does}; returns the new value.`,
            changes,
            run: (call: BuiltinCall, i: Value = 0, v: Value = 0) =>
              operate(call, w, operator, v, i).now,
          },
        ]
      : []),
  ]);

const counting = (w: Width): BuiltinRow[] =>
  (
    [
      ['inc', '+', 'Adds 1'],
      ['dec', '-', 'Subtracts 1'],
    ] as const
  ).flatMap(([name, operator, does]): BuiltinRow[] => [
    {
      signature: `void ${w.prefix}_${name}(${w.type} *v)`,
      doc: `${does}.`,
      changes,
      run: (call, v) => {
        operate(call, w, operator, v, 1);
      },
    },
    {
      signature: `${w.value} ${w.prefix}_${name}_return(${w.type} *v)`,
      doc: `${does}; returns the new value.`,
      changes,
      run: (call, v) => operate(call, w, operator, v, 1).now,
    },
    {
      signature: `${w.value} ${w.prefix}_fetch_${name}(${w.type} *v)`,
      doc: `${does}; returns the old value.`,
      changes,
      run: (call, v) => operate(call, w, operator, v, 1).old,
    },
    {
      signature: `bool ${w.prefix}_${name}_and_test(${w.type} *v)`,
      doc: `${does}; returns whether the new value is 0.`,
      changes,
      run: (call, v) => truth(isZero(operate(call, w, operator, v, 1).now)),
    },
  ]);

const exchanging = (w: Width): BuiltinRow[] => [
  {
    signature: `${w.value} ${w.prefix}_read(const ${w.type} *v)`,
    doc: 'The value.',
    run: (call, v) => read(call, w, v),
  },
  {
    signature: `void ${w.prefix}_set(${w.type} *v, ${w.value} i)`,
    doc: 'Sets the value.',
    changes,
    run: (call, v, i) => {
      write(call, w, v, i);
    },
  },
  {
    signature: `${w.value} ${w.prefix}_xchg(${w.type} *v, ${w.value} i)`,
    doc: 'Sets the value; returns the old one.',
    changes,
    run: (call, v, i) => {
      const old = read(call, w, v);
      write(call, w, v, i);
      return old;
    },
  },
  {
    signature: `${w.value} ${w.prefix}_cmpxchg(${w.type} *v, ${w.value} old, ${w.value} new)`,
    doc: 'Sets the value to new if it is old; returns what it was.',
    changes,
    run: (call, v, old, now) => {
      const found = read(call, w, v);
      if (found === old) write(call, w, v, now);
      return found;
    },
  },
  {
    signature: `bool ${w.prefix}_add_unless(${w.type} *v, ${w.value} a, ${w.value} u)`,
    doc: 'Adds a unless the value is u; returns whether it did.',
    changes,
    run: (call, v, a, u) => {
      if (read(call, w, v) === u) return 0;
      operate(call, w, '+', v, a);
      return 1;
    },
  },
  {
    signature: `bool ${w.prefix}_inc_not_zero(${w.type} *v)`,
    doc: 'Adds 1 unless the value is 0; returns whether it did.',
    changes,
    run: (call, v) => {
      if (isZero(read(call, w, v))) return 0;
      operate(call, w, '+', v, 1);
      return 1;
    },
  },
  {
    signature: `bool ${w.prefix}_sub_and_test(${w.value} i, ${w.type} *v)`,
    doc: 'Subtracts i; returns whether the new value is 0.',
    changes,
    run: (call, i, v) => truth(isZero(operate(call, w, '-', v, i).now)),
  },
  {
    signature: `bool ${w.prefix}_add_negative(${w.value} i, ${w.type} *v)`,
    doc: 'Adds i; returns whether the new value is negative.',
    changes,
    run: (call, i, v) => truth(operate(call, w, '+', v, i).now < 0),
  },
];

// --- reference counts ----------------------------------------------------------------------------------------------------------

/** A count that is beyond all sense stays there, so that nothing is ever freed by mistake. */
const REFCOUNT_SATURATED = -0x4000_0000;
const COUNT: Width = { prefix: 'refcount', type: 'refcount_t', value: 'int', bytes: () => 4 };

const SATURATION = {
  'add-not-zero-ovf': 'saturated; leaking memory.',
  'add-ovf': 'saturated; leaking memory.',
  'add-uaf': 'addition on 0; use-after-free.',
  'sub-uaf': 'underflow; use-after-free.',
  'dec-leak': 'decrement hit 0; leaking memory.',
} as const;

/** refcount_warn_saturate(): each of them is said once. */
function saturate(call: BuiltinCall, at: Value, type: keyof typeof SATURATION): void {
  write(call, COUNT, at, REFCOUNT_SATURATED);
  const text = `refcount_t: ${SATURATION[type]}`;
  if (call.k.machine.warnsFirst(text)) call.warn(text);
}

function refcountAdd(call: BuiltinCall, i: Value, at: Value): void {
  const { old } = operate(call, COUNT, '+', at, i);
  if (old === 0) saturate(call, at, 'add-uaf');
  else if (old < 0 || Number(old) + Number(i) > 0x7fff_ffff) saturate(call, at, 'add-ovf');
}

function refcountAddNotZero(call: BuiltinCall, i: Value, at: Value): number {
  const old = read(call, COUNT, at);
  if (old === 0) return 0;
  operate(call, COUNT, '+', at, i);
  if (old < 0 || Number(old) + Number(i) > 0x7fff_ffff) saturate(call, at, 'add-not-zero-ovf');
  return 1;
}

function refcountSubAndTest(call: BuiltinCall, i: Value, at: Value): number {
  const { old } = operate(call, COUNT, '-', at, i);
  if (old === i) return 1;
  if (old < 0 || Number(old) - Number(i) < 0) saturate(call, at, 'sub-uaf');
  return 0;
}

const refcounts: readonly BuiltinRow[] = [
  {
    signature: 'void refcount_set(refcount_t *r, int n)',
    doc: 'Sets a reference count.',
    changes,
    run: (call, r, n) => {
      write(call, COUNT, r, n);
    },
  },
  {
    signature: 'unsigned int refcount_read(const refcount_t *r)',
    doc: 'A reference count.',
    run: (call, r) => call.memory.load(r, 4),
  },
  {
    signature: 'void refcount_inc(refcount_t *r)',
    doc: 'One reference more; warns if there was none, or far too many.',
    changes,
    run: (call, r) => {
      refcountAdd(call, 1, r);
    },
  },
  {
    signature: 'void refcount_add(int i, refcount_t *r)',
    doc: 'i references more; warns as refcount_inc does.',
    changes,
    run: (call, i, r) => {
      refcountAdd(call, i, r);
    },
  },
  {
    signature: 'bool refcount_inc_not_zero(refcount_t *r)',
    doc: 'One reference more, unless there is none; returns whether it took it.',
    changes,
    run: (call, r) => refcountAddNotZero(call, 1, r),
  },
  {
    signature: 'bool refcount_add_not_zero(int i, refcount_t *r)',
    doc: 'i references more, unless there is none; returns whether it took them.',
    changes,
    run: refcountAddNotZero,
  },
  {
    signature: 'bool refcount_dec_and_test(refcount_t *r)',
    doc: 'One reference less; returns whether it was the last. Warns if there was none.',
    changes,
    run: (call, r) => refcountSubAndTest(call, 1, r),
  },
  {
    signature: 'bool refcount_sub_and_test(int i, refcount_t *r)',
    doc: 'i references less; returns whether they were the last.',
    changes,
    run: refcountSubAndTest,
  },
  {
    signature: 'void refcount_dec(refcount_t *r)',
    doc: 'One reference less, which must not be the last: warns if it is.',
    changes,
    run: (call, r) => {
      const { old } = operate(call, COUNT, '-', r, 1);
      if (Number(old) <= 1) saturate(call, r, 'dec-leak');
    },
  },
];

export const atomics: readonly Builtin[] = [
  ...group(
    'atomic',
    'include/linux/atomic/atomic-instrumented.h',
    WIDTHS.flatMap((w) => [...exchanging(w), ...arithmetic(w), ...counting(w)]),
  ),
  ...group('atomic', 'include/linux/refcount.h', refcounts),
];
