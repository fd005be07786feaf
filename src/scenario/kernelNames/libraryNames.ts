/** Functions of the C library that a module of the kernel does not have, and what it calls instead. */
const KERNELS: Readonly<Record<string, string>> = {
  printf: 'pr_info()',
  vprintf: 'vprintk()',
  puts: 'pr_info()',
  putchar: 'pr_cont()',
  perror: 'pr_err()',
  fprintf: 'pr_info() and pr_err()',
  fputs: 'pr_info()',
  warn: 'pr_warn()',
  warnx: 'pr_warn()',
  err: 'pr_err()',
  errx: 'pr_err()',
  malloc: 'kmalloc()',
  calloc: 'kcalloc()',
  realloc: 'krealloc()',
  free: 'kfree()',
  aligned_alloc: 'alloc_pages()',
  posix_memalign: 'alloc_pages()',
  malloc_usable_size: 'ksize()',
  strdup: 'kstrdup()',
  qsort: 'sort()',
  atoi: 'kstrtoint()',
  atol: 'kstrtol()',
  strtol: 'kstrtol()',
  strtoul: 'kstrtoul()',
  rand: 'get_random_u32()',
  sleep: 'ssleep()',
  usleep: 'usleep_range()',
  abort: 'BUG()',
  __assert_fail: 'BUG_ON() and WARN_ON()',
};

/** What the kernel has instead of a function of the C library; undefined for any other name. */
export const kernelsInsteadOf = (name: string): string | undefined =>
  Object.hasOwn(KERNELS, name) ? KERNELS[name] : undefined;
