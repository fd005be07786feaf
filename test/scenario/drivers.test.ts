/**
 * Modules that are drivers: a device with functions of the scenario, whose mmap() shares memory with processes. On all bundled kernels.
 */
import assert from 'node:assert/strict';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { log, machine, runToEnd } from './machines.js';

const ALL: readonly ProfileName[] = [
  'x86_64-slub',
  'x86_64-slab',
  'x86_64-slub-smp',
  'i386-highmem4g-slub',
  'i386-pae-slab',
];

const SOME: readonly ProfileName[] = ['x86_64-slub', 'i386-pae-slab'];

/** Runs a scenario whose every expect() must hold, and whose main task must not die. */
function holds(
  text: string,
  expects: number,
  {
    said = [],
    profiles = ALL,
  }: { said?: readonly string[]; profiles?: readonly ProfileName[] } = {},
): void {
  for (const profile of profiles) {
    const vm = machine(text, profile);
    const died = runToEnd(vm).flatMap((result) => (result.kind === 'failed' ? [result.text] : []));
    assert.deepEqual(
      log(vm).filter((line) => !/^BUG:|^#PF/.test(line)),
      said,
      profile,
    );
    assert.deepEqual(
      died.filter((each) => !each.startsWith('SIG')),
      [],
      profile,
    );
    assert.deepEqual({ ...vm.expects }, { held: expects, failed: 0 }, profile);
  }
}

const device = (fops: string): string => `
static const struct file_operations demo_fops = { .owner = THIS_MODULE, ${fops} };
static struct miscdevice demo_dev = { .minor = MISC_DYNAMIC_MINOR, .name = "demo", .fops = &demo_fops };
`;

describe('a driver', function () {
  it('shares memory of vmalloc_user()', () =>
    holds(
      `#define NPAGES 4
static void *area;
static int demo_mmap(struct file *filp, struct vm_area_struct *vma)
{
  if (vma_pages(vma) > NPAGES) return -EINVAL;
  return remap_vmalloc_range(vma, area, vma->vm_pgoff);
}
${device('.mmap = demo_mmap')}
static int __init demo_init(void)
{
  area = vmalloc_user(NPAGES * PAGE_SIZE);
  return area ? misc_register(&demo_dev) : -ENOMEM;
}
static void __exit demo_exit(void) { misc_deregister(&demo_dev); vfree(area); pr_info("gone\\n"); }
module_init(demo_init); module_exit(demo_exit);
int main(void)
{
  int fd = open("/dev/demo", O_RDWR), status;
  expect(find_vm_area(area)->flags & 8);
  char *p = mmap(NULL, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE_SIZE);
  p[0] = 'x';
  expect(((char *)area)[PAGE_SIZE] == 'x');
  struct page *page = vmalloc_to_page(area + PAGE_SIZE);
  expect(page_count(page) == 2 && page_mapcount(page) == 1);
  struct vm_area_struct *vma = find_vma(current->mm, (unsigned long)p);
  expect((vma->vm_flags & (VM_MIXEDMAP | VM_DONTEXPAND | VM_DONTDUMP)) == (VM_MIXEDMAP | VM_DONTEXPAND | VM_DONTDUMP));
  if (fork() == 0) { p[1] = 'y'; exit(p[0]); }
  wait(&status);
  expect(p[1] == 'y' && WEXITSTATUS(status) == 'x' && page_count(page) == 2);
  munmap(p, 2 * PAGE_SIZE);
  expect(page_count(page) == 1 && page_mapcount(page) == 0);
  expect(mmap(NULL, 5 * PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EINVAL);
  expect(mmap(NULL, 2 * PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 3 * PAGE_SIZE) == MAP_FAILED && errno == EINVAL);
  close(fd);
  return 0;
}`,
      8,
      { said: ['gone'] },
    ));

  it('may not share memory of plain vmalloc(), objects, or pages twice', () =>
    holds(
      `static void *plain; static struct page *page;
static int demo_mmap(struct file *filp, struct vm_area_struct *vma)
{
  unsigned long at = vma->vm_start;
  expect(remap_vmalloc_range(vma, plain, 0) == -EINVAL);
  expect(vm_insert_page(vma, at, virt_to_page(kmalloc(8, GFP_KERNEL))) == -EINVAL);
  expect(vm_insert_page(vma, vma->vm_end, page) == -EFAULT);
  expect(vm_insert_page(vma, at, page) == 0 && vm_insert_page(vma, at, page) == -EBUSY);
  struct page *two[2] = { page, page }; unsigned long left = 2;
  expect(vm_insert_pages(vma, at + PAGE_SIZE, two, &left) == -EFAULT && left == 2);
  left = 1;
  expect(vm_insert_pages(vma, at + PAGE_SIZE, two, &left) == 0 && left == 0 && page_count(page) == 3);
  return 0;
}
${device('.mmap = demo_mmap')}
int main(void)
{
  plain = vmalloc(PAGE_SIZE); page = alloc_page(GFP_KERNEL);
  expect(misc_register(&demo_dev) == 0 && misc_register(&demo_dev) == -EBUSY);
  int fd = open("/dev/demo", O_RDWR);
  char *p = mmap(NULL, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  p[7] = 5;
  expect(p[PAGE_SIZE + 7] == 5);
  munmap(p, 2 * PAGE_SIZE);
  expect(page_count(page) == 1);
  misc_deregister(&demo_dev);
  expect(open("/dev/demo", O_RDWR) == -1 && errno == ENOENT);
  return 0;
}`,
      10,
      { profiles: SOME },
    ));

  it('maps frames that nobody counts', () =>
    holds(
      `static struct page *block;
static int demo_mmap(struct file *filp, struct vm_area_struct *vma)
{
  vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
  return remap_pfn_range(vma, vma->vm_start, page_to_pfn(block) + vma->vm_pgoff, vma->vm_end - vma->vm_start, vma->vm_page_prot);
}
${device('.mmap = demo_mmap')}
int main(void)
{
  struct page *got;
  block = alloc_pages(GFP_KERNEL | __GFP_ZERO, 2);
  misc_register(&demo_dev);
  int fd = open("/dev/demo", O_RDWR);
  char *p = mmap(NULL, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  p[5000] = 7;
  expect(((char *)page_address(block))[5000] == 7 && page_count(block) == 1 && page_mapcount(block + 1) == 0);
  struct vm_area_struct *vma = find_vma(current->mm, (unsigned long)p);
  expect((vma->vm_flags & (VM_IO | VM_PFNMAP)) == (VM_IO | VM_PFNMAP) && (pgprot_val(vma->vm_page_prot) & _PAGE_PCD));
  expect(get_user_pages((unsigned long)p, 1, FOLL_WRITE, &got, NULL) == -EFAULT);
  char *q = mmap(NULL, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  expect(q[5000] == 7 && find_vma(current->mm, (unsigned long)q)->vm_pgoff == page_to_pfn(block));
  q[5000] = 9;
  expect(p[5000] == 7 && q[5000] == 9);
  munmap(q, 4 * PAGE_SIZE); munmap(p, 4 * PAGE_SIZE);
  expect(page_count(block) == 1);
  return 0;
}`,
      6,
      { profiles: SOME },
    ));

  it('finds pages when they are touched; has read(), write() and ioctl()', () =>
    holds(
      `#define DEMO_FAULTS _IOR('d', 1, unsigned long)
struct demo { struct page *pages[8]; unsigned long faults; atomic_t vmas; };
static void demo_vma_open(struct vm_area_struct *vma) { atomic_inc(&((struct demo *)vma->vm_private_data)->vmas); }
static void demo_vma_close(struct vm_area_struct *vma) { atomic_dec(&((struct demo *)vma->vm_private_data)->vmas); }
static vm_fault_t demo_fault(struct vm_fault *vmf)
{
  struct demo *d = vmf->vma->vm_private_data;
  if (vmf->pgoff >= ARRAY_SIZE(d->pages)) return VM_FAULT_SIGBUS;
  if (!d->pages[vmf->pgoff]) d->pages[vmf->pgoff] = alloc_page(GFP_KERNEL | __GFP_ZERO);
  get_page(d->pages[vmf->pgoff]);
  vmf->page = d->pages[vmf->pgoff];
  d->faults++;
  return 0;
}
static const struct vm_operations_struct demo_vm_ops = { .open = demo_vma_open, .close = demo_vma_close, .fault = demo_fault };
static int demo_open(struct inode *inode, struct file *filp)
{
  filp->private_data = kzalloc(sizeof(struct demo), GFP_KERNEL);
  return filp->private_data ? 0 : -ENOMEM;
}
static int demo_release(struct inode *inode, struct file *filp)
{
  struct demo *d = filp->private_data;
  expect(atomic_read(&d->vmas) == 0);
  for (int i = 0; i < ARRAY_SIZE(d->pages); i++)
    if (d->pages[i]) { expect(page_count(d->pages[i]) == 1); __free_page(d->pages[i]); }
  kfree(d);
  return 0;
}
static int demo_mmap(struct file *filp, struct vm_area_struct *vma)
{
  vma->vm_ops = &demo_vm_ops;
  vma->vm_private_data = filp->private_data;
  demo_vma_open(vma);
  return 0;
}
static ssize_t demo_read(struct file *filp, char __user *buf, size_t count, loff_t *ppos)
{
  static const char text[] = "hello, world";
  size_t n = min_t(size_t, count, sizeof(text) - *ppos);
  if (copy_to_user(buf, text + *ppos, n)) return -EFAULT;
  *ppos += n;
  return n;
}
static ssize_t demo_write(struct file *filp, const char __user *buf, size_t count, loff_t *ppos)
{
  char tmp[16];
  if (count >= sizeof(tmp)) return -EINVAL;
  if (copy_from_user(tmp, buf, count)) return -EFAULT;
  return tmp[0] == 'a' ? count : 0;
}
static long demo_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
  struct demo *d = filp->private_data;
  return cmd == DEMO_FAULTS ? put_user(d->faults, (unsigned long __user *)arg) : -ENOTTY;
}
${device('.open = demo_open, .release = demo_release, .read = demo_read, .write = demo_write, .unlocked_ioctl = demo_ioctl, .mmap = demo_mmap')}
module_misc_device(demo_dev);
int main(void)
{
  int fd = open("/dev/demo", O_RDWR), status;
  char *u = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  expect(read(fd, u, 5) == 5 && !memcmp(u, "hello", 5) && read(fd, u, 5) == 5 && !memcmp(u, ", wor", 5));
  u[0] = 'a';
  expect(write(fd, u, 3) == 3 && write(fd, u, 100) == -1 && errno == EINVAL && write(fd, (char *)8, 3) == -1 && errno == EFAULT);
  char *p = mmap(NULL, 10 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  p[0] = 'a'; p[PAGE_SIZE] = 'b'; p[1] = 'c';
  expect(ioctl(fd, DEMO_FAULTS, u) == 0 && *(unsigned long *)u == 2 && ioctl(fd, 77, 0) == -1 && errno == ENOTTY);
  if (fork() == 0) { expect(p[PAGE_SIZE] == 'b'); p[9 * PAGE_SIZE] = 1; exit(1); }
  wait(&status);
  expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
  munmap(p + PAGE_SIZE, PAGE_SIZE);
  expect(atomic_read(&((struct demo *)find_vma(current->mm, (unsigned long)p)->vm_private_data)->vmas) == 2);
  char *q = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  q[0] = 'd';
  expect(p[0] == 'a' && q[0] == 'd' && q[1] == 'c');
  munmap(q, PAGE_SIZE); munmap(p, 10 * PAGE_SIZE); close(fd);
  return 0;
}`,
      10,
    ));

  it('whose mmap() leaves an area empty gets SIGBUS, not a page', () => {
    const text = `static int demo_mmap(struct file *filp, struct vm_area_struct *vma) { expect(vma->vm_ops); return 0; }
${device('.mmap = demo_mmap')}
int main(void)
{
  misc_register(&demo_dev);
  char *p = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, open("/dev/demo", O_RDWR), 0);
  p[0] = 1;
  return 0;
}`;
    const vm = machine(text, 'x86_64-slub');
    const died = runToEnd(vm).flatMap((result) => (result.kind === 'failed' ? [result.text] : []));
    assert.match(died[0] ?? '', /^SIGBUS/);
  });
});
