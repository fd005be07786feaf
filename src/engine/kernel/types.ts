/**
 * The C types of the values that kernel functions pass around. A pointer is a cell that says what it points to; the other
 * flavours are plain numbers with a name. The instrumented compile reads these aliases to show a local as C would.
 */
import type { Cell } from '../memory/address.js';

/** A `C *`: any cell may become one, but a `struct page *` is not a `struct zone *`. */
export type Pointer<C extends string> = Cell & { readonly pointsTo?: C };
type Flavour<C extends string> = number & { readonly ctype?: C };

export type Page = Pointer<'struct page'>;
export type Zone = Pointer<'struct zone'>;
export type Pgdat = Pointer<'struct pglist_data'>;
export type FreeArea = Pointer<'struct free_area'>;
export type PerCpuPages = Pointer<'struct per_cpu_pages'>;
export type ListHead = Pointer<'struct list_head'>;

/** `unsigned int order`: log2 of a number of pages. */
export type Order = Flavour<'unsigned int'>;
export type Gfp = Flavour<'gfp_t'>;
export type Migratetype = Flavour<'enum migratetype'>;
export type ZoneType = Flavour<'enum zone_type'>;
/** ALLOC_*: mm/internal.h. */
export type AllocFlags = Flavour<'unsigned int'>;
/** FPI_*: mm/page_alloc.c. */
export type FpiFlags = Flavour<'fpi_t'>;

/** NULL of any pointer type. */
export const NULL = 0 as Cell;
