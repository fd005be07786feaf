/** Rings of elements, lists without locks, chains of who wants to be told, and messages that do not flood the log. */
const KFIFO = 'include/linux/kfifo.h';
const LLIST = 'include/linux/llist.h';
const NOTIFIER = 'include/linux/notifier.h';
const RATELIMIT = 'include/linux/ratelimit.h';

/** Where a ring's bytes go on, from an index, in two pieces: `copy(at, from, bytes)` is done for each. */
const inTwo = (
  index: string,
  count: string,
  copy: (offset: string, done: string, n: string) => string,
) =>
  `unsigned int __es = __ring->esize, __at = (${index}) & __ring->mask, __first = min((${count}), __ring->mask + 1 - __at); ` +
  `${copy('__at * __es', '0', '__first * __es')} ${copy('0', '__first * __es', `((${count}) - __first) * __es`)}`;

const copying = (macro: string, count: string, index: string, advance: string, copy: string) =>
  `#define ${macro} ({ struct __kfifo *__ring = &(fifo)->kfifo; char *__with = (char *)(buf); unsigned int __n = min((unsigned int)(n), ${count}); ` +
  `{ ${inTwo(index, '__n', (offset, done, bytes) => copy.replace('RING', `(char *)__ring->data + ${offset}`).replace('BUF', `__with + ${done}`).replace('LEN', bytes))} } ${advance} __n; })`;

const USED = '__ring->in - __ring->out';
const FREE = `__ring->mask + 1 - (${USED})`;

const locked = (['in', 'out'] as const).map(
  (way) =>
    `#define kfifo_${way}_spinlocked(fifo, buf, n, lock) ({ unsigned long __flags; unsigned int __moved; spin_lock_irqsave(lock, __flags); __moved = kfifo_${way}(fifo, buf, n); spin_unlock_irqrestore(lock, __flags); __moved; }) // The same, with a lock taken. ${KFIFO}
#define kfifo_${way}_locked(fifo, buf, n, lock) kfifo_${way}_spinlocked(fifo, buf, n, lock) // ${KFIFO}`,
);

const user = (
  macro: string,
  count: string,
  index: string,
  member: string,
  copy: string,
  doc: string,
) =>
  `#define ${macro}(fifo, ubuf, len, copied) ({ struct __kfifo *__ring = &(fifo)->kfifo; char *__user_buf = (char *)(ubuf); unsigned int __n = min((unsigned int)(len) / __ring->esize, ${count}); int __bad = 0; ` +
  `{ ${inTwo(index, '__n', (offset, done, bytes) => copy.replace('RING', `(char *)__ring->data + ${offset}`).replace('BUF', `__user_buf + ${done}`).replace('LEN', bytes))} } ` +
  `if (!__bad) __ring->${member} += __n; *(copied) = __bad ? 0 : __n * __ring->esize; __bad ? -EFAULT : 0; }) // ${doc} ${KFIFO}`;

const HEADS = (['ATOMIC', 'BLOCKING', 'RAW'] as const).map(
  (name) =>
    `#define ${name}_NOTIFIER_HEAD(name) struct ${name.toLowerCase()}_notifier_head name = {} // A chain of blocks that are told. ${NOTIFIER}
#define ${name}_INIT_NOTIFIER_HEAD(name) ((void)((name)->head = NULL)) // ${NOTIFIER}
#define ${name.toLowerCase()}_notifier_chain_register(nh, nb) __notifier_chain_register(&(nh)->head, nb) // The block is told from here on, by its priority. 0, or -EEXIST. ${NOTIFIER}
#define ${name.toLowerCase()}_notifier_chain_unregister(nh, nb) __notifier_chain_unregister(&(nh)->head, nb) // The block is not told any more. 0, or -ENOENT. ${NOTIFIER}
#define ${name.toLowerCase()}_notifier_call_chain(nh, val, v) __notifier_call_chain(&(nh)->head, val, v) // Tells every block, until one stops it; what the last one returned. ${NOTIFIER}`,
);

