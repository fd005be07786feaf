/** What a scenario may be besides C: a module of the kernel, with its names; and what is said of it while it runs and where it ends. */
import assert from 'node:assert/strict';
import { loadProfile } from '../../src/engine/types/bundled.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { EndlessRun } from '../../src/cli/run/whereabouts.js';
import { compileScenario } from '../../src/scenario/index.js';
import { checkLog, log, machine, runToEnd } from './machines.js';
import { diagnosticLines } from './marked.js';

/** Findings of a text. */
function findings(text: string, build: ProfileName = 'x86_64-slub'): string[] {
  return diagnosticLines(text, compileScenario(text, loadProfile(build)).diagnostics);
}

describe('a scenario as a module', () => {
  const module = (result: string): string => `#include <linux/module.h>
MODULE_LICENSE("GPL"); MODULE_AUTHOR("x");
static int count = 3; module_param(count, int, 0444); MODULE_PARM_DESC(count, "how many");
static noinline int __init my_init(void) { struct page *p = alloc_page(GFP_KERNEL); if (!p) goto out; __free_page(p);
  pr_info("init %d", count); return ${result};
out: return -ENOMEM; }
static void __exit my_exit(void) { pr_info("exit"); }
module_init(my_init); module_exit(my_exit); EXPORT_SYMBOL_GPL(my_exit);`;

  it('is loaded and unloaded', () => {
    checkLog(module('0'), ['init 3', 'exit']);
    checkLog(module('-EINVAL'), ['init 3', 'FAILED my_init() returned -22']);
    // In the kernel's headers both have a semicolon of their own.
    checkLog(module('0').replaceAll(/(module_\w+\(\w+\));/g, '$1'), ['init 3', 'exit']);
  });

  it('that calls the C library is told what the kernel has instead; a program beside one is not', () => {
    const text =
      'static int __init demo(void) { void *p = malloc(4); free(p); assert(p); return 0; }\nmodule_init(demo);';
    assert.deepEqual(findings(text), [
      ...[
        ['1:42', 'malloc', 'kmalloc()'],
        ['1:53', 'free', 'kfree()'],
        ['1:62', 'assert(p)', 'BUG_ON() and WARN_ON()'],
      ].map(
        ([at, name, instead]) =>
          `${at} \`${name}\` warning bad-call: ${name?.replace('(p)', '')}() is of the C library, which modules of the kernel do not have: they have ${instead}`,
      ),
    ]);
    assert.deepEqual(findings(`${text}\nint main(void) { return 0; }`), []);
  });

  it('main() is called where nothing else is, and counts as failed by its result', () => {
    checkLog('int main(void) { pr_info("main"); return 0; }', ['main']);
    checkLog('int main(int argc, char **argv) { return argv[1] ? 2 : argc + 2; }', [
      'FAILED main() returned 3',
    ]);
    checkLog('int main(void) { pr_info("main"); return 0; }\npr_info("top");', ['top']);
    assert.deepEqual(findings('static int a; void f(void) { a++; }\nint g(int n) { return n; }'), [
      "1:20 `f` warning no-effect: nothing is called: a scenario runs its top-level statements, or main() if it has none; write f(); [Insert 'f();']",
    ]);
  });

  it('WARN_ON_ONCE warns once for each place, and again when its run is undone', () => {
    const text =
      'for (int i = 0; i < 3; i++) { WARN_ON_ONCE(i); pr_info_once("once"); }\nWARN_ON_ONCE(1);';
    checkLog(text, [
      'once',
      'WARNING: at test.mms:1: WARN_ON_ONCE(i)',
      'WARNING: at test.mms:2: WARN_ON_ONCE(1)',
    ]);
    const vm = machine(text);
    runToEnd(vm);
    const whole = log(vm);
    vm.tape.seek(vm.startPosition);
    runToEnd(vm);
    assert.deepEqual(log(vm), whole);
  });

  it('pr_cont goes on with an open line', () => {
    const vm = machine('pr_info("a:"); pr_cont(" 1"); pr_cont(" 2\\n"); pr_info("b\\n");');
    runToEnd(vm);
    const events = vm.tape.marksBetween(0, vm.tape.cursor + 1).map(({ event }) => event);
    assert.deepEqual(events, [
      { kind: 'printk', level: 6, text: 'a:', open: true },
      { kind: 'printk', level: 6, text: ' 1', continues: true, open: true },
      { kind: 'printk', level: 6, text: ' 2', continues: true },
      { kind: 'printk', level: 6, text: 'b' },
    ]);
  });
});

