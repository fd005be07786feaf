/** Shrinkers and the lists of unused objects that they work on, as far as their headers are C themselves. */
const SHRINKER = 'include/linux/shrinker.h';
const LRU = 'include/linux/list_lru.h';

export const SHRINKERS = String.raw`
#define DEFAULT_SEEKS 2 // How much it costs to have an object again; 0: nothing. ${SHRINKER}
#define SHRINK_STOP (~0UL) // What scan_objects() returns if it can do nothing now. ${SHRINKER}
#define SHRINK_EMPTY (~0UL - 1) // What count_objects() returns if there is nothing. ${SHRINKER}
#define SHRINKER_REGISTERED (1 << 0) // Set by the kernel. ${SHRINKER}
#define SHRINKER_NUMA_AWARE (1 << 1) // It looks at the node; there is one. ${SHRINKER}
#define SHRINKER_MEMCG_AWARE (1 << 2) // It looks at control groups; no build here has them. ${SHRINKER}
#define SHRINKER_NONSLAB (1 << 3) // ${SHRINKER}
#define list_lru_init(lru) __list_lru_init((lru), false, NULL, NULL) // An empty list. 0 or -ENOMEM. ${LRU}
#define list_lru_init_key(lru, key) __list_lru_init((lru), false, (key), NULL) // ${LRU}
#define list_lru_init_memcg(lru, shrinker) __list_lru_init((lru), true, NULL, (shrinker)) // ${LRU}
#define list_lru_count(lru) list_lru_count_node((lru), 0) // How many items there are, on all nodes. ${LRU}
#define list_lru_shrink_count(lru, sc) ({ struct shrink_control *__control = (sc); list_lru_count_one((lru), __control->nid, __control->memcg); }) // For count_objects(). ${LRU}
#define list_lru_shrink_walk(lru, sc, isolate, cb_arg) ({ struct shrink_control *__control = (sc); list_lru_walk_one((lru), __control->nid, __control->memcg, (isolate), (cb_arg), &__control->nr_to_scan); }) // For scan_objects(): asks isolate about sc->nr_to_scan items; how many it has taken. ${LRU}
#define list_lru_shrink_walk_irq(lru, sc, isolate, cb_arg) ({ struct shrink_control *__control = (sc); list_lru_walk_one_irq((lru), __control->nid, __control->memcg, (isolate), (cb_arg), &__control->nr_to_scan); }) // The same, with interrupts off. ${LRU}
#define list_lru_walk(lru, isolate, cb_arg, nr) ({ unsigned long __to_walk = (nr); list_lru_walk_node((lru), 0, (isolate), (cb_arg), &__to_walk); }) // Asks isolate about so many items; how many it has taken. ${LRU}
`;
