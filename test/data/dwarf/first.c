/* What a kernel's types have in them, in two files, so that one declares what the other defines. See test/engine/dwarf.test.ts. */
typedef unsigned int gfp_t;
typedef struct { int counter; } atomic_t;
struct shrinker;
typedef int (*shrink_t)(struct shrinker *, gfp_t, ...);

enum zone_type { ZONE_DMA, ZONE_NORMAL, MAX_NR_ZONES };
enum { ENOMEM = 12, MINUS_ONE = -1 };
enum wide { SMALL = 5, TOP = 1LL << 40 };
enum { LEFT_HERE = 7 };

struct list_head { struct list_head *next, *prev; };
struct later; /* second.c defines it */
struct never; /* nobody does */

struct slab_bits {
  unsigned int inuse : 16, objects : 15, frozen : 1;
  unsigned char after;
  unsigned char low : 3, : 2, high : 3;
  long long split : 33;
  _Bool flag : 1;
};

struct page {
  unsigned long flags;
  union {
    struct {
      struct list_head lru;
      unsigned long private_data;
    };
    struct slab_bits bits;
    struct { void *freelist; union { unsigned long counters; struct { unsigned int a : 4; }; }; };
  };
  atomic_t _refcount;
  enum zone_type zone : 2;
};

struct __attribute__((packed)) packed { char first; long long second; unsigned short third : 9; };
struct aligned { char byte; int word __attribute__((aligned(32))); };

struct zone {
  const volatile unsigned long watermark[3];
  struct list_head free_area[11][6];
  struct later *later;
  struct later *const *const laters;
  struct never *never;
  const char *restrict name;
  shrink_t shrink;
  struct page **(*lookup)(const struct zone *zone, long unsigned pfn);
  signed char vm_stat_diff[MAX_NR_ZONES];
  double ratio;
  unsigned short tail[];
};

static struct private_data { int of_first; } here;
static int nr_calls;

struct zone node_zones[2];
struct page *mem_map;
extern struct later later;

/* A local type is not one that others could mean. */
int count(struct private_data *data) {
  struct in_function { int member; } local = { data->of_first + nr_calls++ - ENOMEM - LEFT_HERE };
  return local.member;
}

struct packed packed_one;
struct aligned aligned_one;
enum wide wide_one;
struct private_data *first_private = &here;
void *use(void) { return &later; }
void _start(void) { count(first_private); use(); }