describe('what is wrong with a name', () => {
  it('Linux has it and scenarios do not; what they have for it', () => {
    assert.deepEqual(findings('kfree_rcu_mightsleep_not(1);'), [
      "1:1 `kfree_rcu_mightsleep_not` unknown-name: neither the scenario nor the kernel has a function 'kfree_rcu_mightsleep_not'",
    ]);
    assert.match(
      findings('ioremap_np(0, 1);').join(),
      /ioremap_np\(\) exists in Linux 6\.1 but is not available here: see .*ioremap_cache\(\)/,
    );
    assert.match(findings('int x = devm_clk_get;').join(), /neither|exists in Linux 6\.1/);
  });

  it('other builds have it: which', () => {
    const told = (text: string, build: ProfileName = 'x86_64-slub'): string =>
      findings(text, build)
        .map((finding) => finding.replace(/^.*?: /, ''))
        .join('; ');
    assert.equal(
      told('int x = LAST_PKMAP;'),
      "'LAST_PKMAP' is not in this kernel, x86_64-slub: i386-highmem4g-slub and i386-pae-slab have it",
    );
    assert.equal(
      told('unsigned long n = totalhigh_pages();'),
      "'_totalhigh_pages' is not in this kernel, x86_64-slub: i386-highmem4g-slub and i386-pae-slab have it",
    );
    assert.equal(
      told('struct kmem_cache *s; int n = s->gfporder;'),
      "'struct kmem_cache' has no member 'gfporder' in this kernel, x86_64-slub: i386-pae-slab and x86_64-slab have it",
    );
    assert.equal(
      told('struct kmem_cache_cpu *c;', 'x86_64-slab'),
      "'struct kmem_cache_cpu' is not in this kernel, x86_64-slab: i386-highmem4g-slub, x86_64-slub and x86_64-slub-smp have it",
    );
    assert.equal(
      told('struct page *p; struct page *q = p->first_page;'),
      "'struct page' has no member 'first_page' in this kernel, x86_64-slub: a machine with compound=head-tail or compound=compound-reclaim has it",
    );
    // A structure of the scenario's own is no kernel's.
    assert.match(
      told('struct page { int a; } p; int n = p.first_page;'),
      /has no member 'first_page'$/,
    );
  });

  it('a macro without its arguments, a keyword misspelt', () => {
    assert.deepEqual(findings('struct page *p = alloc_page; struct page *q = alloc_page();'), [
      "1:18 `alloc_page` unknown-name: 'alloc_page' is a macro: write alloc_page(gfp_mask)",
      "1:47 `alloc_page()` bad-macro: macro 'alloc_page' takes 1 argument, not 0",
    ]);
    assert.deepEqual(findings('whlie (0);').slice(0, 1), [
      "1:1 `whlie` unknown-name: 'whlie' is not a keyword (did you mean 'while'?) [Change to 'while']",
    ]);
    assert.match(findings('unsinged x;').join(), /did you mean 'unsigned'/);
  });

  it('an assignment where a truth is wanted', () =>
    assert.deepEqual(findings('int a; expect(a = 1); WARN_ON((a = 1));'), [
      "1:17 `=` warning conversion: '=' assigns: write '==' to compare [Change to '==']",
    ]));

  it('a file that is no text is said to be none, once', () => {
    assert.equal(findings('\0ELF').length, 1);
    assert.match(findings('a \ufffd b').join(), /is not a text in UTF-8/);
  });
});

describe('where a run is that does not end', () => {
  it('is said after some seconds, and again after twice as long', () => {
    const vm = machine('void spin(void)\n{\n  for (;;) ;\n}\nspin();');
    let nowMs = 0;
    const lines: string[] = [];
    const output = { out: () => undefined, err: (line: string) => void lines.push(line) };
    const watch = new EndlessRun(vm, 'spin.mms', output, () => nowMs);
    for (let i = 1; i <= 4096 * 8; i++) {
      vm.runStatement();
      if (i % 4096 === 0) nowMs += 1000;
      watch.passed();
    }
    assert.deepEqual(lines, [
      'spin.mms:3:3: note: still running after 3 s and 12,288 statements; task main is here',
      '  in spin() at spin.mms:3:3',
      '  in main at spin.mms:5:1',
      'spin.mms:3:3: note: still running after 6 s and 24,576 statements; task main is here',
      '  in spin() at spin.mms:3:3',
      '  in main at spin.mms:5:1',
    ]);
  });
});

describe('where a task died', () => {
  it('the place and the calls that led there', () => {
    const vm = machine(
      'unsigned long flags(struct page *p)\n{\n  return p->flags;\n}\nint one(void) { return 1; }\npr_info("%d", one() + (int)flags(0));',
    );
    const [died] = runToEnd(vm).filter(({ kind }) => kind === 'failed');
    assert.ok(died?.kind === 'failed');
    const { sources } = vm.program;
    assert.equal(sources.textAt(died.span), 'return p->flags;');
    assert.deepEqual(
      vm.frames(0).map((frame) => `${frame.function.name}:${frame.location.line}`),
      ['flags:3', 'main:6'],
    );
  });

  it('after a call has returned, and in a builtin', () => {
    const vm = machine('int one(void) { return 1; }\nint x = one() + *(int *)0;');
    const [died] = runToEnd(vm).filter(({ kind }) => kind === 'failed');
    assert.ok(died?.kind === 'failed');
    assert.equal(vm.program.sources.position(died.span.start).line, 2);
    const other = machine('int n = 1 +\n  strlen(NULL);');
    const [second] = runToEnd(other).filter(({ kind }) => kind === 'failed');
    assert.ok(second?.kind === 'failed');
    assert.equal(other.program.sources.textAt(second.span), 'strlen(NULL)');
  });
});

