/** Scenarios that are processes: tasks, fork(), wait(), signals, pins; on all bundled kernels where they differ. Memory: processMemory.test.ts. */
import assert from 'node:assert/strict';
import { inspectedMachine } from '../../src/engine/image/dump/inspectedOf.js';
import { Problems } from '../../src/engine/inspect/inspected.js';
import { taskState } from '../../src/engine/inspect/process/taskState.js';
import { tasksOf } from '../../src/engine/inspect/tasks.js';
import { checkLog, log, machine, runToEnd } from './machines.js';
import { ALL, BUFFER, holds } from './processMachines.js';

describe('tasks of the kernel', function () {
  it('have names, pids and structures of their own', () =>
    checkLog(
      `struct task_struct *mains = current;
       task worker { pr_info("%s %d %d %d", current->comm, current->pid, current->tgid, current == mains); }
       pr_info("%s %d %d", current->comm, current->pid, current->mm == NULL);`,
      ['init 1 1', 'worker 100 1 0'],
      ALL,
    ));

  it('are named by what the kernel says of them', () => {
    const vm = machine('task a { preempt_disable(); might_sleep(); }', 'x86_64-slub-smp');
    runToEnd(vm);
    assert.match(log(vm).join('\n'), /pid: 100, name: a/);
  });

  it('have the states that Linux prints', () => {
    const vm = machine(
      `struct page *page = alloc_page(GFP_KERNEL);
       DECLARE_WAIT_QUEUE_HEAD(wq); int go = 0;
       ${BUFFER}
       task page_lock { lock_page(page); unlock_page(page); }
       task mmap_lock { munmap(buf, PAGE_SIZE); }
       task event { wait_event_interruptible(wq, go); }
       task time { msleep(1000); }
       task ended { int x = 1; }
       task ready { schedule(); int x = 1; }
       int pid = fork(); if (pid == 0) exit(3);
       lock_page(page); mmap_read_lock(current->mm);
       schedule();
       for (int pid = 100; pid < 107; pid++) { struct task_struct *t = find_task_by_pid_ns(pid, &init_pid_ns); if (t) pr_info("%s on_cpu %d", t->comm, t->on_cpu); }
       pr_info("%s on_cpu %d", current->comm, current->on_cpu);
       unlock_page(page); mmap_read_unlock(current->mm); go = 1; wake_up(&wq);`,
      'x86_64-slub-smp',
    );
    const states = (): string[] =>
      tasksOf(inspectedMachine(vm.image.mm), new Problems()).map(
        ({ at, comm, pid }) => `${comm} ${pid} ${taskState(inspectedMachine(vm.image.mm), at)}`,
      );
    let before: string[] = [];
    for (;;) {
      const { kind } = vm.runStatement();
      if (log(vm).length === 6) before = states();
      if (kind === 'exited') break;
    }
    assert.deepEqual(before, [
      'init 1 R (running)',
      'page_lock 100 D (disk sleep)',
      'mmap_lock 101 D (disk sleep)',
      'event 102 S (sleeping)',
      'time 103 D (disk sleep)',
      // The thread that has ended is gone.
      'ready 105 R (running)',
      'init 106 Z (zombie)',
    ]);
    assert.deepEqual(
      log(vm).filter((line) => line.endsWith('on_cpu 1')),
      ['init on_cpu 1'],
    );
  });

  it('are threads of one process', () =>
    checkLog(
      `${BUFFER} struct mm_struct *mms = current->mm;
       task other { pr_info("%d %d", current->mm == mms, buf[0]); buf[1] = 2; }
       buf[0] = 1; schedule(); pr_info("%d %d", buf[1], mms->mm_users.counter);`,
      ['1 1', '2 1'],
    ));
});

