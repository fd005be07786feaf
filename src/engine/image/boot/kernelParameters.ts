/**
 * Parameters of the kernel's command line that a booted machine heeds, and what each says: for people, and for the editor. What
 * they do is in cmdline.ts.
 */
export const KERNEL_PARAMETERS = {
  mem: 'RAM above this address is not used.',
  highmem: 'How much of a small i386 machine is highmem.',
  vmalloc: 'Size of vmalloc space on i386, 128M by default: lowmem ends earlier.',
  cma: 'Size of the CMA area.',
  hugetlb_cma: 'Size of an area that pages of 1 GiB come from while the machine runs.',
  slab_nomerge: 'Each cache stays alone.',
  slub_nomerge: 'Each cache stays alone (SLUB).',
  slab_merge: 'Caches that are alike become one.',
  slub_merge: 'Caches that are alike become one (SLUB).',
  slub_min_order: 'Smallest order of a slab (SLUB).',
  slub_max_order: 'Highest order of a slab (SLUB), 3 by default.',
  slub_min_objects: 'Objects that a slab has at least, if its order allows (SLUB).',
  slub_debug:
    'Debugging of caches (SLUB): any of F (checks), Z (red zones), P (poison), U (users), T (trace), O (not if slabs grow); with none, FZPU. `FZ,kmalloc-*,dentry`: of these caches; `;` between blocks.',
  slab_max_order: 'Highest order of a slab (SLAB).',
  hugepages:
    'Huge pages that boot puts into the pool of the size before it (hugepagesz=), or of the default size.',
  hugepagesz:
    'Size of the huge pages that the next hugepages= counts: 2M (4M on i386 without PAE), 1G on 64 bit.',
  default_hugepagesz: 'Size of huge pages where nobody names one.',
  transparent_hugepage:
    'always: huge pages in every area; madvise: where a program asks for them, by default; never. With less than 512M of RAM never.',
  debug_vm: 'on: checks what a kernel with CONFIG_DEBUG_VM checks.',
  'sysctl.vm.min_free_kbytes': 'Memory that is kept free: the minimum watermarks.',
  'sysctl.vm.watermark_scale_factor': 'Distance of the watermarks, in ten-thousandths of memory.',
  'sysctl.vm.watermark_boost_factor':
    'How far watermarks are raised when memory fragments; 0: never.',
} as const;

export type KernelParameter = keyof typeof KERNEL_PARAMETERS;

/** Parameters that Linux knows and that change nothing here. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set(
  (
    'console debug earlyprintk ignore_loglevel init loglevel mitigations nolapic noapic nokaslr norandmaps no_hash_pointers nosmp ' +
    'panic quiet rdinit ro root rootfstype rootwait rw'
  ).split(' '),
);

export const isKernelParameter = (name: string): name is KernelParameter =>
  Object.hasOwn(KERNEL_PARAMETERS, name);

/** Whether a parameter is nothing that mmscope knows of. */
export const isUnknownParameter = (name: string): boolean =>
  !isKernelParameter(name) && !WITHOUT_EFFECT.has(name);