describe('small names of the kernel', () => {
  it('numbers', () =>
    checkLog(
      `pr_info("%d %d %d %d", roundup(10, 4), rounddown(10, 4), round_up(10, 8), round_down(15, 8));
       pr_info("%d %d %d %lu %lu", ilog2(64), order_base_2(65), is_power_of_2(64), roundup_pow_of_two(33), rounddown_pow_of_two(33));
       pr_info("%lx %llx %llx", GENMASK(7, 4), GENMASK_ULL(39, 32), BIT_ULL(40));
       pr_info("%d %d %d %d %d", fls(0x80), ffs(8), (int)__ffs(16), fls64(1ULL << 40), hweight32(0xff));
       pr_info("%d %d %d %d", DIV_ROUND_CLOSEST(7, 2), min3(3, 1, 2), max3(3, 1, 2), clamp_t(int, 9, 1, 5));
       pr_info("%x %x %d %d", upper_32_bits(0x123456789ULL), lower_32_bits(0x123456789ULL), abs(-3), FIELD_GET(0xf0, 0xa5) | FIELD_PREP(0xf00, 3));
       pr_info("%llu %d %u", U64_MAX, S8_MIN, SZ_64K); int table[ilog2(SZ_4K)]; pr_info("%zu", ARRAY_SIZE(table));
       pr_info("%x %llx %d", swab32(0x01020304), swab64(1), -ETIMEDOUT); u64 n = 1000000000007ULL; u32 rest = do_div(n, 10); pr_info("%llu %u", n, rest);`,
      [
        '12 8 16 8',
        '6 7 1 64 32',
        'f0 ff00000000 10000000000',
        '8 4 4 41 8',
        '4 1 3 5',
        '1 23456789 3 778',
        '18446744073709551615 -128 65536',
        '12',
        '4030201 100000000000000 -110',
        '100000000000 7',
      ],
    ));

  it('structs, lists, strings', () =>
    checkLog(
      `struct item { int n; struct list_head link; char tail[4]; } a = { 1 }, b = { 2 }, c = { 3 }, *pos, *n;
       LIST_HEAD(one); LIST_HEAD(two);
       list_add_tail(&a.link, &one); list_add_tail(&b.link, &one); list_move(&b.link, &two); list_replace(&b.link, &c.link);
       list_splice_init(&two, &one); list_for_each_entry(pos, &one, link) pr_info("%d", pos->n);
       pr_info("%d %d %d", list_empty(&two), list_is_last(&a.link, &one), list_is_singular(&one));
       list_for_each_entry_safe(pos, n, &one, link) list_del_init(&pos->link); pr_info("%d %d", list_empty(&one), list_empty(&a.link));
       struct node { int v; struct hlist_node h; } x = { 7 }, y = { 8 }, *i; HLIST_HEAD(head);
       hlist_add_head(&x.h, &head); hlist_add_behind(&y.h, &x.h); hlist_for_each_entry(i, &head, h) pr_info("%d", i->v);
       hlist_del_init(&x.h); pr_info("%d %d", hlist_unhashed(&x.h), hlist_entry(head.first, struct node, h)->v);
       char s[16]; strcpy(s, "abc"); strcat(s, "def"); pr_info("%s %d %s %s", s, strncmp(s, "abx", 2), strchr(s, 'c'), strstr(s, "ef"));
       pr_info("%zu %zu %d", offsetofend(struct item, n), sizeof_field(struct item, tail), memchr(s, 'e', 6) == s + 4);`,
      ['3', '1', '1 1 0', '1 1', '7', '8', '1 8', 'abcdef 0 cdef ef', '4 4 1'],
    ));

  it('orders of any size', () => {
    const text =
      'pr_info("%d %d %d", get_order(1), get_order(4097), get_order(0)); pr_info("%px", alloc_pages_exact(-1UL, GFP_KERNEL));';
    checkLog(text, ['0 1 52', '0000000000000000'], ['x86_64-slub']);
    checkLog(text, ['0 1 20', '00000000'], ['i386-highmem4g-slub']);
    checkLog(
      'pr_info("%d %d %d", get_order((1UL << 54) + 1), get_order(1UL << 63), get_order(-1UL));',
      ['43 51 52'],
      ['x86_64-slub'],
    );
  });

  it('an uninitialised list faults where the kernel would', () => {
    const vm = machine('struct list_head head, entry; list_move(&entry, &head);');
    runToEnd(vm);
    assert.deepEqual(
      log(vm).map((line) => line.trimEnd()),
      [
        'BUG: kernel NULL pointer dereference, address: 0000000000000008',
        '#PF: supervisor write access in kernel mode',
        '#PF: error_code(0x0002) - not-present page',
        'PGD 0 P4D 0',
      ],
    );
  });
});
