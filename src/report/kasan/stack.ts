/** Frames of a printed call trace, and the one among them that a reader looks for: who asked, below the allocator's own functions. */

export interface Frame {
  /** As it is printed, without address and place in a source: `foo_open+0x1c/0x90 [foo]`. */
  readonly text: string;
  readonly name: string;
  /** Printed with a question mark: found on the stack, and maybe not part of the calls. */
  readonly isGuess: boolean;
}

const FRAME =
  /^\s*(?:\[<[0-9a-f]+>\]\s*)?(\?\s+)?(?:\(?\[?<[0-9a-f]+>\]?\)?\s*)?([A-Za-z_][\w.$]*)(\+0x[0-9a-f]+\/0x[0-9a-f]+)?(?:\s+(\[[\w -]+\]))?(?:\s+\(?[\w./-]+\.[chS]:\d+.*)?$/;

export function frameOf(text: string): Frame | undefined {
  const found = FRAME.exec(text);
  const [, guess, name, offset, module] = found ?? [];
  if (name === undefined || (offset === undefined && !/\.[chS]:\d+/.test(text))) return undefined;
  const isModule = module !== undefined && module !== '[inline]';
  return {
    text: `${name}${offset ?? ''}${isModule ? ` ${module}` : ''}`,
    name: name.replace(/\.(?:isra|constprop|part|cold|llvm)\b.*$/, ''),
    isGuess: guess !== undefined,
  };
}

/** What allocates, frees and checks by order of somebody else. */
const ALLOCATOR =
  /^(?:_*(?:stack_trace_save|save_stack|set_track|kasan|asan|hwasan|kfence)\w*|_*(?:kmalloc|kzalloc|kcalloc|kvmalloc|kvzalloc|krealloc|kfree|kvfree|kfree_sensitive|kzfree|kmem_cache|kmemdup|kstrdup|kstrndup|memdup|strndup|vmalloc|vzalloc|vfree)\w*|_*(?:slab|slub|do_slab|do_kmalloc|poison_slab|poison_kmalloc|unpoison_slab|cache_free|cache_alloc|qlist|quarantine|instrument|test_alloc)\w*|_*(?:alloc_pages|free_pages|get_free_pages)\w*|post_alloc_hook|get_page_from_freelist|prep_new_page|free_unref_\w+|free_pcp_\w+|dump_stack\w*|print_\w+|check_(?:region|memory_region)\w*|end_report|show_stack|dump_backtrace|unwind_backtrace|__dump_stack)$/;

/** Helpers that touch memory that their caller gives them. */
const HELPER =
  /^_*(?:(?:arch_|raw_|local_|instrument_)?(?:atomic|refcount|kref|list|hlist|rb|mem(?:cpy|set|move|cmp|chr)|str(?:n?len|n?cpy|scpy|lcpy|cmp|ncmp|cat|chr)|copy_(?:from|to)_user|test_bit|test_and|set_bit|clear_bit|read_once|READ_ONCE)\w*|lock_acquire|mutex_lock\w*|mutex_unlock\w*|mutex_optimistic\w*|osq_\w+|do_raw_\w+|_?raw_\w*(?:spin|read|write)_\w*lock\w*|queued_\w+|native_queued\w*|debug_spin\w*|__lock_acquire|lockdep\w*|down_\w+|up_\w+|rwsem_\w+|refcount_\w+|kobject_(?:get|put)|put_device|get_device|skb_\w*put|do_mem_abort|do_\w*fault|el1_\w+|el1h_\w+|die|__die|__do_kernel_fault|ex_handler\w*|asm_exc_\w+|exc_\w+|page_fault|general_protection)$/;

/** A module may have functions of such names, and is never the allocator. */
const isAllocator = ({ name, text }: Frame): boolean => ALLOCATOR.test(name) && !text.endsWith(']');

export const ownerOf = (frames: readonly Frame[]): Frame | undefined =>
  frames.find((frame) => !frame.isGuess && !isAllocator(frame));

/** The first function that is neither the checker's nor a helper. */
export const userOf = (frames: readonly Frame[]): Frame | undefined =>
  frames.find((frame) => !frame.isGuess && !isAllocator(frame) && !HELPER.test(frame.name));

/** What let an object go later than the code that asked for it. */
export const isDeferred = (frames: readonly Frame[]): 'rcu' | 'work' | undefined => {
  if (frames.some(({ name }) => /^(?:rcu_do_batch|rcu_core|rcu_process_callbacks)/.test(name)))
    return 'rcu';
  return frames.some(({ name }) => name === 'process_one_work') ? 'work' : undefined;
};
