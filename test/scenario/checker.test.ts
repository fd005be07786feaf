import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { loadProfile } from '../../src/engine/types/bundled.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import {
  allBuiltins,
  compileScenario,
  machineKeys,
  preludeDocs,
} from '../../src/scenario/index.js';
import { preludeMacros } from '../../src/scenario/prelude.js';
import { builtinType } from '../../src/scenario/semantics/signatures.js';
import { PROFILE_NAMES } from '../../src/engine/types/bundled.js';
import { diagnosticLines } from './marked.js';

/** Findings of a script; those that only say that a statement does nothing are left out. */
function check(text: string, expected: readonly string[], profile: ProfileName = 'x86_64-slub') {
  const { diagnostics } = compileScenario(text, loadProfile(profile));
  const said = diagnostics.filter(({ code }) => code !== 'no-effect');
  assert.deepEqual(diagnosticLines(text, said), expected, text);
}

const fine = (text: string, profile?: ProfileName) => check(text, [], profile);

describe('checker: names', function () {
  it('suggests what was meant, for functions, constants, types and members', () => {
    check(
      'struct page *page = aloc_pages(GFP_KERNEL, 2);\nexpect(PageHaed(page));\nint x = GFP_KERNAL;',
      [
        "1:21 `aloc_pages` unknown-name: neither the scenario nor the kernel has a function 'aloc_pages' (did you mean 'alloc_pages'?) [Change to 'alloc_pages']",
        "2:8 `PageHaed` unknown-name: neither the scenario nor the kernel has a function 'PageHaed' (did you mean 'PageHead'?) [Change to 'PageHead']",
        "3:9 `GFP_KERNAL` unknown-name: neither the scenario nor the kernel has 'GFP_KERNAL' (did you mean 'GFP_KERNEL'?) [Change to 'GFP_KERNEL']",
      ],
    );
    check('struct pgae *p; p->flags = 1;', [
      "1:1 `struct pgae` warning unknown-type: neither the scenario nor the kernel has 'struct pgae' (did you mean 'page'?) [Change to 'struct page']",
      "1:20 `flags` incomplete-type: the members of 'struct pgae' are not known here",
    ]);
    check('page *p; foo_t x; u23 y;', [
      "1:1 `page` unknown-type: 'page' is a struct: write 'struct page' [Change to 'struct page']",
      "1:10 `foo_t` unknown-type: unknown type 'foo_t'",
      "1:19 `u23` unknown-type: unknown type 'u23' (did you mean 'u32'?) [Change to 'u32']",
    ]);
    check('struct page *p; p->flgas; p->lru->next; p.flags;', [
      "1:20 `flgas` unknown-member: 'struct page' has no member 'flgas' (did you mean 'flags'?) [Change to 'flags']",
      "1:27 `p->lru->next` type-mismatch: 'struct list_head' is a struct: use '.' for its members [Change to '.']",
      "1:41 `p.flags` type-mismatch: 'struct page *' is a pointer: use '->' for its members [Change to '->']",
    ]);
  });

  it('knows the kernel: types, variables, enumerators, constants, macros', () => {
    fine(
      'int m = MIGRATE_MOVABLE; gfp_t g = GFP_KERNEL | __GFP_COMP; unsigned long o = PAGE_OFFSET;' +
        'struct zone *z = &contig_page_data.node_zones[ZONE_NORMAL]; u64 x = PAGE_SIZE << 1;' +
        'void *poison = LIST_POISON1; int e = -ENOMEM; struct page *n = NULL;',
    );
    fine('struct page *p = mem_map; int z = ZONE_HIGHMEM;', 'i386-highmem4g-slub');
  });

  it('once said, nothing follows from it', () => {
    check('foo_t *p = nowhere(); p->x.y[3] += q * 2; f(p, *p, &p->z);', [
      "1:1 `foo_t` unknown-type: unknown type 'foo_t'",
      "1:12 `nowhere` unknown-name: neither the scenario nor the kernel has a function 'nowhere'",
      "1:36 `q` unknown-name: neither the scenario nor the kernel has 'q'",
      "1:43 `f` unknown-name: neither the scenario nor the kernel has a function 'f'",
    ]);
  });

  it('scopes', () => {
    check(
      'int a = 1; int a = 2; int f(int b) { int b; { int b; } return b; }\nint f(int b) { return b; }',
      [
        "1:16 `a` redefined: 'a' is defined twice",
        "1:42 `b` redefined: 'b' is defined twice",
        "2:5 `f` redefined: 'f' is defined twice",
      ],
    );
    fine('{ int a = 1; { int a = 2; } } for (int i = 0; i < 2; i++) { int i = 5; }');
    fine(
      'int x = later(3); int later(int n) { return n < 1 ? 0 : other(n - 1); } int other(int n) { return later(n); }',
    );
    check('{ int a; } a = 1;', [
      "1:12 `a` unknown-name: neither the scenario nor the kernel has 'a'",
    ]);
    check('int f(int); f(1);', ["1:13 `f` unknown-name: 'f' is declared but never defined"]);
  });
});

