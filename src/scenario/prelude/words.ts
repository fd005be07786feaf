/** Words that are changed at once, sums that overflow, bitmaps, and the bits of a word. One task runs at a time: reading and writing is enough. */
const CMPXCHG = 'include/linux/atomic/atomic-instrumented.h';

/** The forms of an operation that differ in what they order: nothing here. */
const ordered = (name: string, parameters: string, body: string, doc: string): string =>
  ['', '_relaxed', '_acquire', '_release', '_local']
    .map((form) => `#define ${name}${form}(${parameters}) ${body} // ${doc} ${CMPXCHG}`)
    .join('\n');

/** An operation on two bitmaps, long by long. */
const bitmapOf = (name: string, operation: string, doc: string): string =>
  `#define bitmap_${name}(dst, src1, src2, nbits) ({ unsigned long *__to = (dst); const unsigned long *__a = (src1), *__b = (src2); for (unsigned int __i = 0; __i < BITS_TO_LONGS(nbits); __i++) __to[__i] = ${operation}; !bitmap_empty(__to, nbits); }) // ${doc} include/linux/bitmap.h`;

export const WORDS = String.raw`
${ordered('xchg', 'ptr, v', '({ typeof(ptr) __at = (ptr); typeof(*__at) __was = *__at; *__at = (v); __was; })', 'Sets a word; what it was.')}
${ordered('cmpxchg', 'ptr, old, new', '({ typeof(ptr) __at = (ptr); typeof(*__at) __is = (typeof(*__at))(old), __to = (typeof(*__at))(new), __was = *__at; if (__was == __is) *__at = __to; __was; })', 'Sets a word if it is what is expected; what it was.')}
${ordered('cmpxchg64', 'ptr, old, new', 'cmpxchg(ptr, old, new)', 'Like cmpxchg, of 64 bits.')}
${ordered('try_cmpxchg', 'ptr, oldp, new', '({ typeof(ptr) __at = (ptr); typeof(oldp) __is = (oldp); typeof(*__at) __was = *__at, __to = (typeof(*__at))(new); int __done = __was == *__is; if (__done) *__at = __to; else *__is = __was; __done; })', 'Sets a word if it is what is expected; whether it was. What it is instead is put where the expected value was.')}
#define xadd(ptr, inc) ({ typeof(ptr) __at = (ptr); typeof(*__at) __was = *__at; *__at += (inc); __was; }) // Adds; what it was. arch/x86/include/asm/cmpxchg.h
#define atomic_try_cmpxchg(v, oldp, new) try_cmpxchg(&(v)->counter, oldp, new) // ${CMPXCHG}
#define atomic_long_try_cmpxchg(v, oldp, new) try_cmpxchg(&(v)->counter, oldp, new) // ${CMPXCHG}
#define atomic_inc_unless_negative(v) ({ int *__count = &(v)->counter, __more = *__count >= 0; *__count += __more; __more; }) // Adds 1 unless it is negative; whether it did. ${CMPXCHG}
#define atomic_dec_if_positive(v) ({ int *__count = &(v)->counter, __less = *__count - 1; if (__less >= 0) *__count = __less; __less; }) // Subtracts 1 unless it were negative then; what that is. ${CMPXCHG}
#define atomic_fetch_add_unless(v, a, u) ({ int *__count = &(v)->counter, __was = *__count; if (__was != (u)) *__count += (a); __was; }) // Adds unless it is u; what it was. ${CMPXCHG}
#define atomic_set_release(v, i) atomic_set(v, i) // ${CMPXCHG}
#define atomic_read_acquire(v) atomic_read(v) // ${CMPXCHG}
#define smp_load_acquire(p) (*(p)) // include/asm-generic/barrier.h
#define smp_store_release(p, v) do { *(p) = (v); } while (0) // include/asm-generic/barrier.h
#define smp_store_mb(var, value) do { (var) = (value); } while (0) // include/asm-generic/barrier.h
#define size_add(addend1, addend2) ({ size_t __a = (addend1), __b = (addend2); __a + __b < __a ? SIZE_MAX : __a + __b; }) // A sum of sizes; SIZE_MAX where it overflows. include/linux/overflow.h
#define size_sub(minuend, subtrahend) ({ size_t __a = (minuend), __b = (subtrahend); __a == SIZE_MAX || __b == SIZE_MAX || __b > __a ? SIZE_MAX : __a - __b; }) // A difference of sizes; SIZE_MAX where it overflows. include/linux/overflow.h
#define size_mul(factor1, factor2) ({ size_t __a = (factor1), __b = (factor2); __b && __a > SIZE_MAX / __b ? SIZE_MAX : __a * __b; }) // A product of sizes; SIZE_MAX where it overflows. include/linux/overflow.h
#define array3_size(a, b, c) size_mul(size_mul(a, b), c) // include/linux/overflow.h
#define __is_signed(T) ((typeof(T))-1 < (typeof(T))1) // include/linux/overflow.h
#define __least(T) (__is_signed(T) ? (typeof(T))(1ULL << (sizeof(T) * 8 - 1)) : (typeof(T))0) // include/linux/overflow.h
#define __most(T) (__is_signed(T) ? (typeof(T))(~(1ULL << (sizeof(T) * 8 - 1))) : (typeof(T))~(typeof(T))0) // include/linux/overflow.h
#define check_add_overflow(a, b, d) ({ typeof(d) __sum = (d); typeof(*__sum) __a = (a), __b = (b); *__sum = (typeof(*__sum))((unsigned long long)__a + (unsigned long long)__b); __is_signed(__a) ? (__b >= 0 ? *__sum < __a : *__sum > __a) : *__sum < __a; }) // Adds; whether the sum is too large for its type. include/linux/overflow.h
#define check_sub_overflow(a, b, d) ({ typeof(d) __diff = (d); typeof(*__diff) __a = (a), __b = (b); *__diff = (typeof(*__diff))((unsigned long long)__a - (unsigned long long)__b); __is_signed(__a) ? (__b >= 0 ? *__diff > __a : *__diff < __a) : __b > __a; }) // Subtracts; whether the difference is too large for its type. include/linux/overflow.h
#define check_mul_overflow(a, b, d) ({ typeof(d) __product = (d); typeof(*__product) __a = (a), __b = (b); int __over = __a != 0 && __b != 0 && (__is_signed(__a) ? (__a > 0 ? (__b > 0 ? __a > __most(__a) / __b : __b < __least(__a) / __a) : (__b > 0 ? __a < __least(__a) / __b : __a < __most(__a) / __b)) : __a > __most(__a) / __b); *__product = (typeof(*__product))((unsigned long long)__a * (unsigned long long)__b); __over; }) // Multiplies; whether the product is too large for its type. include/linux/overflow.h
#define DECLARE_BITMAP(name, bits) unsigned long name[BITS_TO_LONGS(bits)] // A bitmap of so many bits. include/linux/types.h
#define bitmap_size(nbits) (BITS_TO_LONGS(nbits) * sizeof(long)) // Bytes in a bitmap. include/linux/bitmap.h
#define bitmap_alloc(nbits, flags) ((unsigned long *)kmalloc_array(BITS_TO_LONGS(nbits), sizeof(unsigned long), flags)) // include/linux/bitmap.h
#define bitmap_zalloc(nbits, flags) bitmap_alloc(nbits, (flags) | __GFP_ZERO) // A bitmap of which no bit is set. include/linux/bitmap.h
#define bitmap_free(bitmap) kfree(bitmap) // include/linux/bitmap.h
#define bitmap_zero(dst, nbits) memset((dst), 0, bitmap_size(nbits)) // Clears all bits. include/linux/bitmap.h
#define bitmap_fill(dst, nbits) memset((dst), 0xff, bitmap_size(nbits)) // Sets all bits. include/linux/bitmap.h
#define bitmap_copy(dst, src, nbits) memcpy((dst), (src), bitmap_size(nbits)) // include/linux/bitmap.h
#define bitmap_empty(src, nbits) (find_first_bit(src, nbits) == (nbits)) // Whether no bit is set. include/linux/bitmap.h
#define bitmap_full(src, nbits) (find_first_zero_bit(src, nbits) == (nbits)) // Whether all bits are set. include/linux/bitmap.h
${bitmapOf('and', '__a[__i] & __b[__i]', 'The bits that are set in both; whether there are any.')}
${bitmapOf('or', '__a[__i] | __b[__i]', 'The bits that are set in one or both.')}
${bitmapOf('xor', '__a[__i] ^ __b[__i]', 'The bits that differ.')}
${bitmapOf('andnot', '__a[__i] & ~__b[__i]', 'The bits that are set in the first alone; whether there are any.')}
#define bitmap_equal(src1, src2, nbits) ({ const unsigned long *__a = (src1), *__b = (src2); unsigned int __i = 0; while (__i < (nbits) && test_bit(__i, __a) == test_bit(__i, __b)) __i++; __i >= (nbits); }) // Whether two bitmaps have the same bits. include/linux/bitmap.h
#define bitmap_find_next_zero_area(map, size, start, nr, align_mask) bitmap_find_next_zero_area_off(map, size, start, nr, align_mask, 0) // The first of so many clear bits in a row; beyond size if there are none. include/linux/bitmap.h
#define bitmap_find_next_zero_area_off(map, size, start, nr, align_mask, align_offset) ({ unsigned long *__map = (map), __size = (size), __from = (start), __end, __set; for (;;) { __from = find_next_zero_bit(__map, __size, __from); __from = (((__from + (align_offset)) + (align_mask)) & ~(unsigned long)(align_mask)) - (align_offset); __end = __from + (nr); if (__end > __size) { __from = __end; break; } __set = find_next_bit(__map, __end, __from); if (__set >= __end) break; __from = __set + 1; } __from; }) // lib/bitmap.h
#define for_each_set_bit(bit, addr, size) for ((bit) = find_first_bit(addr, size); (bit) < (size); (bit) = find_next_bit(addr, size, (bit) + 1)) // Every bit that is set. include/linux/find.h
#define for_each_clear_bit(bit, addr, size) for ((bit) = find_first_zero_bit(addr, size); (bit) < (size); (bit) = find_next_zero_bit(addr, size, (bit) + 1)) // Every bit that is not set. include/linux/find.h
#define for_each_set_bit_from(bit, addr, size) for ((bit) = find_next_bit(addr, size, bit); (bit) < (size); (bit) = find_next_bit(addr, size, (bit) + 1)) // include/linux/find.h
#define rol32(word, shift) ({ u32 __word = (word); __word << ((shift) & 31) | __word >> (-(shift) & 31); }) // The bits of a word turned to the left. include/linux/bitops.h
#define ror32(word, shift) ({ u32 __word = (word); __word >> ((shift) & 31) | __word << (-(shift) & 31); }) // The bits of a word turned to the right. include/linux/bitops.h
#define rol64(word, shift) ({ u64 __word = (word); __word << ((shift) & 63) | __word >> (-(shift) & 63); }) // include/linux/bitops.h
#define ror64(word, shift) ({ u64 __word = (word); __word >> ((shift) & 63) | __word << (-(shift) & 63); }) // include/linux/bitops.h
#define sign_extend32(value, index) ((s32)((u32)(value) << (31 - (index))) >> (31 - (index))) // A number whose sign is in a certain bit. include/linux/bitops.h
#define sign_extend64(value, index) ((s64)((u64)(value) << (63 - (index))) >> (63 - (index))) // include/linux/bitops.h
`;
