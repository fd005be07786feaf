/** What compilers and the kernel's attribute headers define: words that change nothing here, and gcc's functions. */
export const COMPILER = String.raw`
#define __KERNEL__ 1 // include/linux/kconfig.h
#define MODULE 1 // include/linux/module.h
#define __GNUC__ 12 // The compiler that scenarios agree with. include/linux/compiler-gcc.h
#define __GNUC_MINOR__ 2 // include/linux/compiler-gcc.h
#define __STDC__ 1 // include/linux/compiler.h
#define __STDC_VERSION__ 201112L // Kernels are C11. include/linux/compiler.h
#define __STDC_HOSTED__ 0 // include/linux/compiler.h
#define __CHAR_BIT__ 8 // include/linux/compiler.h
#define __INT_MAX__ 0x7fffffff // include/linux/compiler.h
#define __LONG_LONG_MAX__ 0x7fffffffffffffffLL // include/linux/compiler.h
#define __SCHAR_MAX__ 127 // include/linux/compiler.h
#define __SHRT_MAX__ 32767 // include/linux/compiler.h
#define __SIZEOF_INT__ 4 // include/linux/compiler.h
#define __SIZEOF_SHORT__ 2 // include/linux/compiler.h
#define __SIZEOF_LONG_LONG__ 8 // include/linux/compiler.h
#define __BYTE_ORDER__ 1234 // include/linux/compiler.h
#define __ORDER_LITTLE_ENDIAN__ 1234 // include/linux/compiler.h
#define __ORDER_BIG_ENDIAN__ 4321 // include/linux/compiler.h
#define __LITTLE_ENDIAN 1234 // include/uapi/linux/byteorder/little_endian.h
#define __WCHAR_TYPE__ int // include/linux/compiler.h
#define __SIZE_TYPE__ size_t // include/linux/compiler.h
#define __PTRDIFF_TYPE__ ptrdiff_t // include/linux/compiler.h
#define __packed __attribute__((packed)) // Members without gaps. include/linux/compiler_attributes.h
#define __aligned(x) __attribute__((aligned(x))) // Aligned to so many bytes. include/linux/compiler_attributes.h
#define __aligned_largest __attribute__((aligned)) // include/linux/compiler_attributes.h
#define ____cacheline_aligned __attribute__((aligned(64))) // include/linux/cache.h
#define ____cacheline_aligned_in_smp // include/linux/cache.h
#define __cacheline_aligned __attribute__((aligned(64))) // include/linux/cache.h
#define __init // A function that modules need only while they are loaded. include/linux/init.h
#define __exit // A function that modules need only while they are unloaded. include/linux/init.h
#define __initdata // include/linux/init.h
#define __initconst // include/linux/init.h
#define __exitdata // include/linux/init.h
#define __ref // include/linux/init.h
#define __refdata // include/linux/init.h
#define __init_or_module // include/linux/module.h
#define __meminit // include/linux/init.h
#define __user // include/linux/compiler_types.h
#define __kernel // include/linux/compiler_types.h
#define __iomem // include/linux/compiler_types.h
#define __percpu // include/linux/compiler_types.h
#define __rcu // include/linux/compiler_types.h
#define __force // include/linux/compiler_types.h
#define __bitwise // include/uapi/linux/types.h
#define __nocast // include/linux/compiler_types.h
#define __private // include/linux/compiler_types.h
#define __safe // include/linux/compiler_types.h
#define __must_hold(x) // include/linux/compiler_types.h
#define __acquires(x) // include/linux/compiler_types.h
#define __releases(x) // include/linux/compiler_types.h
#define __maybe_unused // include/linux/compiler_attributes.h
#define __always_unused // include/linux/compiler_attributes.h
#define __used // include/linux/compiler_attributes.h
#define __must_check // include/linux/compiler_attributes.h
#define __cold // include/linux/compiler_attributes.h
#define __pure // include/linux/compiler_attributes.h
#define __weak // include/linux/compiler_attributes.h
#define __malloc // include/linux/compiler_attributes.h
#define __noreturn // include/linux/compiler_attributes.h
#define __visible // include/linux/compiler_attributes.h
#define __deprecated // include/linux/compiler_attributes.h
#define __attribute_const__ // include/linux/compiler_attributes.h
#define __nonstring // include/linux/compiler_attributes.h
#define __section(section) // include/linux/compiler_attributes.h
#define __printf(a, b) // include/linux/compiler_attributes.h
#define __scanf(a, b) // include/linux/compiler_attributes.h
#define __alloc_size(x, ...) // include/linux/compiler_attributes.h
#define __always_inline inline // include/linux/compiler_types.h
#define noinline // include/linux/compiler_attributes.h
#define notrace // include/linux/compiler_types.h
#define noinstr // include/linux/compiler_types.h
#define noinline_for_stack // include/linux/compiler_types.h
#define __sched // include/linux/sched/debug.h
#define __kprobes // include/asm-generic/kprobes.h
#define asmlinkage // include/linux/linkage.h
#define __read_mostly // include/linux/cache.h
#define __ro_after_init // include/linux/cache.h
#define fallthrough __attribute__((__fallthrough__)) // The next case follows on purpose. include/linux/compiler_attributes.h
#define barrier() do { } while (0) // The compiler here moves no access across anything. include/linux/compiler.h
#define unreachable() BUG() // include/linux/compiler.h
#define typecheck(type, x) 1 // include/linux/typecheck.h
#define __is_constexpr(x) __builtin_constant_p(x) // include/linux/const.h
#define __same_type(a, b) __builtin_types_compatible_p(typeof(a), typeof(b)) // include/linux/compiler_types.h
#define va_start(ap, last) __builtin_va_start(ap, last) // Begins with the arguments after the last named one. include/linux/stdarg.h
#define va_arg(ap, type) __builtin_va_arg(ap, type) // The next argument. include/linux/stdarg.h
#define va_end(ap) __builtin_va_end(ap) // include/linux/stdarg.h
#define va_copy(to, from) __builtin_va_copy(to, from) // include/linux/stdarg.h
#define __builtin_offsetof(type, member) offsetof(type, member) // include/linux/stddef.h
#define __builtin_unreachable() BUG() // include/linux/compiler.h
#define __builtin_trap() BUG() // include/linux/compiler.h
#define __builtin_prefetch(...) ((void)0) // include/linux/prefetch.h
#define __builtin_memcpy(to, from, n) memcpy(to, from, n) // include/linux/string.h
#define __builtin_memset(s, c, n) memset(s, c, n) // include/linux/string.h
#define __builtin_memcmp(a, b, n) memcmp(a, b, n) // include/linux/string.h
#define __builtin_memmove(to, from, n) memmove(to, from, n) // include/linux/string.h
#define __builtin_strlen(s) strlen(s) // include/linux/string.h
#define __builtin_strcmp(a, b) strcmp(a, b) // include/linux/string.h
#define __builtin_bswap16(x) swab16(x) // include/uapi/linux/swab.h
#define __builtin_bswap32(x) swab32(x) // include/uapi/linux/swab.h
#define __builtin_bswap64(x) swab64(x) // include/uapi/linux/swab.h
#define __builtin_clzl(x) (sizeof(long) == 4 ? __builtin_clz(x) : __builtin_clzll(x)) // include/linux/compiler.h
#define __builtin_ctzl(x) (sizeof(long) == 4 ? __builtin_ctz(x) : __builtin_ctzll(x)) // include/linux/compiler.h
#define __builtin_ffsl(x) (sizeof(long) == 4 ? __builtin_ffs(x) : __builtin_ffsll(x)) // include/linux/compiler.h
#define __builtin_popcountl(x) (sizeof(long) == 4 ? __builtin_popcount(x) : __builtin_popcountll(x)) // include/linux/compiler.h
#define prefetch(x) ((void)(x)) // include/linux/prefetch.h
#define prefetchw(x) ((void)(x)) // include/linux/prefetch.h
`;