describe('checker: types', function () {
  it('pointers and integers mix as gcc lets them, with a warning', () => {
    check(
      'struct zone *z = NULL; struct page *q = z; int i = z; z = 5; z = 0; bool b = z; void *v = z; q = v;',
      [
        "1:41 `z` warning conversion: initializer: expected 'struct page *', not 'struct zone *'",
        "1:52 `z` warning conversion: initializer: expected 'int', not a pointer ('struct zone *')",
        "1:59 `5` warning conversion: assignment: expected 'struct zone *', not an integer ('int')",
      ],
    );
    check('struct zone *z; struct page *q; z == q; z == 3; z == NULL; z == (void *)q; z < z;', [
      "1:33 `z == q` warning conversion: comparison of different pointer types: 'struct zone *' and 'struct page *'",
      "1:41 `z == 3` warning conversion: comparison of a pointer with an integer: 'struct zone *' and 'int'",
    ]);
    check('(int)(void *)mem_section; (char)3; (void *)(char)1; (struct page)1;', [
      "1:1 `(int)(void *)mem_section` warning conversion: cast between a pointer and 'int', which has a different size",
      "1:53 `(struct page)1` type-mismatch: cannot cast 'int' to 'struct page'",
    ]);
  });

  it('operators that cannot take their operands', () => {
    check('int a; a * &a; &a + &a; -&a; *a; a[1]; a(); struct list_head l; l + l; if (l) ; !l;', [
      "1:8 `a * &a` type-mismatch: '*' cannot be applied to 'int' and 'int *'",
      "1:16 `&a + &a` type-mismatch: '+' cannot be applied to 'int *' and 'int *'",
      "1:25 `-&a` type-mismatch: unary '-' cannot be applied to 'int *'",
      "1:30 `*a` type-mismatch: '*' needs a pointer, not 'int'",
      "1:34 `a[1]` type-mismatch: '[]' cannot be applied to 'int' and 'int'",
      "1:40 `a` bad-call: a value of type 'int' cannot be called: it is not a function",
      "1:65 `l + l` type-mismatch: '+' cannot be applied to 'struct list_head' and 'struct list_head'",
      "1:76 `l` type-mismatch: a condition must be a number or a pointer, not 'struct list_head'",
      "1:81 `!l` type-mismatch: a condition must be a number or a pointer, not 'struct list_head'",
    ]);
    check('void *v; *v; v->x; v[0]; v + 1; struct page *p = v; struct zone *z; p - z;', [
      "1:10 `*v` type-mismatch: '*' cannot be applied to a 'void *': cast it to the type it points to",
      "1:14 `v->x` type-mismatch: '->' cannot be applied to a 'void *': cast it to the type it points to",
      "1:20 `v[0]` type-mismatch: '[]' cannot be applied to a 'void *': cast it to the type it points to",
      "1:69 `p - z` type-mismatch: '-' cannot be applied to 'struct page *' and 'struct zone *'",
    ]);
  });

  it('only objects are assigned to', () => {
    check(
      'int a; 3 = a; a++ = 2; &3; "abc" = 0; struct { int b : 3; } s; &s.b; int f(void) { return 1; } f = 0;',
      [
        '1:8 `3` not-lvalue: only an object can be assigned to, and this is a value',
        '1:15 `a++` not-lvalue: only an object can be assigned to, and this is a value',
        "1:24 `&3` not-lvalue: '&' needs an object, and this is only a value",
        '1:28 `"abc"` not-lvalue: an object of type \'char [4]\' cannot be assigned to',
        '1:64 `&s.b` not-lvalue: a bit-field has no address',
        '1:96 `f` not-lvalue: only an object can be assigned to, and this is a value',
      ],
    );
  });

  it('constants that do not fit', () => {
    check(
      'unsigned char c = 300; int i = 0x1ffffffff; u8 e = -1; u32 u = -1; 1 << 40; 1 / 0; 1L << 63;',
      [
        "1:19 `300` warning overflow: 300 does not fit in 'unsigned char' and becomes 44",
        "1:32 `0x1ffffffff` warning overflow: 8589934591 does not fit in 'int' and becomes -1",
        "1:68 `1 << 40` warning overflow: a shift by 40 is out of range for 'int', which has 32 bits",
        '1:77 `1 / 0` warning overflow: division by zero',
      ],
    );
    check(
      '1L << 40;',
      [
        "1:1 `1L << 40` warning overflow: a shift by 40 is out of range for 'long', which has 32 bits",
      ],
      'i386-highmem4g-slub',
    );
    check('contig_page_data.node_zones[4]; int a[3]; a[3]; a[-1]; a[2];', [
      "1:29 `4` warning overflow: index 4 is outside 'struct zone [4]'",
      "1:45 `3` warning overflow: index 3 is outside 'int [3]'",
      "1:51 `-1` warning overflow: index -1 is outside 'int [3]'",
    ]);
  });

  it('structs, enums and arrays of the script', () => {
    check('struct s { int a; int a; struct s t; void v; int b:40; };', [
      "1:23 `a` redefined: the member 'a' is declared twice",
      "1:35 `t` incomplete-type: a member cannot have type 'struct s': its size is not known",
      "1:43 `v` incomplete-type: a member cannot have type 'void': its size is not known",
      '1:52 `40` bad-initializer: the width of this bit-field must be from 1 to 32',
    ]);
    check(
      'enum e { A, B = 5 }; int A; enum zone_tpe y; int n = 3; int g[n]; int h[-1]; void v; int k[1 << 30];',
      [
        "1:26 `A` redefined: 'A' is defined twice",
        "1:29 `enum zone_tpe` warning unknown-type: neither the scenario nor the kernel has 'enum zone_tpe' (did you mean 'zone_type'?)",
        "1:43 `y` incomplete-type: a variable cannot have type 'enum zone_tpe': its size is not known",
        '1:63 `n` not-constant: the length of an array must be an integer constant: Linux has no variable-length arrays: write the largest length, or use kmalloc_array()',
        '1:73 `-1` bad-initializer: the length of the array is negative',
        "1:83 `v` incomplete-type: a variable cannot have type 'void': its size is not known",
        '1:92 `1 << 30` bad-initializer: the length of the array is above 1048576',
      ],
    );
    check(
      'int a[3] = { 1, 2, 3, 4 }; char s[2] = "abc"; struct list_head l = { .nxt = 0 }; int d[2] = 5; static int q = 1; { static int r = q; }',
      [
        '1:23 `4` warning bad-initializer: there are more initializers than the object has elements',
        '1:40 `"abc"` warning bad-initializer: the string does not fit in an array of 2 bytes',
        "1:70 `.nxt` unknown-member: 'struct list_head' has no member 'nxt' (did you mean 'next'?)",
        "1:93 `5` bad-initializer: an object of type 'int [2]' must be initialized with a list in braces",
        '1:131 `q` not-constant: a static variable must be initialized with constants',
      ],
    );
    check('struct s { struct s { int a; } in; };', [
      "1:12 `struct s { int a; }` redefined: 'struct s' is defined twice",
    ]);
    check('float f; double d = 1.5;', [
      '1:1 `float` unknown-type: the kernel does not use floating-point numbers',
      '1:10 `double` unknown-type: the kernel does not use floating-point numbers',
      "1:21 `1.5` bad-number: '1.5' is a floating-point number, which the kernel does not use",
    ]);
  });
});

