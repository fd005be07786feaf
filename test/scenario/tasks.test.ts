import assert from 'node:assert/strict';
import { checkLog, log, machine, runToEnd } from './machines.js';

describe('tasks', function () {
  it('exist from their declaration on, and run when the script ends or waits', () => {
    const vm = machine(`task a { pr_info("a1"); pr_info("a2"); }
pr_info("main");
task b { pr_info("b"); }
pr_info("end");`);
    const status = () =>
      vm
        .tasks()
        .map(({ name, status }) => `${name} ${status}`)
        .join(', ');
    assert.equal(status(), 'main ready, a new, b new');
    vm.runStatement();
    assert.equal(status(), 'main ready, a ready, b new');
    const ended = runToEnd(vm).map(({ kind, task }) => `${kind} ${task}`);
    assert.deepEqual(log(vm), ['main', 'end', 'a1', 'a2', 'b']);
    assert.deepEqual(ended, ['ended 0', 'ended 1', 'ended 2', 'exited 2']);
    assert.equal(status(), 'main ended, a ended, b ended');
  });

  it('share the top-level variables, each with a stack of its own', () =>
    checkLog(
      `int turns = 0;
       int down(int n) { turns++; schedule(); return n ? down(n - 1) + n : 0; }
       task a { int own = down(3); pr_info("a %d", own); }
       task b { int own = down(4); pr_info("b %d", own); }
       int own = down(1); pr_info("main %d", own);
       task late { pr_info("turns %d", turns); }`,
      ['main 1', 'turns 8', 'a 6', 'b 10'],
    ));

  it('a statement that has to wait never happened', () => {
    const vm = machine(`struct page *page = alloc_page(GFP_KERNEL);
int n = 0;
int touch(void) { n++; lock_page(page); n++; return n; }
task waiter { int got = 10 + touch(); pr_info("got %d, n %d", got, n); unlock_page(page); }
lock_page(page);
schedule();
pr_info("n %d", n);
unlock_page(page);`);
    const results = runToEnd(vm).map((result) => `${result.kind} ${result.task}`);
    // The call of touch() is one statement, lock_page() inside it another: only the latter is undone.
    assert.deepEqual(log(vm), ['n 1', 'got 12, n 2']);
    assert.deepEqual(results, ['blocked 1', 'ended 0', 'ended 1', 'exited 1']);
  });

  it('what a blocked statement did before is undone', () => {
    const vm = machine(`struct page *page = alloc_page(GFP_KERNEL);
struct page *extra = NULL;
lock_page(page);
task waiter { extra = alloc_page(GFP_KERNEL), lock_page(page), pr_info("locked"); }
schedule();
pr_info("%d", extra == NULL);
unlock_page(page);`);
    const pages: string[] = [];
    let hash = '';
    for (let i = 0; i < 100; i++) {
      const before = { hash: vm.tape.hash(), position: vm.tape.cursor };
      const result = vm.runStatement();
      if (result.kind === 'blocked') {
        pages.push('blocked');
        // Only the parking itself is left of it: going back over that is the state before.
        vm.tape.seek(before.position);
        assert.equal(vm.tape.hash(), before.hash);
        vm.runStatement();
        hash = vm.tape.hash();
      }
      if (result.kind === 'exited') break;
    }
    assert.deepEqual(pages, ['blocked']);
    assert.notEqual(hash, '');
    assert.deepEqual(log(vm), ['1', 'locked']);
  });

  it('a deadlock names who waits for whom', () => {
    const vm = machine(`struct page *a = alloc_page(GFP_KERNEL), *b = alloc_page(GFP_KERNEL);
task one { lock_page(a); schedule(); lock_page(b); }
task two { lock_page(b); schedule(); lock_page(a); }`);
    const last = runToEnd(vm).at(-1);
    assert.equal(last?.kind, 'deadlock');
    const pfn = (name: string): string => {
      const result = vm.evaluate(`page_to_pfn(${name})`);
      return result.ok ? `0x${(result.value ?? 0).toString(16)}` : result.message;
    };
    assert.deepEqual(
      last.waits.map(({ text }) => text),
      [
        `one waits for the lock of page ${pfn('b')}, which two holds`,
        `two waits for the lock of page ${pfn('a')}, which one holds`,
      ],
    );
    // It stays one, and costs nothing, until somebody changes the machine.
    const end = vm.tape.cursor;
    assert.equal(vm.runStatement().kind, 'deadlock');
    assert.equal(vm.tape.cursor, end);
    assert.ok(vm.evaluate('unlock_page(a)', undefined, { sideEffects: true }).ok);
    assert.equal(vm.runStatement().kind, 'ran');
  });

  it('a lock that is never released', () => {
    const self = machine('struct page *p = alloc_page(GFP_KERNEL); lock_page(p); lock_page(p);');
    const stuck = runToEnd(self).at(-1);
    assert.equal(stuck?.kind, 'deadlock');
    assert.match(stuck.waits[0]?.text ?? '', /^main waits for .*, which it holds itself$/);
    const gone = machine(`struct page *p = alloc_page(GFP_KERNEL);
lock_page(p);
task t { lock_page(p); }`);
    const left = runToEnd(gone).at(-1);
    assert.equal(left?.kind, 'deadlock');
    assert.match(left.waits[0]?.text ?? '', /^t waits for .*, which main held when it ended$/);
  });

  it('the debugger may choose who runs', () => {
    const vm = machine('task a { pr_info("a"); }\ntask b { pr_info("b"); }\npr_info("main");');
    vm.runStatement();
    vm.runStatement();
    assert.ok(!vm.turns.give(5));
    assert.ok(vm.turns.give(2));
    assert.equal(vm.currentTask, 2);
    runToEnd(vm);
    assert.deepEqual(log(vm), ['b', 'main', 'a']);
  });

  it('a task that dies leaves the others', () => {
    const vm = machine('task a { BUG(); pr_info("no"); }\ntask b { pr_info("b"); }');
    const results = runToEnd(vm).map(({ kind, task }) => `${kind} ${task}`);
    assert.deepEqual(results, ['ended 0', 'failed 1', 'ended 2', 'exited 2']);
    assert.deepEqual(log(vm), ['kernel BUG at test.mms:1!', 'b']);
  });
});

describe('cpu(n)', function () {
  const text = `int where(void) { return smp_processor_id(); }
cpu(1) {
  pr_info("%d", where());
  for (int i = 0; i < 3; i++) cpu(2 + i % 2) { if (i == 1) break; pr_info("%d", where()); }
  pr_info("%d", where());
}
int leave(void) { cpu(3) { return where(); } }
pr_info("%d %d", leave(), where());
task other { cpu(1) { schedule(); pr_info("other on %d", where()); } pr_info("then %d", where()); }
cpu(2) { schedule(); pr_info("main on %d", where()); }`;

  it('runs a block on a CPU, and leaves it however the block is left', () => {
    const vm = machine(text, 'x86_64-slub-smp', 4);
    runToEnd(vm);
    assert.deepEqual(log(vm), ['1', '2', '1', '3 0', 'main on 2', 'other on 1', 'then 0']);
    assert.equal(vm.image.mm.cpu, 0);
  });
});
