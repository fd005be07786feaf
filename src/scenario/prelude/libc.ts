/** What headers of the C library make of its functions. */

export const LIBC = `
#define stdout ((void *)1) // Where a program prints to.
#define stderr ((void *)2) // Where a program says what is wrong.
#define FILE void // A stream: stdout or stderr.
#define putc(c, stream) fputc(c, stream) // Prints a character to stdout or stderr.
#define strerror(errnum) ({ static char __text[48]; strerror_r(errnum, __text, sizeof(__text)); }) // What a number in errno means.
#define assert(expression) ((expression) ? (void)0 : __assert_fail(#expression, __FILE__, __LINE__, __func__)) // Ends the program with SIGABRT if something does not hold.
#define EXIT_SUCCESS 0 // What a program gives to exit() that has done its work.
#define EXIT_FAILURE 1 // What one gives that has not.
#define BUFSIZ 8192 // Bytes of a buffer that is large enough.
#define STDIN_FILENO 0 // The number of the standard input, which is empty.
#define STDOUT_FILENO 1 // The number of stdout.
#define STDERR_FILENO 2 // The number of stderr.
#define _SC_CLK_TCK 2 // For sysconf(): ticks of the clock in a second.
#define _SC_PAGESIZE 30 // For sysconf(): bytes of a page.
#define _SC_PAGE_SIZE 30 // For sysconf(): bytes of a page.
#define _SC_NPROCESSORS_CONF 83 // For sysconf(): how many CPUs there are.
#define _SC_NPROCESSORS_ONLN 84 // For sysconf(): how many CPUs are online.
#define _SC_PHYS_PAGES 85 // For sysconf(): pages that the page allocator manages.
#define _SC_AVPHYS_PAGES 86 // For sysconf(): free pages.
#define PRId64 "lld" // How printf() prints an int64_t.
#define PRIu64 "llu" // How printf() prints a uint64_t.
#define PRIx64 "llx" // How printf() prints a uint64_t in hexadecimal.
#define PRId32 "d" // How printf() prints an int32_t.
#define PRIu32 "u" // How printf() prints a uint32_t.
#define PRIx32 "x" // How printf() prints a uint32_t in hexadecimal.
#define PRIxPTR "lx" // How printf() prints a uintptr_t in hexadecimal.
#define PRIuPTR "lu" // How printf() prints a uintptr_t.
`;
