/**
 * Lines that a mail or a terminal has broken: the first lines of reports, which tell most, rows of numbers, raw words. Only what cannot
 * stand alone is joined with what can only go on with it; the zones of memory information are put together where they are read
 * (allocation/memInfo.ts).
 */

interface Joint {
  /** A line that is not whole. */
  readonly before: RegExp;
  /** How it goes on. */
  readonly after: RegExp;
}

const JOINTS: readonly Joint[] = [
  { before: /\binvoked oom-killer:?$/, after: /^gfp_mask=/ },
  {
    before: /\bpage allocation (?:failure|stalls for \d+ms)(?!.*\bmode:)/,
    after: /^(?:order:\s?\d+, ?)?mode:\s?0x/,
  },
  { before: /\b(?:gfp_)?m(?:ode:|ask=)\s?0x[0-9a-f]+\([A-Z_|a-z]*$/, after: /^[A-Za-z_|]+\)/ },
  {
    before:
      /(?:[Uu]nable to handle|NULL pointer dereference|general protection fault).*\b(?:kernel|paging|request|read|write|access|at|virtual|for|address):?$/i,
    after: /^(?:(?:paging|request|at|virtual|for|address)[:,]?\s+)*(?:0x)?[0-9a-f]{8,16}\b/,
  },
  {
    before: /^Node \d+, zone\s+\w+(?:, type\s+\w+)?(?:\s+>?\d+){3,10}$/,
    after: /^(?:>?\d+\s+)*>?\d+$/,
  },
  { before: /\bBUG: Bad page (?:state|cache) in process \S.{0,40}$/, after: /^pfn:/ },
  {
    before: /\bBUG: Bad page map in process (?!.*pmd:)\S.{0,60}$/,
    after: /^(?:(?:\S{1,16}\s+)?pte:[0-9a-f]+\s+)?pmd:/,
  },
  {
    before: /^page:(?!.*pfn:)\S*\s.*\b(?:count|mapcount|mapping|index):\S*$/,
    after: /^(?:mapcount|mapping|index|pfn):/,
  },
  {
    before: /^(?:raw|head):(?: [0-9a-f]{16}){1,3}$/i,
    after: /^[0-9a-f]{16}(?: [0-9a-f]{16}){0,2}$/,
  },
  { before: /^(?:raw|head):(?: [0-9a-f]{8}){1,7}$/i, after: /^[0-9a-f]{8}(?: [0-9a-f]{8}){0,6}$/ },
  { before: /\bflags: ?(?:0x)?[0-9a-f]{8,16}$/, after: /^\([\w|=()-]*\)/ },
  {
    before: /\bBUG \S.* \((?:Not tainted|Tainted[^)]*)\):(?: [A-Z]\w+)?$/,
    after: /^[A-Za-z][a-z ]*(?:overwritten|free|freed|remaining.*|pointer.*|corrupt\w*)$/,
  },
  {
    before:
      /^INFO: 0x[0-9a-f]+-0x[0-9a-f]+(?: @offset=\d+)?\.(?: First(?: byte(?: 0x[0-9a-f]+)?)?)?$/,
    after: /^(?:First )?(?:byte )?(?:0x[0-9a-f]+ )?instead of 0x/,
  },
  { before: /^INFO: (?:Allocated|Freed) in$/, after: /^\S+\+0x[0-9a-f]+\/0x/ },
  { before: /^INFO: Slab 0x[0-9a-f]+ .*\b(?:used=\d+|fp=\S+)$/, after: /^(?:fp=|flags=)/ },
  { before: /^INFO: Object 0x[0-9a-f]+ @offset=\d+$/, after: /^fp=/ },
  {
    before: /^(?:Object|Redzone|Padding) [0-9a-f]{8,16}:(?: [0-9a-f]{2}){1,15}$/,
    after: /^(?:[0-9a-f]{2} ){1,15}/,
  },
  { before: /\b(?:Not tainted|Tainted:(?: [A-Z])+)$/, after: /^\(?\d{1,2}\.\d{1,3}[.\-\w+]*/ },
  { before: /\bBUG: KASAN: [a-z -]+ in$/, after: /^[A-Za-z_]\S*/ },
  { before: /\bBUG: KASAN: .*\([^)]*$/, after: /^[^()]*\)$/ },
  {
    before: /^(?:Read|Write) of size \d+ at addr(?: [0-9a-f]{8,16}(?: by(?: task)?)?)?$/,
    after: /^(?:[0-9a-f]{8,16} )?(?:by )?(?:task )?\S.{0,30}\/\d+$/,
  },
  { before: /\bvmalloc$/, after: /^error: size \d/ },
  { before: /\bvmalloc error:(?!.*\bmode:)/, after: /^(?:page order|failed to|mode:)/ },
  { before: /\bmode:0x[0-9a-f]+\([^)]*\),$/, after: /^nodemask=/ },
  { before: /^lowmem_reserve\[\]:(?:\s\d+){1,4}$/, after: /^\d+(?:\s\d+){0,3}$/ },
  { before: /\bcma_alloc: .*\bret:$/, after: /^-?\d+$/ },
];

/** Joins in place: what has been joined to a line before it is left out. */
export function unwrapped<Line extends { readonly text: string }>(lines: readonly Line[]): Line[] {
  const whole: Line[] = [];
  for (const line of lines) {
    const last = whole.at(-1);
    const [before, after] = [last?.text.trim() ?? '', line.text.trim()];
    const goesOn =
      before !== '' &&
      after !== '' &&
      JOINTS.some((joint) => joint.after.test(after) && joint.before.test(before));
    if (last && goesOn) whole[whole.length - 1] = { ...last, text: `${last.text} ${after}` };
    else whole.push(line);
  }
  return whole;
}
