/**
 * Calls that look like functions and are not: their arguments are types, members or values of any type. Kernels have them as macros.
 */

export interface Form {
  readonly name: string;
  /** As completion and signature help show it. */
  readonly signature: string;
  readonly doc: string;
  readonly source: string;
}

export const forms: readonly Form[] = [
  {
    name: 'offsetof',
    signature: 'size_t offsetof(type, member)',
    doc: 'The offset of a member in bytes. The member may be a path: `free_area[3].nr_free`.',
    source: 'include/linux/stddef.h',
  },
  {
    name: 'min',
    signature: 'typeof(x) min(x, y)',
    doc: 'The smaller of two values of compatible types.',
    source: 'include/linux/minmax.h',
  },
  {
    name: 'max',
    signature: 'typeof(x) max(x, y)',
    doc: 'The larger of two values of compatible types.',
    source: 'include/linux/minmax.h',
  },
];

/** What only macros of the prelude call. */
const COMPILER_FORMS = [
  ...['__builtin_va_start', '__builtin_va_arg', '__builtin_va_end', '__builtin_va_copy'],
  ...['__builtin_expect', '__builtin_constant_p', '__builtin_types_compatible_p'],
  '__builtin_choose_expr',
];

export const formNames: readonly string[] = [...forms.map((form) => form.name), ...COMPILER_FORMS];
