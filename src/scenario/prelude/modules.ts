/** What modules say about themselves, check while they are compiled, and print; types, structs and lists. */
const PASSED_OVER = [
  ...['MODULE_LICENSE(license)', 'MODULE_AUTHOR(author)', 'MODULE_DESCRIPTION(text)'],
  ...['MODULE_VERSION(version)', 'MODULE_ALIAS(alias)', 'MODULE_INFO(tag, info)'],
  ...['MODULE_SOFTDEP(dep)', 'MODULE_FIRMWARE(name)', 'MODULE_IMPORT_NS(ns)'],
  ...['MODULE_DEVICE_TABLE(type, name)'],
]
  .map(
    (macro) =>
      `#define ${macro} // Says something about a module; nothing here. include/linux/module.h`,
  )
  .concat(
    [
      'EXPORT_SYMBOL(sym)',
      'EXPORT_SYMBOL_GPL(sym)',
      'EXPORT_SYMBOL_NS(sym, ns)',
      'EXPORT_SYMBOL_NS_GPL(sym, ns)',
    ].map((macro) => `#define ${macro} // Every name is visible here. include/linux/export.h`),
    [
      'module_param(name, type, perm)',
      'module_param_named(name, value, type, perm)',
      'module_param_array(name, type, nump, perm)',
      'module_param_string(name, string, len, perm)',
      'MODULE_PARM_DESC(parm, desc)',
    ].map(
      (macro) =>
        `#define ${macro} // A parameter keeps the value that the text gives it. include/linux/moduleparam.h`,
    ),
  );

const ONCE = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'].flatMap(
  (level) => [
    `#define pr_${level}_once(fmt, ...) do { if (__once()) pr_${level}(fmt, ##__VA_ARGS__); } while (0) // Like pr_${level}(), but each place prints only once. include/linux/printk.h`,
    `#define pr_${level}_ratelimited(fmt, ...) pr_${level}(fmt, ##__VA_ARGS__) // Like pr_${level}(): time stands still here. include/linux/printk.h`,
  ],
);

export const MODULES = String.raw`
${PASSED_OVER.join('\n')}
${ONCE.join('\n')}
#define THIS_MODULE ((struct module *)0) // include/linux/export.h
#define printk_once(fmt, ...) do { if (__once()) printk(fmt, ##__VA_ARGS__); } while (0) // include/linux/printk.h
#define printk_ratelimited(fmt, ...) printk(fmt, ##__VA_ARGS__) // include/linux/ratelimit.h
#define pr_warning(fmt, ...) pr_warn(fmt, ##__VA_ARGS__) // The name of pr_warn() before Linux 5.6. include/linux/printk.h
#define pr_devel(fmt, ...) do { } while (0) // Prints only where DEBUG is defined. include/linux/printk.h
#define no_printk(fmt, ...) 0 // include/linux/printk.h
#define static_assert(expr, ...) _Static_assert(expr, ##__VA_ARGS__) // include/linux/build_bug.h
#define BUILD_BUG_ON(condition) do { _Static_assert(!(condition), "BUILD_BUG_ON failed: " #condition); } while (0) // include/linux/build_bug.h
#define BUILD_BUG_ON_MSG(condition, msg) do { _Static_assert(!(condition), msg); } while (0) // include/linux/build_bug.h
#define BUILD_BUG_ON_ZERO(e) (0 * (int)sizeof(char[1 - 2 * !!(e)])) // include/linux/build_bug.h
#define BUILD_BUG_ON_NOT_POWER_OF_2(n) BUILD_BUG_ON((n) == 0 || (((n) & ((n) - 1)) != 0)) // include/linux/build_bug.h
#define BUILD_BUG() BUILD_BUG_ON_MSG(1, "BUILD_BUG failed") // include/linux/build_bug.h
#define sizeof_field(TYPE, MEMBER) sizeof((((TYPE *)0)->MEMBER)) // include/linux/stddef.h
#define offsetofend(TYPE, MEMBER) (offsetof(TYPE, MEMBER) + sizeof_field(TYPE, MEMBER)) // include/linux/stddef.h
#define typeof_member(T, m) typeof(((T *)0)->m) // include/linux/container_of.h
#define struct_size(p, member, count) (sizeof(*(p)) + sizeof((p)->member[0]) * (count)) // include/linux/overflow.h
#define flex_array_size(p, member, count) (sizeof((p)->member[0]) * (count)) // include/linux/overflow.h
#define array_size(a, b) ((size_t)(a) * (size_t)(b)) // include/linux/overflow.h
#define ERR_CAST(ptr) ((void *)(ptr)) // An error pointer of another type. include/linux/err.h
#define POISON_POINTER_DELTA ((unsigned long)LIST_POISON1 - 0x100) // include/linux/poison.h
#define LIST_HEAD_INIT(name) { &(name), &(name) } // include/linux/list.h
#define list_first_entry_or_null(ptr, type, member) ((ptr)->next != (ptr) ? list_entry((ptr)->next, type, member) : NULL) // include/linux/list.h
#define list_entry_is_head(pos, head, member) (&pos->member == (head)) // include/linux/list.h
#define list_for_each_prev(pos, head) for (pos = (head)->prev; pos != (head); pos = pos->prev) // include/linux/list.h
#define list_for_each_safe(pos, n, head) for (pos = (head)->next, n = pos->next; pos != (head); pos = n, n = pos->next) // include/linux/list.h
#define list_for_each_entry_continue(pos, head, member) for (pos = list_next_entry(pos, member); &pos->member != (head); pos = list_next_entry(pos, member)) // include/linux/list.h
#define list_for_each_entry_from(pos, head, member) for (; &pos->member != (head); pos = list_next_entry(pos, member)) // include/linux/list.h
#define list_for_each_entry_safe_reverse(pos, n, head, member) for (pos = list_last_entry(head, typeof(*pos), member), n = list_prev_entry(pos, member); &pos->member != (head); pos = n, n = list_prev_entry(n, member)) // include/linux/list.h
#define HLIST_HEAD_INIT { .first = NULL } // include/linux/list.h
#define HLIST_HEAD(name) struct hlist_head name = { .first = NULL } // include/linux/list.h
#define INIT_HLIST_HEAD(ptr) ((ptr)->first = NULL) // include/linux/list.h
#define hlist_entry(ptr, type, member) container_of(ptr, type, member) // include/linux/list.h
#define hlist_entry_safe(ptr, type, member) ({ typeof(ptr) __node = (ptr); __node ? hlist_entry(__node, type, member) : NULL; }) // include/linux/list.h
#define hlist_for_each(pos, head) for (pos = (head)->first; pos; pos = pos->next) // include/linux/list.h
#define hlist_for_each_safe(pos, n, head) for (pos = (head)->first; pos && ({ n = pos->next; 1; }); pos = n) // include/linux/list.h
#define hlist_for_each_entry(pos, head, member) for (pos = hlist_entry_safe((head)->first, typeof(*(pos)), member); pos; pos = hlist_entry_safe((pos)->member.next, typeof(*(pos)), member)) // include/linux/list.h
#define DMA_BIDIRECTIONAL 0 // include/linux/dma-direction.h
#define DMA_TO_DEVICE 1 // include/linux/dma-direction.h
#define DMA_FROM_DEVICE 2 // include/linux/dma-direction.h
#define DMA_NONE 3 // include/linux/dma-direction.h
#define DMA_BIT_MASK(n) (((n) == 64) ? ~0ULL : ((1ULL << (n)) - 1)) // include/linux/dma-mapping.h
`;
