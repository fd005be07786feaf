/** Files that modules make in /proc and in debugfs: read by programs, and printed by proc(). On booted machines. */
import assert from 'node:assert/strict';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { log, machine, runToEnd } from './machines.js';

const SOME: readonly ProfileName[] = ['x86_64-slub', 'i386-pae-slab', 'x86_64-slub-smp'];

/** Runs a module, whose every expect() must hold; it must say this and not die. */
function says(text: string, said: readonly string[], profiles = SOME): void {
  for (const profile of profiles) {
    const vm = machine(text, profile);
    const died = runToEnd(vm).flatMap((result) => (result.kind === 'failed' ? [result.text] : []));
    assert.deepEqual(log(vm), said, profile);
    assert.deepEqual(died, [], profile);
    assert.equal(vm.expects.failed, 0, profile);
  }
}

describe('files of /proc', function () {
  it('a function prints all of one: a program reads it, proc() prints it', () =>
    says(
      `static int hits = 3;
static int demo_show(struct seq_file *m, void *v) { seq_printf(m, "hits %d of %s\\n", hits, (char *)m->private); seq_puts(m, "end"); seq_putc(m, 10); return 0; }
static int __init demo_init(void) { return proc_create_single_data("demo", 0444, NULL, demo_show, "mine") ? 0 : -ENOMEM; }
static void __exit demo_exit(void) { remove_proc_entry("demo", NULL); expect(open("/proc/demo", O_RDONLY) < 0); }
module_init(demo_init);
module_exit(demo_exit);
int main(void)
{
  char text[64] = "";
  int fd = open("/proc/demo", O_RDONLY);
  expect(fd >= 0 && read(fd, text, 5) == 5 && !strcmp(text, "hits "));
  expect(read(fd, text, 60) == 14 && text[0] == '3' && read(fd, text, 60) == 0);
  expect(lseek(fd, 10, SEEK_SET) == 10 && read(fd, text, 4) == 4 && !memcmp(text, "mine", 4));
  close(fd);
  hits++;
  proc("demo");
  return 0;
}`,
      ['hits 4 of mine', 'end'],
    ));

  it('records of a list, with operations of the module, in a folder', () =>
    says(
      `struct item { int n; struct list_head node; };
static LIST_HEAD(items);
static void *item_start(struct seq_file *m, loff_t *pos) { return seq_list_start(&items, *pos); }
static void *item_next(struct seq_file *m, void *v, loff_t *pos) { return seq_list_next(v, &items, pos); }
static void item_stop(struct seq_file *m, void *v) { }
static int item_show(struct seq_file *m, void *v) { struct item *i = list_entry((struct list_head *)v, struct item, node); if (i->n == 3) return SEQ_SKIP; seq_printf(m, "%d: %0900d\\n", i->n, i->n); return 0; }
static const struct seq_operations item_ops = { .start = item_start, .next = item_next, .stop = item_stop, .show = item_show };
static int item_open(struct inode *inode, struct file *file) { expect(pde_data(inode) == &items); return seq_open(file, &item_ops); }
static const struct proc_ops item_proc_ops = { .proc_open = item_open, .proc_read = seq_read, .proc_lseek = seq_lseek, .proc_release = seq_release };
static struct proc_dir_entry *dir;
static struct item all[10];
static int __init item_init(void)
{
  for (int i = 0; i < 10; i++) { all[i].n = i; list_add_tail(&all[i].node, &items); }
  dir = proc_mkdir("items", NULL);
  expect(proc_create_data("all", 0, dir, &item_proc_ops, &items) && !proc_create("all", 0, dir, &item_proc_ops));
  proc_create_seq("short", 0, dir, &item_ops);
  return 0;
}
static void __exit item_exit(void) { remove_proc_subtree("items", NULL); expect(open("/proc/items/all", O_RDONLY) < 0); }
module_init(item_init);
module_exit(item_exit);
static char text[20000];
int main(void)
{
  int fd = open("/proc/items/all", O_RDONLY);
  long n, total = 0;
  while ((n = read(fd, text + total, 1000)) > 0) total += n;
  expect(total == 9 * 904 && text[904] == '1' && text[3 * 904] == '4');
  close(fd);
  fd = open("/proc/items/short", O_RDONLY);
  expect(read(fd, text, 20000) > 0 && text[0] == '0');
  close(fd);
  return 0;
}`,
      ["proc_dir_entry 'items/all' already registered"],
    ));

  it('functions of the module read and write', () =>
    says(
      `static char kept[16] = "old";
static ssize_t my_read(struct file *f, char __user *buf, size_t n, loff_t *pos) { return simple_read_from_buffer(buf, n, pos, kept, strlen(kept)); }
static ssize_t my_write(struct file *f, const char __user *buf, size_t n, loff_t *pos) { if (n > 15 || copy_from_user(kept, buf, n)) return -EFAULT; kept[n] = 0; return n; }
static const struct proc_ops my_ops = { .proc_read = my_read, .proc_write = my_write };
static int __init my_init(void) { proc_create("mine", 0666, NULL, &my_ops); return 0; }
static void __exit my_exit(void) { remove_proc_entry("mine", NULL); }
module_init(my_init);
module_exit(my_exit);
int main(void)
{
  char text[16] = "";
  int fd = open("/proc/mine", O_RDWR);
  expect(read(fd, text, 16) == 3 && !strcmp(text, "old") && read(fd, text, 16) == 0);
  expect(write(fd, "newer", 5) == 5);
  close(fd);
  proc("mine");
  return 0;
}`,
      ['newer'],
    ));
});

describe('files of debugfs', function () {
  it('show numbers and what a function prints; a folder goes with all that is in it', () =>
    says(
      `static u32 hits = 5; static bool on; static u16 mask = 0xab;
static int all_show(struct seq_file *m, void *v) { seq_printf(m, "all %u\\n", *(u32 *)m->private); return 0; }
DEFINE_SHOW_ATTRIBUTE(all);
static struct dentry *dir;
static int __init d_init(void)
{
  dir = debugfs_create_dir("demo", NULL);
  debugfs_create_u32("hits", 0644, dir, &hits);
  debugfs_create_bool("on", 0644, dir, &on);
  debugfs_create_x16("mask", 0644, dir, &mask);
  debugfs_create_file("all", 0444, debugfs_create_dir("sub", dir), &hits, &all_fops);
  expect(IS_ERR(debugfs_create_dir("hits", dir)));
  return 0;
}
static void __exit d_exit(void) { debugfs_remove_recursive(dir); expect(open("/sys/kernel/debug/demo/hits", O_RDONLY) < 0); }
module_init(d_init);
module_exit(d_exit);
int main(void)
{
  char text[16] = "";
  int fd = open("/sys/kernel/debug/demo/hits", O_RDWR);
  expect(read(fd, text, 16) == 2 && !strcmp(text, "5\\n"));
  expect(write(fd, "0x10", 4) == 4 && hits == 16);
  close(fd);
  fd = open("/sys/kernel/debug/demo/on", O_RDWR);
  expect(read(fd, text, 16) == 2 && text[0] == 'N' && write(fd, "y", 1) == 1 && on);
  close(fd);
  fd = open("/sys/kernel/debug/demo/mask", O_RDONLY);
  expect(read(fd, text, 16) == 7 && !memcmp(text, "0x00ab\\n", 7));
  close(fd);
  fd = open("/sys/kernel/debug/demo/sub/all", O_RDONLY);
  expect(read(fd, text, 16) == 7 && !memcmp(text, "all 16\\n", 7));
  close(fd);
  return 0;
}`,
      ["debugfs: File 'hits' in directory 'demo' already present!"],
    ));
});
