/** Who finds the place in a pool of addresses. */
import { says } from './machines.js';

describe('gen_pool_set_algo()', () => {
  it('best fit, aligned, aligned to the size, at a fixed place, or what a function of the scenario says', () =>
    says(
      `struct gen_pool *p = gen_pool_create(4, -1);
expect(!gen_pool_add(p, 0x10000, 0x400, -1));
unsigned long a = gen_pool_alloc(p, 0x80), b = gen_pool_alloc(p, 0x20), c = gen_pool_alloc(p, 0x30), d = gen_pool_alloc(p, 0x10);
expect(a == 0x10000 && b == 0x10080 && c == 0x100a0 && d == 0x100d0);
gen_pool_free(p, a, 0x80); gen_pool_free(p, c, 0x30);
gen_pool_set_algo(p, gen_pool_best_fit, NULL);
expect(gen_pool_alloc(p, 0x20) == 0x100a0 && gen_pool_alloc(p, 0x80) == 0x10000);
struct genpool_data_align al = { .align = 0x100 };
gen_pool_set_algo(p, gen_pool_first_fit_align, &al);
expect(gen_pool_alloc(p, 0x10) == 0x10100);
gen_pool_set_algo(p, gen_pool_first_fit_order_align, NULL);
expect(gen_pool_alloc(p, 0x40) == 0x10140);
struct genpool_data_fixed fx = { .offset = 0x300 };
gen_pool_set_algo(p, gen_pool_fixed_alloc, &fx);
expect(gen_pool_alloc(p, 0x20) == 0x10300 && gen_pool_alloc(p, 0x20) == 0);
static unsigned long last(unsigned long *map, unsigned long size, unsigned long start, unsigned int nr, void *data, struct gen_pool *pool, unsigned long start_addr) { pr_info("algo %lu %lu %u %lx\\n", size, start, nr, start_addr); return size - nr; }
gen_pool_set_algo(p, last, NULL);
expect(gen_pool_alloc(p, 0x10) == 0x103f0);`,
      ['algo 64 0 1 10000'],
    ));
});
