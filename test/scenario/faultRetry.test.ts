/**
 * A fault that has to wait for a page of a file: one of a file system that reads from a disk gives the lock of the address space back
 * meanwhile (VM_FAULT_RETRY), and the access is made again; one of tmpfs keeps it.
 *
 * The files of the recorded machines are tmpfs's, too: one area is given the operations that a file of a disk has.
 */
import assert from 'node:assert/strict';
import { openStart } from '../../src/cli/replay/replay.js';
import * as kernel from '../../src/engine/entry/functions.js';
import { ScenarioVm } from '../../src/scenario/index.js';
import { checkLog, compile, log, machine, runToEnd } from './machines.js';

/** What others see while the fault waits: whether a writer could have the lock of the address space. */
const WAITS = `task other {
  int waits = PageWaiters(page[0]), isFree = down_write_trylock(&current->mm->mmap_lock);
  if (isFree) up_write(&current->mm->mmap_lock);
  pr_info("waits %d, mmap_lock is free: %d", waits, isFree);
  unlock_page(page[0]);
}`;

describe('a fault at a page that is locked', function () {
  it('of a file of a disk gives mmap_lock back, and is made again', () => {
    const image = openStart('test/golden/data/user/x86_64-slub-192M/before.vmcore.gz');
    const text = `struct page *page[1]; char byte; unsigned long text = current->mm->start_code;
expect(get_user_pages(text, 1, 0, page, NULL) == 1);
find_vma(current->mm, text)->vm_ops = &generic_file_vm_ops;
int before = page_mapcount(page[0]), references = page_count(page[0]);
expect(madvise((void *)text, PAGE_SIZE, MADV_DONTNEED) == 0 && page_mapcount(page[0]) == before - 1);
lock_page(page[0]);
${WAITS}
byte = *(char *)text;
expect(page_mapcount(page[0]) == before && page_count(page[0]) == references && !PageLocked(page[0]));
expect(current->mm->mmap_lock.count.counter == 0);
put_page(page[0]);
pr_info("read");`;
    const vm = new ScenarioVm(compile(text, 'x86_64-slub'), image, { kernel, name: 'retry.mms' });
    const results = runToEnd(vm).filter(({ kind }) => kind === 'failed' || kind === 'deadlock');
    assert.deepEqual(results, []);
    assert.deepEqual(log(vm), ['waits 1, mmap_lock is free: 1', 'read']);
    // Back before the access and forth again, it is the same run.
    const end = vm.tape.hash();
    vm.tape.seek(vm.startPosition);
    runToEnd(vm);
    assert.equal(vm.tape.hash(), end);
  });

  it('of tmpfs keeps mmap_lock', () =>
    checkLog(
      `struct page *page[1]; char byte;
int fd = memfd_create("file", 0); ftruncate(fd, PAGE_SIZE);
char *buf = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
buf[0] = 1;
expect(get_user_pages((unsigned long)buf, 1, 0, page, NULL) == 1);
madvise(buf, PAGE_SIZE, MADV_DONTNEED);
lock_page(page[0]);
${WAITS}
byte = buf[0];
expect(byte == 1 && page_mapcount(page[0]) == 1);
pr_info("read");`,
      ['waits 1, mmap_lock is free: 0', 'read'],
    ));
});

describe('a process that a signal ends while a page of its file is locked', function () {
  const FILE = `int fd = memfd_create("file", 0); ftruncate(fd, PAGE_SIZE);
char *at = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
at[0] = 1;
struct page *page[1];
expect(get_user_pages((unsigned long)at, 1, 0, page, NULL) == 1);
lock_page(page[0]);`;

  it('waits for the page, and ends when it is unlocked', () => {
    const vm = machine(`task other { *(char *)16 = 0; }
${FILE}
schedule();
unlock_page(page[0]);
pr_info("unlocked");
put_page(page[0]);`);
    const results = runToEnd(vm).flatMap((result) =>
      result.kind === 'failed' ? [result.text] : [result.kind],
    );
    assert.deepEqual(results, [
      'blocked',
      'ended',
      'SIGSEGV (SEGV_MAPERR) at 0x0000000000000010',
      'exited',
    ]);
    assert.deepEqual(log(vm).slice(0, 1), ['unlocked']);
    const end = vm.tape.hash();
    vm.tape.seek(vm.startPosition);
    runToEnd(vm);
    assert.equal(vm.tape.hash(), end);
  });

  it('cannot be ended from outside meanwhile', () => {
    const vm = machine(`${FILE.replace('lock_page(page[0]);', '')}
task holder { lock_page(page[0]); for (;;) schedule(); }
schedule();
pr_info("locked");`);
    while (log(vm).length === 0) vm.runStatement();
    const before = vm.tape.hash();
    assert.equal(vm.turns.end(vm.currentTask), false);
    assert.equal(vm.tape.hash(), before);
  });

  it('and that it has locked itself: it never ends', () => {
    const vm = machine(`${FILE}
*(char *)16 = 0;`);
    assert.deepEqual(
      runToEnd(vm).map(({ kind }) => kind),
      ['blocked', 'deadlock'],
    );
    assert.match(
      vm.deadlockTexts().join(' '),
      /^main waits for the lock of page 0x\w+, which it holds itself$/,
    );
  });
});