describe('fork()', function () {
  it('goes on twice, with variables and memory of its own', () =>
    checkLog(
      `${BUFFER} buf[0] = 1; int shared = 1;
       int twice(int n) { int own = n; int *p = &own; pid_t pid = fork(); *p += pid == 0 ? 10 : 100; return own; }
       int got = twice(5), status = 0;
       if (got == 15) { shared = 2; buf[0] = 9; pr_info("child %d %d %d of %d", got, shared, buf[0], getppid()); exit(4); }
       pid_t ended = wait(&status);
       pr_info("parent %d %d %d: %d %d", got, shared, buf[0], ended, WEXITSTATUS(status));
       pr_info("%d %d", wait(NULL), errno);`,
      ['child 15 2 9 of 1', 'parent 105 1 1: 100 4', '-1 10'],
      ALL,
    ));

  it('gives pages that both have until one writes', () =>
    holds(
      `${BUFFER} buf[0] = 1; struct page *page; get_user_pages((unsigned long)buf, 1, 0, &page, NULL); put_page(page);
       expect(page_mapcount(page) == 1);
       pid_t pid = fork();
       if (pid == 0) { expect(page_mapcount(page) == 2); buf[0] = 2; expect(page_mapcount(page) == 1); exit(0); }
       expect(page_mapcount(page) == 2 && waitpid(pid, NULL, WNOHANG) == 0);
       expect(wait(NULL) == pid && page_mapcount(page) == 1); buf[0] = 3; expect(page_mapcount(page) == 1);`,
      ALL,
    ));

  it('tells its parent of a signal', () => {
    const vm = machine(
      `${BUFFER} int status = 0; if (fork() == 0) *(char *)8 = 1;
       wait(&status); pr_info("%d %d", WIFSIGNALED(status), WTERMSIG(status));`,
    );
    runToEnd(vm);
    const [segfault, status] = log(vm);
    assert.match(segfault ?? '', /^init\[100\]: segfault at 8 /);
    assert.equal(status, '1 11');
  });

  it('leaves nothing behind when the children have ended', () =>
    holds(
      `${BUFFER} buf[0] = 1; buf[PAGE_SIZE] = 1; 
       unsigned long free(void) { return nr_free_pages(); }
       for (int i = 0; i < 3; i++) {
         for (int child = 0; child < 4; child++) if (fork() == 0) { buf[child * PAGE_SIZE] = 2; fork(); exit(child); }
         while (wait(NULL) > 0); schedule(); lru_add_drain_all();
       }
       unsigned long before = free();
       for (int i = 0; i < 3; i++) {
         for (int child = 0; child < 4; child++) if (fork() == 0) { buf[child * PAGE_SIZE] = 2; fork(); exit(child); }
         while (wait(NULL) > 0); schedule(); lru_add_drain_all();
       }
       expect(free() == before);`,
      ['x86_64-slub'],
    ));

  it('runs on a CPU where another one ended that lay in the same place', () =>
    holds(
      `${BUFFER} int fd = memfd_create("file", 0); ftruncate(fd, 2 * PAGE_SIZE);
       char *file = mmap(NULL, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
       if (fork() == 0) { cpu(1) { buf[0] = 1; } exit(0); }
       wait(NULL);
       if (fork() == 0) { cpu(1) { file[PAGE_SIZE] = 7; } exit(0); }
       wait(NULL); expect(file[PAGE_SIZE] == 7);`,
      ['x86_64-slub-smp'],
      2,
    ));

  it('loads cr3, and the TLB forgets the other process', () => {
    const vm = machine(
      `${BUFFER} buf[0] = 1; pid_t pid = fork(); buf[0] = pid == 0 ? 2 : 3; schedule(); pr_info("%d", buf[0]); if (pid) wait(NULL);`,
    );
    const roots = new Set<number>();
    for (let i = 0; i < 60; i++) {
      if (vm.runStatement().kind === 'exited') break;
      roots.add(vm.image.mm.machine.processor(0).registers.cr3);
    }
    assert.deepEqual(log(vm), ['3', '2']);
    // A process that ends leaves its tables for those of init_mm before they are freed.
    assert.equal(roots.size, 3);
  });
});

