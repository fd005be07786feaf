/** Files of /proc and debugfs: tables that a line of a module makes, and lists that are shown record by record. */
const SEQ = 'include/linux/seq_file.h';
const FS = 'include/linux/fs.h';
const PROC = 'include/linux/proc_fs.h';

export const PROC_FILES = String.raw`
#define SEQ_START_TOKEN ((void *)1) // What a start() gives for a heading. ${SEQ}
#define SEQ_SKIP 1 // What a show() gives for a record that is not to be shown. ${SEQ}
#define DEFINE_SHOW_ATTRIBUTE(__name) static int __name ## _open(struct inode *inode, struct file *file) { return single_open(file, __name ## _show, inode->i_private); } static const struct file_operations __name ## _fops = { .owner = THIS_MODULE, .open = __name ## _open, .read = seq_read, .llseek = seq_lseek, .release = single_release } // NAME_fops: a file of debugfs that NAME_show() prints all of. ${SEQ}
#define DEFINE_PROC_SHOW_ATTRIBUTE(__name) static int __name ## _open(struct inode *inode, struct file *file) { return single_open(file, __name ## _show, pde_data(inode)); } static const struct proc_ops __name ## _proc_ops = { .proc_open = __name ## _open, .proc_read = seq_read, .proc_lseek = seq_lseek, .proc_release = single_release } // NAME_proc_ops: a file of /proc that NAME_show() prints all of. ${SEQ}
#define DEFINE_SEQ_ATTRIBUTE(__name) static int __name ## _open(struct inode *inode, struct file *file) { int __ret = seq_open(file, &__name ## _sops); if (!__ret && inode->i_private) { struct seq_file *__seq = file->private_data; __seq->private = inode->i_private; } return __ret; } static const struct file_operations __name ## _fops = { .owner = THIS_MODULE, .open = __name ## _open, .read = seq_read, .llseek = seq_lseek, .release = seq_release } // NAME_fops: a file of records, by NAME_sops. ${SEQ}
#define seq_list_start(head, pos) ({ struct list_head *__head = (head), *__at, *__found = NULL; long long __left = (pos); list_for_each(__at, __head) if (__left-- == 0) { __found = __at; break; } __found; }) // The entry of a list at a position; NULL behind its end. ${SEQ}
#define seq_list_start_head(head, pos) ((pos) ? seq_list_start(head, (pos) - 1) : (head)) // Like seq_list_start; the head comes first. ${SEQ}
#define seq_list_next(v, head, ppos) ({ struct list_head *__after = ((struct list_head *)(v))->next; ++*(ppos); __after == (head) ? NULL : __after; }) // The next entry of a list; NULL behind its end. ${SEQ}
#define seq_open_private(file, ops, psize) (__seq_open_private(file, ops, psize) ? 0 : -ENOMEM) // Like seq_open, with memory of its own in private. ${SEQ}
#define seq_file_private(seq) ((seq)->private) // ${SEQ}
#define proc_create_seq(name, mode, parent, ops) proc_create_seq_private(name, mode, parent, ops, 0, NULL) // A file of /proc of records. ${PROC}
#define proc_create_seq_data(name, mode, parent, ops, data) proc_create_seq_private(name, mode, parent, ops, 0, data) // ${PROC}
#define PDE_DATA(inode) pde_data(inode) // The name of pde_data() before Linux 5.17. ${PROC}
#define simple_read_from_buffer(to, count, ppos, from, available) ({ loff_t *__at = (ppos); size_t __count = (count), __all = (available), __missing; long __done = 0; if (*__at < 0) __done = -EINVAL; else if (*__at < __all && __count) { if (__count > __all - *__at) __count = __all - *__at; __missing = copy_to_user((to), (const char *)(from) + *__at, __count); __done = __missing == __count ? -EFAULT : (long)(__count - __missing); if (__done > 0) *__at += __done; } __done; }) // For a read() of a module: a part of what it has, from a position on. ${FS}
#define simple_write_to_buffer(to, available, ppos, from, count) ({ loff_t *__at = (ppos); size_t __count = (count), __all = (available), __missing; long __done = 0; if (*__at < 0) __done = -EINVAL; else if (*__at < __all && __count) { if (__count > __all - *__at) __count = __all - *__at; __missing = copy_from_user((char *)(to) + *__at, (from), __count); __done = __missing == __count ? -EFAULT : (long)(__count - __missing); if (__done > 0) *__at += __done; } __done; }) // For a write() of a module: to a part of what it has, from a position on. ${FS}
#define debugfs_initialized() true // include/linux/debugfs.h
#define debugfs_create_file_unsafe(name, mode, parent, data, fops) debugfs_create_file(name, mode, parent, data, fops) // include/linux/debugfs.h
`;