export const QUEUES = String.raw`
#define DECLARE_KFIFO(fifo, elem, size) struct { struct __kfifo kfifo; elem buf[((size) < 2 || ((size) & ((size) - 1))) ? -1 : (size)]; } fifo // A ring of elements, with room for a power of two of them; INIT_KFIFO() empties it. ${KFIFO}
#define DECLARE_KFIFO_PTR(fifo, elem) struct { struct __kfifo kfifo; elem buf[0]; } fifo // A ring whose room comes from kfifo_alloc(). ${KFIFO}
#define DEFINE_KFIFO(fifo, elem, size) DECLARE_KFIFO(fifo, elem, size) = { .kfifo = { .mask = (size) - 1, .esize = sizeof(elem), .data = fifo.buf } } // An empty ring of elements. ${KFIFO}
#define INIT_KFIFO(fifo) do { typeof(&(fifo)) __made = &(fifo); struct __kfifo *__ring = &__made->kfifo; __ring->in = __ring->out = 0; __ring->esize = sizeof(__made->buf[0]); __ring->mask = sizeof(__made->buf) ? sizeof(__made->buf) / sizeof(__made->buf[0]) - 1 : 0; __ring->data = sizeof(__made->buf) ? __made->buf : NULL; } while (0) // Empties a ring. ${KFIFO}
#define kfifo_alloc(fifo, size, gfp_mask) ({ typeof(fifo) __made = (fifo); struct __kfifo *__ring = &__made->kfifo; unsigned int __room = roundup_pow_of_two(size); __ring->in = __ring->out = 0; __ring->esize = sizeof(__made->buf[0]); __ring->data = __room < 2 ? NULL : kmalloc_array(__ring->esize, __room, (gfp_mask)); __ring->mask = __ring->data ? __room - 1 : 0; __room < 2 ? -EINVAL : __ring->data ? 0 : -ENOMEM; }) // Room for so many elements, rounded up to a power of two. 0 or an error. ${KFIFO}
#define kfifo_init(fifo, buffer, size) ({ typeof(fifo) __made = (fifo); struct __kfifo *__ring = &__made->kfifo; unsigned int __room = (size) / sizeof(__made->buf[0]); if (__room) __room = rounddown_pow_of_two(__room); __ring->in = __ring->out = 0; __ring->esize = sizeof(__made->buf[0]); __ring->data = (buffer); __ring->mask = __room < 2 ? 0 : __room - 1; __room < 2 ? -EINVAL : 0; }) // A ring in memory that is there. 0, or -EINVAL. ${KFIFO}
#define kfifo_free(fifo) do { struct __kfifo *__ring = &(fifo)->kfifo; kfree(__ring->data); __ring->in = __ring->out = __ring->esize = __ring->mask = 0; __ring->data = NULL; } while (0) // Gives the room of kfifo_alloc() back. ${KFIFO}
#define kfifo_initialized(fifo) ((fifo)->kfifo.mask != 0) // ${KFIFO}
#define kfifo_esize(fifo) ((fifo)->kfifo.esize) // ${KFIFO}
#define kfifo_size(fifo) ((fifo)->kfifo.mask + 1) // ${KFIFO}
#define kfifo_len(fifo) ((fifo)->kfifo.in - (fifo)->kfifo.out) // How many elements there are. ${KFIFO}
#define kfifo_avail(fifo) (kfifo_size(fifo) - kfifo_len(fifo)) // How many more there may be. ${KFIFO}
#define kfifo_is_empty(fifo) ((fifo)->kfifo.in == (fifo)->kfifo.out) // ${KFIFO}
#define kfifo_is_full(fifo) (kfifo_len(fifo) > (fifo)->kfifo.mask) // ${KFIFO}
#define kfifo_reset(fifo) ((void)((fifo)->kfifo.in = (fifo)->kfifo.out = 0)) // ${KFIFO}
#define kfifo_reset_out(fifo) ((void)((fifo)->kfifo.out = (fifo)->kfifo.in)) // ${KFIFO}
#define kfifo_skip(fifo) ((void)(fifo)->kfifo.out++) // One element less. ${KFIFO}
#define kfifo_put(fifo, val) ({ typeof(fifo) __of = (fifo); unsigned int __fits = !kfifo_is_full(__of); if (__fits) { ((typeof(&__of->buf[0]))__of->kfifo.data)[__of->kfifo.in & __of->kfifo.mask] = (val); __of->kfifo.in++; } __fits; }) // One element more; 0: there is no room. ${KFIFO}
#define kfifo_peek(fifo, val) ({ typeof(fifo) __of = (fifo); unsigned int __has = !kfifo_is_empty(__of); if (__has) *(val) = ((typeof(&__of->buf[0]))__of->kfifo.data)[__of->kfifo.out & __of->kfifo.mask]; __has; }) // The first element, which stays; 0: there is none. ${KFIFO}
#define kfifo_get(fifo, val) ({ unsigned int __took = kfifo_peek(fifo, val); if (__took) kfifo_skip(fifo); __took; }) // Takes the first element; 0: there is none. ${KFIFO}
${copying('kfifo_in(fifo, buf, n)', FREE, '__ring->in', '__ring->in += __n;', 'memcpy(RING, BUF, LEN);')} // Adds elements, as many as fit: how many. ${KFIFO}
${copying('kfifo_out_peek(fifo, buf, n)', USED, '__ring->out', '', 'memcpy(BUF, RING, LEN);')} // Copies the first elements, which stay: how many. ${KFIFO}
${copying('kfifo_out(fifo, buf, n)', USED, '__ring->out', '__ring->out += __n;', 'memcpy(BUF, RING, LEN);')} // Takes the first elements: how many. ${KFIFO}
${locked.join('\n')}
${user('kfifo_from_user', FREE, '__ring->in', 'in', '__bad |= copy_from_user(RING, BUF, LEN) != 0;', 'Adds bytes of a process; 0 or -EFAULT, and in *copied how many.')}
${user('kfifo_to_user', USED, '__ring->out', 'out', '__bad |= copy_to_user(BUF, RING, LEN) != 0;', 'Takes the first elements, for a process; 0 or -EFAULT, and in *copied how many bytes.')}
#define LLIST_HEAD_INIT(name) { NULL } // ${LLIST}
#define LLIST_HEAD(name) struct llist_head name = LLIST_HEAD_INIT(name) // A list that needs no lock. ${LLIST}
#define init_llist_head(list) ((void)((list)->first = NULL)) // ${LLIST}
#define llist_empty(head) ((head)->first == NULL) // ${LLIST}
#define llist_next(node) ((node)->next) // ${LLIST}
#define llist_entry(ptr, type, member) container_of(ptr, type, member) // ${LLIST}
#define llist_add(new, head) ({ struct llist_node *__node = (new); struct llist_head *__head = (head); struct llist_node *__was = __head->first; __node->next = __was; __head->first = __node; __was == NULL; }) // Adds a node at the beginning; whether the list was empty. ${LLIST}
#define llist_del_all(head) ({ struct llist_head *__head = (head); struct llist_node *__all = __head->first; __head->first = NULL; __all; }) // Takes all nodes. ${LLIST}
#define llist_del_first(head) ({ struct llist_head *__head = (head); struct llist_node *__got = __head->first; if (__got) __head->first = __got->next; __got; }) // ${LLIST}
#define llist_reverse_order(head) ({ struct llist_node *__rest = (head), *__turned = NULL; while (__rest) { struct llist_node *__one = __rest; __rest = __rest->next; __one->next = __turned; __turned = __one; } __turned; }) // ${LLIST}
#define llist_for_each(pos, node) for ((pos) = (node); pos; (pos) = (pos)->next) // ${LLIST}
#define llist_for_each_safe(pos, n, node) for ((pos) = (node); (pos) && ({ (n) = (pos)->next; 1; }); (pos) = (n)) // ${LLIST}
#define llist_for_each_entry(pos, node, member) for ((pos) = llist_entry((node), typeof(*(pos)), member); (void *)&(pos)->member != NULL; (pos) = llist_entry((pos)->member.next, typeof(*(pos)), member)) // ${LLIST}
#define llist_for_each_entry_safe(pos, n, node, member) for ((pos) = llist_entry((node), typeof(*(pos)), member); (void *)&(pos)->member != NULL && ({ (n) = llist_entry((pos)->member.next, typeof(*(n)), member); 1; }); (pos) = (n)) // ${LLIST}
#define NOTIFY_DONE 0x0000 // ${NOTIFIER}
#define NOTIFY_OK 0x0001 // ${NOTIFIER}
#define NOTIFY_STOP_MASK 0x8000 // ${NOTIFIER}
#define NOTIFY_BAD (NOTIFY_STOP_MASK | 0x0002) // ${NOTIFIER}
#define NOTIFY_STOP (NOTIFY_OK | NOTIFY_STOP_MASK) // ${NOTIFIER}
#define notifier_from_errno(err) ((err) ? NOTIFY_STOP_MASK | (NOTIFY_OK - (err)) : NOTIFY_OK) // ${NOTIFIER}
#define notifier_to_errno(ret) ({ int __told = (ret) & ~NOTIFY_STOP_MASK; __told > NOTIFY_OK ? NOTIFY_OK - __told : 0; }) // ${NOTIFIER}
#define __notifier_chain_register(at, nb) ({ typeof(&*(at)) __at = (at); struct notifier_block *__block = (nb); int __error = 0; while (*__at && !__error) { if (*__at == __block) __error = -EEXIST; else if (__block->priority > (*__at)->priority) break; else __at = &(*__at)->next; } if (!__error) { __block->next = *__at; *__at = __block; } __error; }) // kernel/notifier.h
#define __notifier_chain_unregister(at, nb) ({ typeof(&*(at)) __at = (at); struct notifier_block *__block = (nb); while (*__at && *__at != __block) __at = &(*__at)->next; int __error = *__at ? 0 : -ENOENT; if (!__error) *__at = __block->next; __error; }) // kernel/notifier.h
#define __notifier_call_chain(at, val, v) ({ struct notifier_block *__block = *(at); unsigned long __action = (val); void *__data = (v); int __ret = NOTIFY_DONE; while (__block) { struct notifier_block *__after = __block->next; __ret = __block->notifier_call(__block, __action, __data); if (__ret & NOTIFY_STOP_MASK) break; __block = __after; } __ret; }) // kernel/notifier.h
${HEADS.join('\n')}
#define DEFINE_RATELIMIT_STATE(name, interval_init, burst_init) struct ratelimit_state name = { .interval = (interval_init), .burst = (burst_init) } // So many messages in so many jiffies. ${RATELIMIT}
#define DEFAULT_RATELIMIT_INTERVAL (5 * HZ) // ${RATELIMIT}
#define DEFAULT_RATELIMIT_BURST 10 // ${RATELIMIT}
#define ratelimit_state_init(rs, interval_, burst_) do { struct ratelimit_state *__of = (rs); memset(__of, 0, sizeof(*__of)); __of->interval = (interval_); __of->burst = (burst_); } while (0) // ${RATELIMIT}
#define __ratelimit(state) ({ struct ratelimit_state *__of = (state); int __may = 1; if (__of->interval) { if (!__of->begin) __of->begin = jiffies; if (time_is_before_jiffies(__of->begin + __of->interval)) { __of->begin = jiffies; __of->printed = 0; __of->missed = 0; } if (__of->burst > __of->printed) __of->printed++; else { __of->missed++; __may = 0; } } __may; }) // Whether another message may be printed. ${RATELIMIT}
`;
