/** Threads of one process: they end together; errno is each task's own, open files are the process's. */
import assert from 'node:assert/strict';
import { checkLog, log, machine, runToEnd } from './machines.js';

const BUFFER =
  'char *buf = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);';

describe('the threads of a process', function () {
  it('end with exit(), wherever they are', () =>
    checkLog(
      `${BUFFER} int status; pid_t pid = fork();
       task ready { pr_info("ready of %d", getpid()); schedule(); schedule(); pr_info("not any more"); }
       buf[0] = 1;
       if (pid == 0) exit(3);
       expect(wait(&status) == pid && WEXITSTATUS(status) == 3);
       schedule(); exit(0); pr_info("no");`,
      ['ready of 1'],
    ));

  it('leave the queues in which they sleep', () => {
    const vm = machine(`${BUFFER} buf[0] = 1;
       struct page *page = alloc_page(GFP_KERNEL);
       DECLARE_RWSEM(sem);
       task a { lock_page(page); pr_info("no"); }
       task b { down_write(&sem); pr_info("no"); }
       lock_page(page); down_read(&sem); schedule();
       expect(PageWaiters(page) && sem.count.counter == 0x102);
       exit(1);`);
    const last = runToEnd(vm).at(-1);
    assert.equal(last?.kind, 'exited');
    assert.deepEqual(log(vm), []);
    const value = vm.evaluate('sem.count.counter == 0x100 && list_empty(&sem.wait_list)');
    assert.ok(value.ok && value.value === 1);
  });

  it('end with a signal to one of them', () => {
    const vm = machine(
      `${BUFFER} task other { schedule(); pr_info("no"); }
       schedule(); munmap(buf, PAGE_SIZE); buf[0] = 3; pr_info("no");`,
    );
    const results = runToEnd(vm).map(({ kind, task }) => `${kind} ${task}`);
    assert.deepEqual(results, ['failed 0', 'exited 0']);
    assert.deepEqual(
      vm.tasks().map(({ name, status }) => `${name} ${status}`),
      ['main failed', 'other ended'],
    );
  });

  it('have an errno each, and open files together; a child has a copy', () =>
    checkLog(
      `int fd = memfd_create("f", 0);
       task other { expect(errno == 0 && close(99) == -1 && errno == EBADF); expect(close(fd) == 0); }
       expect(munmap((void *)1, 1) == -1 && errno == EINVAL);
       pid_t pid = fork();
       if (pid == 0) { expect(close(fd) == 0 && close(fd) == -1 && errno == EBADF); exit(0); }
       wait(NULL);
       schedule();
       expect(errno == EINVAL && close(fd) == -1);
       pr_info("done");`,
      ['done'],
    ));
});
