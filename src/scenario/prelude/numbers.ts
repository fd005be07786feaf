/** Numbers: limits, rounding, bits and masks, sizes. What looks at a value more than once works it out once, as the kernel's do. */
export const NUMBERS = String.raw`
#define BIT_ULL(nr) (1ULL << (nr)) // include/vdso/bits.h
#define BIT_MASK(nr) (1UL << ((nr) % BITS_PER_LONG)) // include/linux/bits.h
#define BIT_WORD(nr) ((nr) / BITS_PER_LONG) // include/linux/bits.h
#define BITS_PER_BYTE 8 // include/linux/bits.h
#define BITS_PER_LONG_LONG 64 // include/asm-generic/bitsperlong.h
#define BITS_PER_TYPE(type) (sizeof(type) * 8) // include/linux/bitops.h
#define BITS_TO_LONGS(nr) DIV_ROUND_UP(nr, BITS_PER_LONG) // include/linux/bitops.h
#define BITS_TO_BYTES(nr) DIV_ROUND_UP(nr, 8) // include/linux/bitops.h
#define GENMASK(h, l) ((~0UL << (l)) & (~0UL >> (BITS_PER_LONG - 1 - (h)))) // The bits from l up to h. include/linux/bits.h
#define GENMASK_ULL(h, l) ((~0ULL << (l)) & (~0ULL >> (63 - (h)))) // The bits from l up to h. include/linux/bits.h
#define __FIELD_LSB(mask) ((mask) & (~(mask) + 1)) // The lowest bit of a mask. include/linux/bitfield.h
#define FIELD_GET(mask, reg) ((typeof(mask))(((reg) & (mask)) / __FIELD_LSB(mask))) // The field that a mask covers. include/linux/bitfield.h
#define FIELD_PREP(mask, val) (((typeof(mask))(val) * __FIELD_LSB(mask)) & (mask)) // A value where a mask has its field. include/linux/bitfield.h
#define FIELD_MAX(mask) ((typeof(mask))((mask) / __FIELD_LSB(mask))) // include/linux/bitfield.h
#define FIELD_FIT(mask, val) (!((((typeof(mask))(val)) * __FIELD_LSB(mask)) & ~(mask))) // include/linux/bitfield.h
#define roundup(x, y) ({ typeof(y) __round = (y); (((x) + (__round - 1)) / __round) * __round; }) // Rounded up to a multiple. include/linux/math.h
#define rounddown(x, y) ({ typeof(x) __round = (x); __round - (__round % (y)); }) // Rounded down to a multiple. include/linux/math.h
#define round_up(x, y) ((((x) - 1) | ((typeof(x))((y) - 1))) + 1) // Rounded up to a multiple of a power of two. include/linux/math.h
#define round_down(x, y) ((x) & ~((typeof(x))((y) - 1))) // Rounded down to a multiple of a power of two. include/linux/math.h
#define DIV_ROUND_CLOSEST(x, d) ({ typeof(x) __num = (x); typeof(d) __den = (d); ((typeof(x))-1) > 0 || ((typeof(d))-1) > 0 || (__num > 0) == (__den > 0) ? (__num + __den / 2) / __den : (__num - __den / 2) / __den; }) // include/linux/math.h
#define DIV_ROUND_UP_ULL(ll, d) (((unsigned long long)(ll) + (d) - 1) / (d)) // include/linux/math.h
#define DIV_ROUND_DOWN_ULL(ll, d) ((unsigned long long)(ll) / (d)) // include/linux/math.h
#define mult_frac(x, n, d) ({ typeof(x) __whole = (x) / (d); typeof(x) __rest = (x) % (d); (__whole * (n)) + ((__rest * (n)) / (d)); }) // include/linux/math.h
#define do_div(n, base) ({ u32 __base = (base); u32 __rem = (u64)(n) % __base; (n) = (u64)(n) / __base; __rem; }) // Divides n and gives the remainder. include/asm-generic/div64.h
#define div_u64(dividend, divisor) ((u64)(dividend) / (u32)(divisor)) // include/linux/math64.h
#define div_s64(dividend, divisor) ((s64)(dividend) / (s32)(divisor)) // include/linux/math64.h
#define div64_u64(dividend, divisor) ((u64)(dividend) / (u64)(divisor)) // include/linux/math64.h
#define div64_s64(dividend, divisor) ((s64)(dividend) / (s64)(divisor)) // include/linux/math64.h
#define div64_ul(x, y) ((unsigned long)((u64)(x) / (unsigned long)(y))) // include/linux/math64.h
#define mul_u32_u32(a, b) ((u64)(u32)(a) * (u32)(b)) // include/linux/math64.h
#define abs(x) ({ typeof(x) __value = (x); __value < 0 ? -__value : __value; }) // The value without its sign. include/linux/math.h
#define abs_diff(a, b) ({ typeof(a) __a = (a); typeof(b) __b = (b); __a > __b ? __a - __b : __b - __a; }) // include/linux/math.h
#define min3(x, y, z) min((typeof(x))min(x, y), z) // include/linux/minmax.h
#define max3(x, y, z) max((typeof(x))max(x, y), z) // include/linux/minmax.h
#define min_not_zero(x, y) ({ typeof(x) __x = (x); typeof(y) __y = (y); __x == 0 ? __y : (__y == 0 ? __x : min(__x, __y)); }) // include/linux/minmax.h
#define clamp_t(type, val, lo, hi) min_t(type, max_t(type, val, lo), hi) // include/linux/minmax.h
#define clamp_val(val, lo, hi) clamp_t(typeof(val), val, lo, hi) // include/linux/minmax.h
#define ilog2(n) (sizeof(n) <= 4 ? __ilog2_u32(n) : __ilog2_u64(n)) // The logarithm to base 2, rounded down. include/linux/log2.h
#define order_base_2(n) __order_base_2(n) // The logarithm to base 2, rounded up. include/linux/log2.h
#define roundup_pow_of_two(n) __roundup_pow_of_two(n) // include/linux/log2.h
#define rounddown_pow_of_two(n) __rounddown_pow_of_two(n) // include/linux/log2.h
#define hweight_long(w) hweight64((unsigned long)(w)) // How many bits are set. include/linux/bitops.h
#define fls_long(l) (sizeof(long) == 4 ? fls(l) : fls64(l)) // include/linux/bitops.h
#define upper_32_bits(n) ((u32)(((n) >> 16) >> 16)) // include/linux/kernel.h
#define lower_32_bits(n) ((u32)((n) & 0xffffffff)) // include/linux/kernel.h
#define upper_16_bits(n) ((u16)((n) >> 16)) // include/linux/kernel.h
#define lower_16_bits(n) ((u16)((n) & 0xffff)) // include/linux/kernel.h
#define swab16(x) ((u16)((((u16)(x) & 0xff) << 8) | (((u16)(x) & 0xff00) >> 8))) // The bytes in reverse. include/uapi/linux/swab.h
#define swab32(x) __swab32_value(x) // The bytes in reverse. include/uapi/linux/swab.h
#define swab64(x) __swab64_value(x) // The bytes in reverse. include/uapi/linux/swab.h
#define cpu_to_le16(x) ((__le16)(x)) // include/linux/byteorder/generic.h
#define cpu_to_le32(x) ((__le32)(x)) // include/linux/byteorder/generic.h
#define cpu_to_le64(x) ((__le64)(x)) // include/linux/byteorder/generic.h
#define le16_to_cpu(x) ((u16)(x)) // include/linux/byteorder/generic.h
#define le32_to_cpu(x) ((u32)(x)) // include/linux/byteorder/generic.h
#define le64_to_cpu(x) ((u64)(x)) // include/linux/byteorder/generic.h
#define cpu_to_be16(x) swab16(x) // include/linux/byteorder/generic.h
#define cpu_to_be32(x) swab32(x) // include/linux/byteorder/generic.h
#define cpu_to_be64(x) swab64(x) // include/linux/byteorder/generic.h
#define be16_to_cpu(x) swab16(x) // include/linux/byteorder/generic.h
#define be32_to_cpu(x) swab32(x) // include/linux/byteorder/generic.h
#define be64_to_cpu(x) swab64(x) // include/linux/byteorder/generic.h
#define PTR_ALIGN(p, a) ((typeof(p))ALIGN((unsigned long)(p), (a))) // include/linux/align.h
#define PTR_ALIGN_DOWN(p, a) ((typeof(p))ALIGN_DOWN((unsigned long)(p), (a))) // include/linux/align.h
#define CHAR_BIT 8 // include/linux/limits.h
#define SHRT_MAX 32767 // include/vdso/limits.h
#define SHRT_MIN (-32767 - 1) // include/vdso/limits.h
#define USHRT_MAX 65535 // include/vdso/limits.h
#define LLONG_MAX ((long long)(~0ULL >> 1)) // include/vdso/limits.h
#define LLONG_MIN (-LLONG_MAX - 1) // include/vdso/limits.h
#define ULLONG_MAX (~0ULL) // include/vdso/limits.h
#define UINTPTR_MAX ULONG_MAX // include/vdso/limits.h
#define SSIZE_MAX ((ssize_t)(SIZE_MAX >> 1)) // include/linux/limits.h
#define PHYS_ADDR_MAX (~(phys_addr_t)0) // include/linux/limits.h
#define U8_MAX ((u8)~0U) // include/linux/limits.h
#define S8_MAX ((s8)(U8_MAX >> 1)) // include/linux/limits.h
#define S8_MIN ((s8)(-S8_MAX - 1)) // include/linux/limits.h
#define U16_MAX ((u16)~0U) // include/linux/limits.h
#define S16_MAX ((s16)(U16_MAX >> 1)) // include/linux/limits.h
#define S16_MIN ((s16)(-S16_MAX - 1)) // include/linux/limits.h
#define U32_MAX ((u32)~0U) // include/linux/limits.h
#define U32_MIN ((u32)0) // include/linux/limits.h
#define S32_MAX ((s32)(U32_MAX >> 1)) // include/linux/limits.h
#define S32_MIN ((s32)(-S32_MAX - 1)) // include/linux/limits.h
#define U64_MAX ((u64)~0ULL) // include/linux/limits.h
#define S64_MAX ((s64)(U64_MAX >> 1)) // include/linux/limits.h
#define S64_MIN ((s64)(-S64_MAX - 1)) // include/linux/limits.h
#define SZ_1 0x00000001 // include/linux/sizes.h
#define SZ_2 0x00000002 // include/linux/sizes.h
#define SZ_4 0x00000004 // include/linux/sizes.h
#define SZ_8 0x00000008 // include/linux/sizes.h
#define SZ_16 0x00000010 // include/linux/sizes.h
#define SZ_32 0x00000020 // include/linux/sizes.h
#define SZ_64 0x00000040 // include/linux/sizes.h
#define SZ_128 0x00000080 // include/linux/sizes.h
#define SZ_256 0x00000100 // include/linux/sizes.h
#define SZ_512 0x00000200 // include/linux/sizes.h
#define SZ_1K 0x00000400 // include/linux/sizes.h
#define SZ_2K 0x00000800 // include/linux/sizes.h
#define SZ_4K 0x00001000 // include/linux/sizes.h
#define SZ_8K 0x00002000 // include/linux/sizes.h
#define SZ_16K 0x00004000 // include/linux/sizes.h
#define SZ_32K 0x00008000 // include/linux/sizes.h
#define SZ_64K 0x00010000 // include/linux/sizes.h
#define SZ_128K 0x00020000 // include/linux/sizes.h
#define SZ_256K 0x00040000 // include/linux/sizes.h
#define SZ_512K 0x00080000 // include/linux/sizes.h
#define SZ_1M 0x00100000 // include/linux/sizes.h
#define SZ_2M 0x00200000 // include/linux/sizes.h
#define SZ_4M 0x00400000 // include/linux/sizes.h
#define SZ_8M 0x00800000 // include/linux/sizes.h
#define SZ_16M 0x01000000 // include/linux/sizes.h
#define SZ_32M 0x02000000 // include/linux/sizes.h
#define SZ_64M 0x04000000 // include/linux/sizes.h
#define SZ_128M 0x08000000 // include/linux/sizes.h
#define SZ_256M 0x10000000 // include/linux/sizes.h
#define SZ_512M 0x20000000 // include/linux/sizes.h
#define SZ_1G 0x40000000 // include/linux/sizes.h
#define SZ_2G 0x80000000 // include/linux/sizes.h
#define SZ_4G 0x100000000ULL // include/linux/sizes.h
#define SZ_8G 0x200000000ULL // include/linux/sizes.h
#define SZ_16G 0x400000000ULL // include/linux/sizes.h
#define SZ_32G 0x800000000ULL // include/linux/sizes.h
#define HZ CONFIG_HZ // Timer ticks in a second. include/asm-generic/param.h
#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c))) // A version to compare LINUX_VERSION_CODE with. include/linux/version.h
`;