describe('checker: calls and control flow', function () {
  it('arguments', () => {
    check(
      'struct page *p = alloc_pages(GFP_KERNEL);\n__free_pages(p, 2, 3);\n__free_pages(2, p);',
      [
        "1:18 `alloc_pages(GFP_KERNEL)` bad-call: 'alloc_pages' takes 2 arguments, not 1",
        "2:20 `3` bad-call: '__free_pages' takes 2 arguments, not 3",
        "3:14 `2` warning conversion: argument 1 of '__free_pages': expected 'struct page *', not an integer ('int')",
        "3:17 `p` warning conversion: argument 2 of '__free_pages': expected 'unsigned int', not a pointer ('struct page *')",
      ],
    );
    check(
      'int x = alloc_pages; offsetof(struct page, foo); offsetof(3, lru); min(1); int (*fp)(int); fp(1, 2);',
      [
        "1:9 `alloc_pages` unsupported: 'alloc_pages' can only be called: write alloc_pages(...)",
        "1:44 `foo` unknown-member: 'struct page' has no member 'foo'",
        "1:59 `3` bad-call: the first argument of 'offsetof' must be a type",
        "1:68 `min(1)` bad-call: 'min' takes 2 arguments, not 1",
        "1:98 `2` bad-call: 'the function' takes 1 argument, not 2",
      ],
    );
  });

  it('printk formats, as -Wformat', () => {
    check(
      'pr_info("%d %s %lx\\n", 1, 2, 3); pr_info("%d\\n"); pr_info("%d", 1, 2); pr_info("%y"); pr_info("%pGp", 3); pr_info("%*d %%", 1, 2);',
      [
        "1:27 `2` warning bad-call: '%s' prints a string, not a value of type 'int'",
        "1:30 `3` warning bad-call: '%lx' prints an integer of 8 bytes, not a value of type 'int'",
        '1:42 `"%d\\n"` warning bad-call: the argument for \'%d\' is missing',
        '1:68 `2` warning bad-call: the format has no conversion for this argument',
        '1:80 `"%y"` warning bad-call: printk has no conversion \'%y\'',
        "1:103 `3` warning bad-call: '%pGp' prints a pointer, not a value of type 'int'",
      ],
    );
    fine('pr_info("%lx %zu %p", 3ul, sizeof(int), NULL);', 'i386-highmem4g-slub');
  });

  it('statements in the wrong place', () => {
    check('break; continue; case 1: ; default: ;', [
      "1:1 `break;` bad-control: 'break' can only be used in a loop or switch",
      "1:8 `continue;` bad-control: 'continue' can only be used in a loop",
      "1:18 `case 1:` bad-control: 'case' can only be used in a switch",
      "1:28 `default:` bad-control: 'default' can only be used in a switch",
    ]);
    check('int n; switch (n) { case 1: case 1 ... 3: default: default: ; case n: ; continue; }', [
      '1:34 `1` redefined: this switch already has a case for this value',
      "1:52 `default:` redefined: this switch already has a 'default'",
      '1:68 `n` not-constant: the value of a case must be an integer constant',
      "1:73 `continue;` bad-control: 'continue' can only be used in a loop",
    ]);
    check('for (;;) { int f(void) { } task t { } }\ntask a { task b { } } task a { }', [
      '1:33 `t` bad-control: tasks can only be defined at the top level',
      '2:15 `b` bad-control: tasks can only be defined at the top level',
      "2:28 `a` redefined: the task 'a' is defined twice",
    ]);
    check(
      'int f(void) { return; }\nvoid g(void) { return 1; }\nvoid h(void) { return g(); }\nint x = g();\nreturn -1;',
      [
        "1:15 `return;` bad-control: this function must return a value of type 'int'",
        '2:23 `1` bad-control: this function returns void: remove the value',
        '4:9 `g()` type-mismatch: initializer: a void expression has no value',
      ],
    );
    check('if (x) ;\nint a; if (a = 1) ; if ((a = 1)) ; cpu("x") { }', [
      "1:5 `x` unknown-name: neither the scenario nor the kernel has 'x'",
      "2:14 `=` warning conversion: '=' assigns: write '==' to compare [Change to '==']",
      '2:40 `"x"` type-mismatch: the number of a CPU must be an integer, not \'char *\'',
    ]);
  });

  it('statements that do nothing', () => {
    const { diagnostics } = compileScenario(
      'int a; a == 1; (void)a; a, a; page_to_pfn(NULL); a && (a = 1); a ? a++ : 0;',
      loadProfile('x86_64-slub'),
    );
    assert.deepEqual(
      diagnostics.map(({ code, span }) => `${code} ${span.start}`),
      ['no-effect 7', 'no-effect 24', 'no-effect 30'],
    );
  });
});

