/**
 * Headers of the C library that declare types which the kernel does not have, or has in another form: a program that includes one gets
 * these, and not the kernel's of the same name. Everything else of the library is known without a header.
 *
 * Source: POSIX.1-2017; the layouts are those of glibc on x86-64 and i386.
 */

const SIGSET = `
#ifndef __SIGSET
#define __SIGSET
typedef struct { unsigned long __val[1024 / (8 * sizeof(long))]; } sigset_t;
#endif
`;

const TIMESPEC = `
#ifndef __TIMESPEC
#define __TIMESPEC
struct timespec { long tv_sec; long tv_nsec; };
struct timeval { long tv_sec; long tv_usec; };
#endif
`;

const SIGNAL = `${SIGSET}${TIMESPEC}
#ifndef __SIGNAL
#define __SIGNAL
typedef int sig_atomic_t;
typedef void (*__sighandler_t)(int);
typedef __sighandler_t sighandler_t;
typedef __sighandler_t sig_t;
typedef union { int sival_int; void *sival_ptr; } sigval_t;
union sigval { int sival_int; void *sival_ptr; };
typedef struct {
  int si_signo;
  int si_errno;
  int si_code;
  union {
    int _pad[(128 - 4 * sizeof(int)) / sizeof(int) + (sizeof(long) == 4)];
    struct { int si_pid; unsigned int si_uid; } _kill;
    struct { void *si_addr; short si_addr_lsb; } _sigfault;
    struct { int si_pid; unsigned int si_uid; int si_status; } _sigchld;
    struct { int si_pid; unsigned int si_uid; sigval_t si_sigval; } _rt;
    struct { long si_band; int si_fd; } _sigpoll;
  } _sifields;
} siginfo_t;
#define si_pid _sifields._kill.si_pid
#define si_uid _sifields._kill.si_uid
#define si_addr _sifields._sigfault.si_addr
#define si_addr_lsb _sifields._sigfault.si_addr_lsb
#define si_status _sifields._sigchld.si_status
#define si_value _sifields._rt.si_sigval
#define si_band _sifields._sigpoll.si_band
struct sigaction {
  union { __sighandler_t sa_handler; void (*sa_sigaction)(int, siginfo_t *, void *); };
  sigset_t sa_mask;
  int sa_flags;
  void (*sa_restorer)(void);
};
typedef struct { void *ss_sp; int ss_flags; size_t ss_size; } stack_t;
#ifdef __x86_64__
typedef long long greg_t;
typedef greg_t gregset_t[23];
enum { REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RDI, REG_RSI, REG_RBP, REG_RBX, REG_RDX, REG_RAX,
  REG_RCX, REG_RSP, REG_RIP, REG_EFL, REG_CSGSFS, REG_ERR, REG_TRAPNO, REG_OLDMASK, REG_CR2 };
typedef struct { gregset_t gregs; void *fpregs; unsigned long long __reserved[8]; } mcontext_t;
#else
typedef int greg_t;
typedef greg_t gregset_t[19];
enum { REG_GS, REG_FS, REG_ES, REG_DS, REG_EDI, REG_ESI, REG_EBP, REG_ESP, REG_EBX, REG_EDX, REG_ECX, REG_EAX, REG_TRAPNO, REG_ERR,
  REG_EIP, REG_CS, REG_EFL, REG_UESP, REG_SS };
typedef struct { gregset_t gregs; void *fpregs; unsigned long oldmask; unsigned long cr2; } mcontext_t;
#endif
typedef struct ucontext_t {
  unsigned long uc_flags;
  struct ucontext_t *uc_link;
  stack_t uc_stack;
  mcontext_t uc_mcontext;
  sigset_t uc_sigmask;
} ucontext_t;
#endif
`;

const SETJMP = `${SIGSET}
#ifndef __SETJMP
#define __SETJMP
struct __jmp_buf_tag {
#ifdef __x86_64__
  long __jmpbuf[8];
#else
  int __jmpbuf[6];
#endif
  int __mask_was_saved;
  sigset_t __saved_mask;
};
typedef struct __jmp_buf_tag jmp_buf[1];
typedef struct __jmp_buf_tag sigjmp_buf[1];
#endif
`;

const TIME = `${TIMESPEC}
#ifndef __TIME
#define __TIME
typedef long time_t;
typedef long suseconds_t;
typedef long clock_t;
struct timezone { int tz_minuteswest; int tz_dsttime; };
#endif
`;

const RESOURCE = `${TIMESPEC}
#ifndef __RESOURCE
#define __RESOURCE
typedef unsigned long rlim_t;
struct rlimit { rlim_t rlim_cur; rlim_t rlim_max; };
struct rusage {
  struct timeval ru_utime;
  struct timeval ru_stime;
  long ru_maxrss;
  long ru_ixrss;
  long ru_idrss;
  long ru_isrss;
  long ru_minflt;
  long ru_majflt;
  long ru_nswap;
  long ru_inblock;
  long ru_oublock;
  long ru_msgsnd;
  long ru_msgrcv;
  long ru_nsignals;
  long ru_nvcsw;
  long ru_nivcsw;
};
#endif
`;

const HEADERS: Readonly<Record<string, string>> = {
  'signal.h': SIGNAL,
  'ucontext.h': SIGNAL,
  'sys/ucontext.h': SIGNAL,
  'setjmp.h': SETJMP,
  'time.h': TIME,
  'sys/time.h': TIME,
  'sys/resource.h': RESOURCE,
};

/** The text of a header of the C library; undefined: nothing of it has to be declared. */
export const libraryHeader = (name: string): string | undefined =>
  Object.hasOwn(HEADERS, name) ? HEADERS[name] : undefined;
