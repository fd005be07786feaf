/* The other file: see first.c. */
struct later { struct later *self; int value; };
struct page;
struct list_head { struct list_head *next, *prev; };
struct private_data { long of_second; struct list_head list; };
typedef union { unsigned long word; struct private_data *data; } either_t;
enum { ONLY_IN_SECOND = 99 };

struct later later;
struct private_data second_private;
either_t either;
int second_value __attribute__((section("percpu"))) = ONLY_IN_SECOND;