describe('the table of builtins', function () {
  it('every prototype can be read in every profile, and no name twice', () => {
    const names = allBuiltins.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    assert.ok(names.length > 200);
    for (const profile of PROFILE_NAMES)
      for (const builtin of allBuiltins)
        assert.equal(builtinType({ profile: loadProfile(profile) }, builtin).kind, 'function');
    for (const { doc, source, name } of allBuiltins) {
      assert.match(doc, /\.$/, name);
      assert.match(source, /^$|\.[ch]$/, name);
    }
  });
});

describe('the documentation', () => {
  it('names every builtin, and says something about every macro of the kernel', () => {
    const page = ['scenario-language', 'kernel-calls']
      .map((name) => readFileSync(`docs/${name}.md`, 'utf8'))
      .join('');
    for (const { name, category } of allBuiltins)
      if (category !== 'page flags' && category !== 'atomic' && !name.startsWith('_'))
        assert.ok(page.includes(`\`${name}\``), name);
    for (const key of Object.keys(machineKeys)) assert.ok(page.includes(`\`${key}\``), key);
    const documented = preludeDocs();
    assert.deepEqual(
      documented.map(({ name }) => name),
      [...preludeMacros()].flatMap(([name, { special }]) => (special === undefined ? [name] : [])),
    );
    for (const { name, source } of documented) assert.match(source, /^[\w/-]+\.h$/, name);
  });
});

describe('checker: any text', function () {
  it('never throws: prefixes and deletions of a script', () => {
    const text = `struct pt { int x : 3, y; struct pt *n; } a = { .y = 2 }, b[2] = { { 1 }, [1].y = 3 };
int f(int n, struct pt p) { static int s = 4; return n ? f(n - 1, p) + s : p.x; }
task t { lock_page(mem_map_page); for (int i = 0; i < 3; i++) switch (i) { case 1 ... 2: break; default: continue; } }
struct page *q = (struct page *)pfn_to_page(5) + 1; q->flags |= 1ul << PG_locked; a = b[1]; a.n = &b[0]; a.n->x++;
pr_info("%pGp %d", &q->flags, f(2, (struct pt){ 1, 2 })); do q--; while (q - pfn_to_page(0) > 3 && !a.y); cpu(0) { typedef int u; u z = sizeof(u); }`;
    for (let i = 0; i <= text.length; i += 3) {
      compileScenario(text.slice(0, i), loadProfile('x86_64-slub'));
      compileScenario(text.slice(0, i) + text.slice(i + 1), loadProfile('x86_64-slub'));
      compileScenario(text.slice(0, i) + text.slice(i + 7), loadProfile('i386-pae-slab'));
    }
  });
});
