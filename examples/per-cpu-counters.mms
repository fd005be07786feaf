// Per-CPU counters: each CPU counts for itself, nobody locks, and the sum is late. alloc_percpu(), and the kernel's own counters.
#pragma mmscope machine arch=x86_64 ram=512M cpus=4

// One long for each CPU. What alloc_percpu() returns is an offset, not an address: per_cpu_ptr() adds where the CPU's area begins.
long *hits = alloc_percpu(long);
expect(per_cpu_ptr(hits, 1) != per_cpu_ptr(hits, 0));
pr_info("CPU 0 has its own at %px, CPU 1 at %px\n", per_cpu_ptr(hits, 0), per_cpu_ptr(hits, 1));
long distance = (char *)per_cpu_ptr(hits, 1) - (char *)per_cpu_ptr(hits, 0);
expect(distance == (char *)per_cpu_ptr(hits, 2) - (char *)per_cpu_ptr(hits, 1));

// this_cpu_inc() changes the one of the CPU that runs: no lock, and no line of cache that two CPUs write.
for (int i = 0; i < 5; i++)
  this_cpu_inc(*hits);
cpu(3) {
  this_cpu_add(*hits, 37);
}
expect(*per_cpu_ptr(hits, 0) == 5 && *per_cpu_ptr(hits, 3) == 37);

// To read costs more: somebody has to add all of them up.
long sum = 0;
int each;
for_each_possible_cpu(each)
  sum += *per_cpu_ptr(hits, each);
expect(sum == 42);
free_percpu(hits);

// A mix of both is a counter that all CPUs can read: a CPU counts for itself, and adds to the common number only a batch at a time.
// struct percpu_counter of Linux does so.
struct counter {
  long count;
  long *here;
} files = { .here = alloc_percpu(long) };
const long batch = 32;

void counter_add(struct counter *counter, long amount)
{
  long held = this_cpu_add_return(*counter->here, amount);

  if (abs(held) >= batch) {
    // In a kernel, with counter->lock held.
    counter->count += held;
    this_cpu_sub(*counter->here, held);
  }
}

for_each_possible_cpu(each)
  cpu(each) {
    for (int i = 0; i < 50; i++)
      counter_add(&files, 1);
  }

// 200 were counted, but each CPU holds 18 back: less than a batch. Whoever reads the common number gets 128, at the price of one read.
expect(files.count == 4 * 32);
sum = files.count;
for_each_possible_cpu(each)
  sum += *per_cpu_ptr(files.here, each);
expect(sum == 200);
free_percpu(files.here);

// The zone's counters are of this kind. What a CPU holds back is a byte in its struct per_cpu_zonestat, up to stat_threshold.
struct zone *zone = page_zone(pfn_to_page(0x8000));
quiet_vmstat();
struct per_cpu_zonestat *mine = this_cpu_ptr(zone->per_cpu_zonestats);
long before = zone_page_state(zone, NR_FREE_PAGES);
pr_info("zone %s: each CPU may hold back %d\n", zone->name, mine->stat_threshold);
expect(mine->vm_stat_diff[NR_FREE_PAGES] == 0);

// A block of 16 pages does not come from the CPU's list of single pages, so that each is counted at once: by this CPU.
struct page *blocks[3];
for (int i = 0; i < ARRAY_SIZE(blocks); i++) {
  blocks[i] = alloc_pages(GFP_KERNEL, 4);
  pr_info("%ld taken, %ld of them in the zone's number, %d held back\n", (i + 1) * 16l, before - zone_page_state(zone, NR_FREE_PAGES), -mine->vm_stat_diff[NR_FREE_PAGES]);
  expect(before - zone_page_state(zone, NR_FREE_PAGES) - mine->vm_stat_diff[NR_FREE_PAGES] == (i + 1) * 16);
}
for (int i = 0; i < ARRAY_SIZE(blocks); i++)
  __free_pages(blocks[i], 4);
