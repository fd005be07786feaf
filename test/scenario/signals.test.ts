/**
 * Handlers of signals. The programs in data/ were compiled by gcc, -m64 and -m32, and run on a real kernel: what they printed there is beside
 * them, the same for both.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { log, machine, PROFILES, runToEnd, says } from './machines.js';

const data = (name: string): string =>
  readFileSync(path.join('test/scenario/data', name), 'utf8').trimEnd();

const printed = (lines: readonly string[]): string => lines.join('\n');

describe('handlers of signals', () => {
  for (const profile of PROFILES) {
    it(`track writes by mprotect(), jump out, are blocked, as with gcc: ${profile}`, () => {
      const vm = machine(data('handlers.c'), profile);
      const results = runToEnd(vm);
      assert.ok(results.every(({ kind }) => kind !== 'failed'));
      const lines = log(vm);
      // The row of dirty pages is printed by parts.
      const row = lines.findIndex((line) => /^\d ?$/.test(line));
      const whole = [
        ...lines.slice(0, row),
        lines.slice(row, row + 8).join(''),
        ...lines.slice(row + 8),
      ];
      assert.equal(printed(whole.filter((line) => line !== '')), data('handlers.txt'));
    });

    it(`run on another stack, inside each other, in children, as with gcc: ${profile}`, () => {
      const vm = machine(data('handlersMore.c'), profile);
      runToEnd(vm);
      assert.equal(
        printed(log(vm).filter((line) => !/segfault/.test(line))),
        data('handlersMore.txt'),
      );
    });
  }

  it('are told where the fault is, with the function that handles it; and undone and done again', () => {
    const vm = machine(data('handlers.c'));
    const before = vm.tape.hash();
    runToEnd(vm);
    const { cursor } = vm.tape;
    const after = vm.tape.hash();
    const told = vm.tape
      .marksBetween(0, cursor + 1)
      .flatMap(({ event }) => (event.kind === 'signal' ? [[event.code, event.handler]] : []));
    assert.deepEqual(told, [
      ...Array.from({ length: 4 }, () => ['SEGV_ACCERR', 'handler']),
      ['SEGV_MAPERR', 'handler'],
    ]);
    vm.tape.seek(vm.startPosition);
    assert.equal(vm.tape.hash(), before);
    vm.tape.seek(cursor);
    assert.equal(vm.tape.hash(), after);
    assert.notEqual(after, before);
  });

  it('are in the sighand_struct of their process, and a child has its own', () =>
    says(
      `#include <signal.h>
static void handler(int sig) { }
expect(current->sighand == NULL);
expect(signal(SIGUSR1, handler) == SIG_DFL);
struct sighand_struct *own = current->sighand;
expect((void *)own->action[SIGUSR1 - 1].sa.sa_handler == (void *)handler && own->count.refs.counter == 1);
int status;
if (fork() == 0) { expect(current->sighand != own && (void *)current->sighand->action[SIGUSR1 - 1].sa.sa_handler == (void *)handler); signal(SIGUSR1, SIG_IGN); exit(0); }
wait(&status);
expect((void *)own->action[SIGUSR1 - 1].sa.sa_handler == (void *)handler);`,
      [],
    ));

  it('need room on the stack: without it the process ends', () => {
    const vm = machine(
      `#include <signal.h>
static void handler(int sig) { printf("not reached\\n"); }
int main(void) {
  char *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  stack_t ss = { .ss_sp = p, .ss_size = 4096 };
  struct sigaction sa = { .sa_handler = handler, .sa_flags = SA_ONSTACK };
  expect(sigaltstack(&ss, NULL) == 0 && sigaction(SIGUSR1, &sa, NULL) == 0);
  raise(SIGUSR1);
}`,
    );
    const died = runToEnd(vm).flatMap((result) => (result.kind === 'failed' ? [result.text] : []));
    assert.deepEqual(died, ['SIGSEGV (SI_KERNEL) at 0x0000000000000000']);
  });

  it('longjmp() leads to functions that are active only', () => {
    const vm = machine(
      `#include <setjmp.h>
static jmp_buf env;
static void place(void) { if (setjmp(env)) printf("not reached\\n"); }
static void other(void) { longjmp(env, 1); }
int main(void) { place(); other(); }`,
    );
    const died = runToEnd(vm).flatMap((result) => (result.kind === 'failed' ? [result.rule] : []));
    assert.match(died.join(), /longjmp causes uninitialized stack frame/);
  });
});
