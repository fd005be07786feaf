/** poll() of a driver's file, with a task that waits in its queue; signals of a file that has something to say. */
import { says } from './machines.js';

describe('poll() and fcntl()', () => {
  it("ask a driver's poll() and fasync(): the task sleeps in the driver's queue; kill_fasync() ends a process without handlers", () =>
    says(
      `static DECLARE_WAIT_QUEUE_HEAD(wq); static int ready; static struct fasync_struct *async;
static __poll_t demo_poll(struct file *filp, poll_table *wait) { poll_wait(filp, &wq, wait); return ready ? EPOLLIN | EPOLLRDNORM : 0; }
static int demo_fasync(int fd, struct file *filp, int on) { pr_info("fasync %d\\n", on); return fasync_helper(fd, filp, on, &async); }
static int demo_release(struct inode *inode, struct file *filp) { pr_info("release\\n"); return 0; }
static const struct file_operations fops = { .owner = THIS_MODULE, .poll = demo_poll, .fasync = demo_fasync, .release = demo_release };
static struct miscdevice dev = { .minor = MISC_DYNAMIC_MINOR, .name = "demo", .fops = &fops };
static void later(struct work_struct *w) { pr_info("work\\n"); ready = 1; wake_up_interruptible(&wq); }
static DECLARE_DELAYED_WORK(work, later);
expect(!misc_register(&dev));
int fd = open("/dev/demo", O_RDWR), mem = memfd_create("m", 0);
struct pollfd fds[3] = { { .fd = fd, .events = POLLIN }, { .fd = -1 }, { .fd = 77, .events = POLLIN } };
expect(poll(fds, 2, 0) == 0 && poll(fds, 3, 0) == 1 && fds[2].revents == POLLNVAL);
unsigned long before = jiffies;
expect(poll(fds, 2, 50) == 0 && jiffies - before == msecs_to_jiffies(50));
schedule_delayed_work(&work, msecs_to_jiffies(100));
before = jiffies;
expect(poll(fds, 2, -1) == 1);
pr_info("polled after %u ms: %x %d\\n", jiffies_to_msecs(jiffies - before), fds[0].revents, waitqueue_active(&wq));
fds[1].fd = mem; fds[1].events = POLLOUT;
expect(poll(fds, 2, -1) == 2 && fds[1].revents == POLLOUT);
expect(!fcntl(fd, F_SETOWN, getpid()) && !fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | FASYNC) && async && async->fa_fd == fd && fcntl(fd, F_GETOWN) == getpid());
expect(!fcntl(fd, F_SETFL, O_RDWR) && !async);
expect(!fcntl(fd, F_SETFL, FASYNC));
close(fd);
expect(!async);
fd = open("/dev/demo", O_RDWR); fcntl(fd, F_SETFL, FASYNC);
if (fork() == 0) { fcntl(fd, F_SETOWN, getpid()); kill_fasync(&async, SIGIO, POLL_IN); pr_info("not reached\\n"); exit(0); }
int status; wait(&status); expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGIO);`,
      [
        ...[
          'work',
          'polled after 100 ms: 1 0',
          'fasync 1',
          'fasync 0',
          'fasync 1',
          'fasync 0',
          'release',
        ],
        ...['fasync 1', 'fasync 0', 'release'],
      ],
    ));
});