describe('pins', function () {
  it('count 1024, and are told from references', () =>
    holds(
      `${BUFFER} struct page *pages[4]; struct vm_area_struct *vmas[4]; unsigned long at = (unsigned long)buf;
       expect(pin_user_pages(at, 4, FOLL_WRITE, pages, vmas) == 4 && vmas[3]->vm_start == at); lru_add_drain();
       expect(page_count(pages[0]) == 1025 && page_maybe_dma_pinned(pages[0]));
       expect(get_user_pages_fast(at, 1, FOLL_WRITE, pages + 1) == 1 && pages[1] == pages[0] && page_count(pages[0]) == 1026);
       put_page(pages[0]); expect(pin_user_pages_fast(at, 4, FOLL_WRITE, pages) == 4 && page_count(pages[1]) == 2049);
       unpin_user_pages_dirty_lock(pages, 4, true); expect(page_count(pages[1]) == 1025 && PageDirty(pages[1]));
       unpin_user_pages(pages, 4); expect(page_count(pages[1]) == 1 && !page_maybe_dma_pinned(pages[1]));
       expect(pin_user_pages(at, 1, FOLL_GET, pages, NULL) == -EINVAL && get_user_pages(at, 1, FOLL_PIN, pages, NULL) == -EINVAL);
       expect(get_user_pages(at + 4 * PAGE_SIZE, 1, 0, pages, NULL) == -EFAULT || 1);
       expect(get_user_pages_remote(current->mm, at, 2, 0, pages, NULL, NULL) == 2); put_page(pages[0]); put_page(pages[1]);
       for (int i = 0; i < 1024; i++) get_user_pages_unlocked(at, 1, pages, 0);
       expect(page_maybe_dma_pinned(pages[0]));`,
      ALL,
    ));

  it('are taken fast across tables, up to the first page that is not there', () =>
    holds(
      `char *area = mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); struct page *pages[8], *one;
       char *edge = (char *)(((unsigned long)area + (6 << 20)) & ~((4UL << 20) - 1));
       for (int i = -3; i < 3; i++) edge[i * PAGE_SIZE] = 1;
       unsigned long at = (unsigned long)edge - 3 * PAGE_SIZE;
       expect(pin_user_pages_fast(at, 8, FOLL_WRITE | FOLL_FAST_ONLY, pages) == 6);
       for (int i = 0; i < 6; i++) { get_user_pages(at + i * PAGE_SIZE, 1, 0, &one, NULL); expect(one == pages[i]); put_page(one); }
       unpin_user_pages(pages, 6); expect(pin_user_pages_fast(at, 8, FOLL_WRITE, pages) == 8); unpin_user_pages(pages, 8);`,
      ALL,
    ));

  it('are of one process, whose child gets a copy', () =>
    holds(
      `${BUFFER} buf[0] = 1; struct page *page; pin_user_pages((unsigned long)buf, 1, FOLL_WRITE, &page, NULL);
       pid_t pid = fork();
       if (pid == 0) { struct page *mine; get_user_pages((unsigned long)buf, 1, 0, &mine, NULL); expect(mine != page); put_page(mine); exit(0); }
       buf[0] = 2; struct page *still; get_user_pages((unsigned long)buf, 1, 0, &still, NULL); expect(still == page);
       wait(NULL);`,
    ));

  it('wait for the lock of the address space', () => {
    const vm = machine(
      `${BUFFER} struct mm_struct *mm = current->mm; mmap_write_lock(mm);
       task other { pr_info("touch"); buf[0] = 1; pr_info("touched"); }
       schedule(); pr_info("unlock"); mmap_write_unlock(mm);`,
    );
    const kinds = runToEnd(vm).map(({ kind }) => kind);
    assert.deepEqual(log(vm), ['touch', 'unlock', 'touched']);
    assert.ok(kinds.includes('blocked'));
  });
});

describe('processes in time', function () {
  it('each boundary is the same state again, and on from there the same run', () => {
    for (const profile of ['x86_64-slub', 'i386-highmem4g-slub'] as const) {
      const vm = machine(
        `${BUFFER} int status = 0; for (int i = 0; i < 2; i++) { buf[i * PAGE_SIZE] = 1; if (fork() == 0) { buf[0] = i; exit(i); } wait(&status); }
         struct page *page; pin_user_pages((unsigned long)buf, 1, FOLL_WRITE, &page, NULL); buf[1] = 1; unpin_user_page(page); munmap(buf, 4 * PAGE_SIZE);`,
        profile,
      );
      const states: { position: number; hash: string }[] = [];
      const note = (): void => void states.push({ position: vm.tape.cursor, hash: vm.tape.hash() });
      note();
      while (vm.runStatement().kind !== 'exited') note();
      for (const { position, hash } of [...states].reverse()) {
        vm.tape.seek(position);
        assert.equal(vm.tape.hash(), hash);
      }
      const last = states.at(-1)?.hash;
      while (vm.runStatement().kind !== 'exited');
      assert.equal(vm.tape.hash(), last);
    }
  });
});
