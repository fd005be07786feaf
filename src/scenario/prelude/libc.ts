/** What headers of the C library make of its functions. */

export const LIBC = `
#define stdout ((void *)1) // Where a program prints to. stdio.h
#define stderr ((void *)2) // Where a program says what is wrong. stdio.h
#define FILE void // A stream: stdout or stderr. stdio.h
#define putc(c, stream) fputc(c, stream) // Prints a character to stdout or stderr. stdio.h
#define strerror(errnum) ({ static char __text[48]; strerror_r(errnum, __text, sizeof(__text)); }) // What a number in errno means. string.h
#define assert(expression) ((expression) ? (void)0 : __assert_fail(#expression, __FILE__, __LINE__, __func__)) // Ends the program with SIGABRT if something does not hold. assert.h
#define EXIT_SUCCESS 0 // What a program gives to exit() that has done its work. stdlib.h
#define EXIT_FAILURE 1 // What one gives that has not. stdlib.h
#define setjmp(env) __sigsetjmp(env, 0) // Remembers a place for longjmp(): 0, and what that was given when it leads here. setjmp.h
#define _setjmp(env) __sigsetjmp(env, 0) // Like setjmp(). setjmp.h
#define sigsetjmp(env, savemask) __sigsetjmp(env, savemask) // Like setjmp(), and which signals are blocked. setjmp.h
#define BUFSIZ 8192 // Bytes of a buffer that is large enough. stdio.h
#define STDIN_FILENO 0 // The number of the standard input, which is empty. unistd.h
#define STDOUT_FILENO 1 // The number of stdout. unistd.h
#define STDERR_FILENO 2 // The number of stderr. unistd.h
#define _SC_CLK_TCK 2 // For sysconf(): ticks of the clock in a second. unistd.h
#define _SC_PAGESIZE 30 // For sysconf(): bytes of a page. unistd.h
#define _SC_PAGE_SIZE 30 // For sysconf(): bytes of a page. unistd.h
#define _SC_NPROCESSORS_CONF 83 // For sysconf(): how many CPUs there are. unistd.h
#define _SC_NPROCESSORS_ONLN 84 // For sysconf(): how many CPUs are online. unistd.h
#define _SC_PHYS_PAGES 85 // For sysconf(): pages that the page allocator manages. unistd.h
#define _SC_AVPHYS_PAGES 86 // For sysconf(): free pages. unistd.h
#define PRId64 "lld" // How printf() prints an int64_t. inttypes.h
#define PRIu64 "llu" // How printf() prints a uint64_t. inttypes.h
#define PRIx64 "llx" // How printf() prints a uint64_t in hexadecimal. inttypes.h
#define PRId32 "d" // How printf() prints an int32_t. inttypes.h
#define PRIu32 "u" // How printf() prints a uint32_t. inttypes.h
#define PRIx32 "x" // How printf() prints a uint32_t in hexadecimal. inttypes.h
#define PRIxPTR "lx" // How printf() prints a uintptr_t in hexadecimal. inttypes.h
#define PRIuPTR "lu" // How printf() prints a uintptr_t. inttypes.h
`;
