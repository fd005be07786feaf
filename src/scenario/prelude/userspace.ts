/** Constants and macros of what processes do: those of the C library, and those of the kernel that are C themselves. */

import { constants } from './constants.js';

export const USERSPACE = [
  constants(
    'include/uapi/asm-generic/mman-common.h',
    `MS_ASYNC=1 MS_INVALIDATE=2 MS_SYNC=4 MLOCK_ONFAULT=1 PROT_NONE=0 PROT_READ=1 PROT_WRITE=2 PROT_EXEC=4 MAP_FIXED=0x10 MAP_ANONYMOUS=0x20 MAP_ANON=MAP_ANONYMOUS MAP_POPULATE=0x8000
     MAP_NONBLOCK=0x10000 MAP_STACK=0x20000 MAP_HUGETLB=0x40000 MAP_HUGE_SHIFT=26 MAP_HUGE_2MB=0x54000000 MAP_HUGE_1GB=0x78000000 MAP_FIXED_NOREPLACE=0x100000 MADV_NORMAL=0 MADV_RANDOM=1
     MADV_SEQUENTIAL=2 MADV_WILLNEED=3 MADV_DONTNEED=4 MADV_FREE=8 MADV_REMOVE=9 MADV_DONTFORK=10 MADV_DOFORK=11 MADV_HUGEPAGE=14
     MADV_NOHUGEPAGE=15 MADV_DONTDUMP=16 MADV_DODUMP=17 MADV_WIPEONFORK=18 MADV_KEEPONFORK=19 MADV_COLD=20 MADV_PAGEOUT=21 MADV_POPULATE_READ=22
     MADV_POPULATE_WRITE=23 MADV_DONTNEED_LOCKED=24 MADV_COLLAPSE=25`,
  ),
  constants(
    'include/uapi/linux/mman.h',
    'MAP_SHARED=1 MAP_PRIVATE=2 MREMAP_MAYMOVE=1 MREMAP_FIXED=2 MREMAP_DONTUNMAP=4',
  ),
  constants('include/uapi/linux/falloc.h', 'FALLOC_FL_KEEP_SIZE=1 FALLOC_FL_PUNCH_HOLE=2'),
  constants(
    'include/uapi/asm-generic/mman.h',
    'MAP_GROWSDOWN=0x100 MAP_LOCKED=0x2000 MAP_NORESERVE=0x4000 MCL_CURRENT=1 MCL_FUTURE=2 MCL_ONFAULT=4',
  ),
  constants(
    'include/uapi/asm-generic/fcntl.h',
    `O_RDONLY=0 O_WRONLY=1 O_RDWR=2 O_ACCMODE=3 O_CREAT=0100 O_EXCL=0200 O_NOCTTY=0400 O_TRUNC=01000 O_APPEND=02000
     O_NONBLOCK=04000 O_NDELAY=O_NONBLOCK O_DSYNC=010000 FASYNC=020000 O_ASYNC=FASYNC O_DIRECT=040000 O_LARGEFILE=0100000 O_DIRECTORY=0200000
     O_CLOEXEC=02000000 O_SYNC=04010000 F_GETFL=3 F_SETFL=4 F_SETOWN=8 F_GETOWN=9 F_SETSIG=10`,
  ),
  constants(
    'include/uapi/linux/stat.h',
    `S_IFMT=0170000 S_IFCHR=0020000 S_IFBLK=0060000 S_IFREG=0100000 S_IFDIR=0040000 S_IRWXU=0700 S_IRUSR=0400 S_IWUSR=0200
     S_IXUSR=0100 S_IRWXG=070 S_IRGRP=040 S_IWGRP=020 S_IXGRP=010 S_IRWXO=07 S_IROTH=04 S_IWOTH=02 S_IXOTH=01`,
  ),
  constants(
    'include/linux/stat.h',
    'S_IRWXUGO=0777 S_IALLUGO=07777 S_IRUGO=0444 S_IWUGO=0222 S_IXUGO=0111',
  ),
  constants(
    'include/linux/fs.h',
    'FMODE_READ=1 FMODE_WRITE=2 FMODE_LSEEK=4 FMODE_PREAD=8 FMODE_PWRITE=16 FMODE_EXCL=0x80',
  ),
  constants(
    'include/uapi/linux/capability.h',
    `CAP_CHOWN=0 CAP_DAC_OVERRIDE=1 CAP_FOWNER=3 CAP_KILL=5 CAP_SETUID=7 CAP_NET_ADMIN=12 CAP_IPC_LOCK=14 CAP_SYS_MODULE=16
     CAP_SYS_RAWIO=17 CAP_SYS_ADMIN=21 CAP_SYS_NICE=23 CAP_SYS_RESOURCE=24 CAP_SYS_TTY_CONFIG=26 CAP_MKNOD=27`,
  ),
  constants(
    'include/uapi/asm-generic/ioctl.h',
    `_IOC_NRBITS=8 _IOC_TYPEBITS=8 _IOC_SIZEBITS=14 _IOC_DIRBITS=2 _IOC_NRMASK=0xff _IOC_TYPEMASK=0xff _IOC_SIZEMASK=0x3fff
     _IOC_DIRMASK=3 _IOC_NRSHIFT=0 _IOC_TYPESHIFT=8 _IOC_SIZESHIFT=16 _IOC_DIRSHIFT=30 _IOC_NONE=0U _IOC_WRITE=1U _IOC_READ=2U
     IOC_IN=0x40000000 IOC_OUT=0x80000000 IOC_INOUT=0xc0000000 IOCSIZE_MASK=0x3fff0000 IOCSIZE_SHIFT=16`,
  ),
  constants(
    'include/uapi/asm-generic/siginfo.h',
    `POLL_IN=1 POLL_OUT=2 POLL_MSG=3 POLL_ERR=4 POLL_PRI=5 POLL_HUP=6 SI_USER=0 SI_KERNEL=0x80 SI_QUEUE=-1 SI_TIMER=-2 SI_MESGQ=-3 SI_ASYNCIO=-4
     SI_SIGIO=-5 SI_TKILL=-6 SEGV_MAPERR=1 SEGV_ACCERR=2 SEGV_BNDERR=3 SEGV_PKUERR=4 BUS_ADRALN=1 BUS_ADRERR=2 BUS_OBJERR=3
     BUS_MCEERR_AR=4 BUS_MCEERR_AO=5 FPE_INTDIV=1 FPE_INTOVF=2 ILL_ILLOPC=1 TRAP_BRKPT=1 CLD_EXITED=1 CLD_KILLED=2 CLD_DUMPED=3`,
  ),
  constants(
    'include/uapi/asm-generic/signal-defs.h',
    `SA_NOCLDSTOP=1 SA_NOCLDWAIT=2 SA_SIGINFO=4 SA_RESTORER=0x04000000 SA_ONSTACK=0x08000000 SA_RESTART=0x10000000
     SA_NODEFER=0x40000000 SA_NOMASK=SA_NODEFER SA_RESETHAND=0x80000000 SA_ONESHOT=SA_RESETHAND SIG_BLOCK=0 SIG_UNBLOCK=1 SIG_SETMASK=2
     SIG_DFL=((void(*)(int))0) SIG_IGN=((void(*)(int))1) SIG_ERR=((void(*)(int))-1)`,
  ),
  constants('include/uapi/linux/signal.h', 'SS_ONSTACK=1 SS_DISABLE=2'),
  constants(
    'include/uapi/asm-generic/poll.h',
    `POLLIN=1 POLLPRI=2 POLLOUT=4 POLLERR=8 POLLHUP=0x10 POLLNVAL=0x20 POLLRDNORM=0x40 POLLRDBAND=0x80 POLLWRNORM=0x100
     POLLWRBAND=0x200 EPOLLIN=1U EPOLLPRI=2U EPOLLOUT=4U EPOLLERR=8U EPOLLHUP=0x10U EPOLLRDNORM=0x40U EPOLLWRNORM=0x100U`,
  ),
  constants('include/linux/kdev_t.h', 'MINORBITS=20 MINORMASK=((1U<<MINORBITS)-1)'),
  constants('include/uapi/linux/major.h', 'MEM_MAJOR=1 MISC_MAJOR=10'),
  constants('include/uapi/linux/fs.h', 'SEEK_SET=0 SEEK_CUR=1 SEEK_END=2'),
  constants(
    'include/uapi/linux/memfd.h',
    'MFD_CLOEXEC=1 MFD_ALLOW_SEALING=2 MFD_HUGETLB=4 MFD_HUGE_2MB=0x54000000 MFD_HUGE_1GB=0x78000000',
  ),
  constants('include/uapi/linux/wait.h', 'WNOHANG=1'),
  constants(
    'arch/x86/include/uapi/asm/signal.h',
    `SIGHUP=1 SIGINT=2 SIGQUIT=3 SIGILL=4 SIGTRAP=5 SIGABRT=6 SIGBUS=7 SIGFPE=8 SIGKILL=9 SIGUSR1=10 SIGSEGV=11 SIGUSR2=12
     SIGPIPE=13 SIGALRM=14 SIGTERM=15 SIGCHLD=17 SIGCONT=18 SIGSTOP=19 SIGTSTP=20 SIGTTIN=21 SIGTTOU=22 SIGURG=23 SIGXCPU=24 SIGXFSZ=25
     SIGVTALRM=26 SIGPROF=27 SIGWINCH=28 SIGIO=29 SIGPOLL=SIGIO SIGPWR=30 SIGSYS=31 NSIG=65 MINSIGSTKSZ=2048 SIGSTKSZ=8192`,
  ),
  constants(
    'include/linux/mm.h',
    `VM_READ=0x1 VM_WRITE=0x2 VM_EXEC=0x4 VM_SHARED=0x8 VM_MAYREAD=0x10 VM_MAYWRITE=0x20 VM_MAYEXEC=0x40 VM_MAYSHARE=0x80
     VM_GROWSDOWN=0x100 VM_PFNMAP=0x400 VM_LOCKED=0x2000 VM_IO=0x4000 VM_SEQ_READ=0x8000 VM_RAND_READ=0x10000 VM_DONTCOPY=0x20000
     VM_DONTEXPAND=0x40000 VM_ACCOUNT=0x100000 VM_NORESERVE=0x200000 VM_HUGETLB=0x400000 VM_DONTDUMP=0x4000000
     VM_MIXEDMAP=0x10000000 VM_HUGEPAGE=0x20000000 VM_NOHUGEPAGE=0x40000000`,
  ),
  constants('include/linux/miscdevice.h', 'MISC_DYNAMIC_MINOR=255'),
  `#define _IO(type, nr) (((type) << 8) | (nr)) // The number of an ioctl(). include/uapi/asm-generic/ioctl.h
#define _IOR(type, nr, size) (_IO(type, nr) | 2U << 30 | sizeof(size) << 16) // Of an ioctl() that reads from the driver. include/uapi/asm-generic/ioctl.h
#define _IOW(type, nr, size) (_IO(type, nr) | 1U << 30 | sizeof(size) << 16) // Of an ioctl() that writes to the driver. include/uapi/asm-generic/ioctl.h
#define _IOWR(type, nr, size) (_IO(type, nr) | 3U << 30 | sizeof(size) << 16) // include/uapi/asm-generic/ioctl.h
#define _IOC(dir, type, nr, size) (((dir) << _IOC_DIRSHIFT) | ((type) << _IOC_TYPESHIFT) | ((nr) << _IOC_NRSHIFT) | ((size) << _IOC_SIZESHIFT)) // The number of an ioctl(), of its parts. include/uapi/asm-generic/ioctl.h
#define _IOC_DIR(nr) (((nr) >> _IOC_DIRSHIFT) & _IOC_DIRMASK) // Which way an ioctl() copies: _IOC_READ, _IOC_WRITE. include/uapi/asm-generic/ioctl.h
#define _IOC_TYPE(nr) (((nr) >> _IOC_TYPESHIFT) & _IOC_TYPEMASK) // Whose ioctl() a number is. include/uapi/asm-generic/ioctl.h
#define _IOC_NR(nr) (((nr) >> _IOC_NRSHIFT) & _IOC_NRMASK) // Which of a driver's ioctl()s a number is. include/uapi/asm-generic/ioctl.h
#define _IOC_SIZE(nr) (((nr) >> _IOC_SIZESHIFT) & _IOC_SIZEMASK) // Bytes that an ioctl() copies. include/uapi/asm-generic/ioctl.h
#define MAJOR(dev) ((unsigned int)((dev) >> MINORBITS)) // Whose driver a device number is. include/linux/kdev_t.h
#define MINOR(dev) ((unsigned int)((dev) & MINORMASK)) // Which of a driver's devices a number is. include/linux/kdev_t.h
#define MKDEV(ma, mi) (((dev_t)(ma) << MINORBITS) | (mi)) // A device number. include/linux/kdev_t.h
#define iminor(inode) MINOR((inode)->i_rdev) // The minor of a node. include/linux/fs.h
#define imajor(inode) MAJOR((inode)->i_rdev) // The major of a node. include/linux/fs.h
#define file_inode(f) ((f)->f_inode) // The inode of an open file: of a device, its node. include/linux/fs.h
#define i_size_read(inode) ((inode)->i_size) // include/linux/fs.h
#define i_size_write(inode, size) ((void)((inode)->i_size = (size))) // include/linux/fs.h
#define class_create(owner, name) __class_create(owner, name) // A class that devices are made under; an error pointer without memory. include/linux/device/class.h
#define dev_set_drvdata(dev, data) ((void)((dev)->driver_data = (data))) // What a driver knows of its device. include/linux/device.h
#define dev_get_drvdata(dev) ((dev)->driver_data) // include/linux/device.h
#define dev_name(dev) ((dev)->init_name ? (dev)->init_name : (dev)->kobj.name) // include/linux/device.h
#define S_ISCHR(m) (((m) & S_IFMT) == S_IFCHR) // Whether a node is a character device. include/uapi/linux/stat.h
#define S_ISREG(m) (((m) & S_IFMT) == S_IFREG) // include/uapi/linux/stat.h
#define S_ISDIR(m) (((m) & S_IFMT) == S_IFDIR) // include/uapi/linux/stat.h
#define capable(cap) ((void)(cap), true) // Whether the task has a capability: it has all. include/linux/capability.h
#define try_module_get(module) ((void)(module), true) // A module stays while the scenario runs. include/linux/module.h
#define module_put(module) ((void)(module)) // include/linux/module.h
#define __module_get(module) ((void)(module)) // include/linux/module.h
#define no_llseek NULL // Of a file that has no position. include/linux/fs.h
#define vma_pages(vma) (((vma)->vm_end - (vma)->vm_start) >> PAGE_SHIFT) // Pages of an area. include/linux/mm.h
#define io_remap_pfn_range(vma, addr, pfn, size, prot) remap_pfn_range(vma, addr, pfn, size, prot) // Like remap_pfn_range(), of a device. include/linux/mm.h
#define module_misc_device(misc) static int __init misc##_init(void) { return misc_register(&misc); } static void __exit misc##_exit(void) { misc_deregister(&misc); } module_init(misc##_init); module_exit(misc##_exit) // A module that is a device. include/linux/miscdevice.h
#define MAP_FAILED ((void *)-1) // What mmap() gives when there can be no area. include/uapi/asm-generic/mman.h
#define errno (*__errno_location()) // Why the last call of the C library failed. include/linux/errno.h
#define WIFEXITED(status) (((status) & 0x7f) == 0) // Whether a child ended by itself. include/uapi/linux/wait.h
#define WEXITSTATUS(status) (((status) >> 8) & 0xff) // What a child gave to exit(). include/uapi/linux/wait.h
#define WIFSIGNALED(status) (((status) & 0x7f) != 0) // Whether a signal ended a child. include/uapi/linux/wait.h
#define WTERMSIG(status) ((status) & 0x7f) // The signal that ended a child. include/uapi/linux/wait.h
#define get_user(x, ptr) ({ typeof(*(ptr)) __value = 0; int __error = copy_from_user(&__value, (ptr), sizeof(__value)) ? -EFAULT : 0; (x) = __value; __error; }) // Reads a variable of the process; 0 or -EFAULT. arch/x86/include/asm/uaccess.h
#define put_user(x, ptr) ({ typeof(*(ptr)) __value = (x); copy_to_user((ptr), &__value, sizeof(__value)) ? -EFAULT : 0; }) // Writes a variable of the process; 0 or -EFAULT. arch/x86/include/asm/uaccess.h
#define __get_user(x, ptr) get_user(x, ptr) // arch/x86/include/asm/uaccess.h
#define __put_user(x, ptr) put_user(x, ptr) // arch/x86/include/asm/uaccess.h
#define mmap_read_lock(mm) down_read(&(mm)->mmap_lock) // The areas of an address space stay as they are until mmap_read_unlock(). include/linux/mmap_lock.h
#define mmap_read_trylock(mm) (down_read_trylock(&(mm)->mmap_lock) != 0) // include/linux/mmap_lock.h
#define mmap_read_unlock(mm) up_read(&(mm)->mmap_lock) // include/linux/mmap_lock.h
#define mmap_write_lock(mm) down_write(&(mm)->mmap_lock) // Nobody else may look at the areas of an address space. include/linux/mmap_lock.h
#define mmap_write_trylock(mm) (down_write_trylock(&(mm)->mmap_lock) != 0) // include/linux/mmap_lock.h
#define mmap_write_unlock(mm) up_write(&(mm)->mmap_lock) // include/linux/mmap_lock.h
#define mmap_write_downgrade(mm) downgrade_write(&(mm)->mmap_lock) // include/linux/mmap_lock.h`,
].join('\n');
