/** Works, timers and tasklets, as headers make them. */
const WORKQUEUE = 'include/linux/workqueue.h';
const TIMER = 'include/linux/timer.h';
const INTERRUPT = 'include/linux/interrupt.h';

export const LATER_CALLS = `
#define WORK_BUSY_PENDING 1 // The work waits. include/linux/workqueue.h
#define WORK_BUSY_RUNNING 2 // The work is being done. include/linux/workqueue.h
#define INIT_WORK(_work, _func) do { struct work_struct *__made = (_work); __made->data.counter = 0; INIT_LIST_HEAD(&__made->entry); __made->func = (_func); } while (0) // A work that is to call a function, with the work as its argument. ${WORKQUEUE}
#define INIT_WORK_ONSTACK(_work, _func) INIT_WORK(_work, _func) // ${WORKQUEUE}
#define INIT_DELAYED_WORK(_work, _func) do { struct delayed_work *__delayed = (_work); INIT_WORK(&__delayed->work, _func); __delayed->timer.entry.pprev = NULL; } while (0) // A work that is to wait for its time. ${WORKQUEUE}
#define INIT_DEFERRABLE_WORK(_work, _func) INIT_DELAYED_WORK(_work, _func) // ${WORKQUEUE}
#define __WORK_INITIALIZER(n, f) { .entry = { &(n).entry, &(n).entry }, .func = (f) } // ${WORKQUEUE}
#define DECLARE_WORK(n, f) struct work_struct n = __WORK_INITIALIZER(n, f) // A work that is to call a function, with the work as its argument. ${WORKQUEUE}
#define DECLARE_DELAYED_WORK(n, f) struct delayed_work n = { .work = __WORK_INITIALIZER((n).work, f) } // A work that is to wait for its time. ${WORKQUEUE}
#define to_delayed_work(_work) container_of(_work, struct delayed_work, work) // The delayed work that a work is part of. ${WORKQUEUE}
#define work_pending(work) (((work)->data.counter & 1) != 0) // Whether a work is queued, or waits for its time. ${WORKQUEUE}
#define delayed_work_pending(w) work_pending(&(w)->work) // ${WORKQUEUE}
#define schedule_work(work) queue_work(NULL, work) // Has a thread of the kernel call work->func(work); false if it waits already. ${WORKQUEUE}
#define schedule_work_on(cpu, work) queue_work(NULL, work) // ${WORKQUEUE}
#define queue_work_on(cpu, wq, work) queue_work(wq, work) // ${WORKQUEUE}
#define schedule_delayed_work(dwork, delay) queue_delayed_work(NULL, dwork, delay) // As schedule_work(), when so many jiffies are over. ${WORKQUEUE}
#define schedule_delayed_work_on(cpu, dwork, delay) queue_delayed_work(NULL, dwork, delay) // ${WORKQUEUE}
#define queue_delayed_work_on(cpu, wq, dwork, delay) queue_delayed_work(wq, dwork, delay) // ${WORKQUEUE}
#define flush_scheduled_work() flush_workqueue(NULL) // Waits until all works of schedule_work() are done. ${WORKQUEUE}
#define alloc_ordered_workqueue(fmt, flags, ...) alloc_workqueue(fmt, (flags) | WQ_UNBOUND, 1, ##__VA_ARGS__) // A workqueue of which one work runs at a time, in the order of queue_work(). ${WORKQUEUE}
#define create_workqueue(name) alloc_workqueue("%s", WQ_MEM_RECLAIM, 1, (name)) // ${WORKQUEUE}
#define create_freezable_workqueue(name) create_workqueue(name) // ${WORKQUEUE}
#define create_singlethread_workqueue(name) alloc_ordered_workqueue("%s", WQ_MEM_RECLAIM, (name)) // ${WORKQUEUE}
#define WQ_UNBOUND 2 // ${WORKQUEUE}
#define WQ_FREEZABLE 4 // ${WORKQUEUE}
#define WQ_MEM_RECLAIM 8 // ${WORKQUEUE}
#define WQ_HIGHPRI 16 // ${WORKQUEUE}
#define WQ_CPU_INTENSIVE 32 // ${WORKQUEUE}
#define WQ_SYSFS 64 // ${WORKQUEUE}
#define timer_setup(timer, callback, flags_) do { struct timer_list *__made = (timer); __made->entry.pprev = NULL; __made->function = (callback); __made->flags = (flags_); } while (0) // A timer that is to call a function, with the timer as its argument. ${TIMER}
#define timer_setup_on_stack(timer, callback, flags_) timer_setup(timer, callback, flags_) // ${TIMER}
#define destroy_timer_on_stack(timer) do { } while (0) // ${TIMER}
#define __TIMER_INITIALIZER(_function, _flags) { .function = (_function), .flags = (_flags) } // ${TIMER}
#define TIMER_INITIALIZER(_function) __TIMER_INITIALIZER(_function, 0) // ${TIMER}
#define DEFINE_TIMER(_name, _function) struct timer_list _name = TIMER_INITIALIZER(_function) // A timer that is to call a function, with the timer as its argument. ${TIMER}
#define from_timer(var, callback_timer, timer_fieldname) container_of(callback_timer, typeof(*var), timer_fieldname) // What a timer is part of. ${TIMER}
#define timer_pending(timer) ((timer)->entry.pprev != NULL) // Whether a timer waits for its time. ${TIMER}
#define tasklet_setup(t, callback_) do { struct tasklet_struct *__made = (t); memset(__made, 0, sizeof(*__made)); __made->callback = (callback_); __made->use_callback = true; } while (0) // A tasklet that is to call a function, with the tasklet as its argument. ${INTERRUPT}
#define tasklet_init(t, func_, data_) do { struct tasklet_struct *__made = (t); memset(__made, 0, sizeof(*__made)); __made->func = (func_); __made->data = (data_); } while (0) // The older form: a function of a number. ${INTERRUPT}
#define DECLARE_TASKLET(name_, callback_) struct tasklet_struct name_ = { .callback = (callback_), .use_callback = true } // A tasklet that is to call a function. ${INTERRUPT}
#define DECLARE_TASKLET_OLD(name_, func_) struct tasklet_struct name_ = { .func = (func_) } // A tasklet of the older form. ${INTERRUPT}
#define from_tasklet(var, callback_tasklet, tasklet_fieldname) container_of(callback_tasklet, typeof(*var), tasklet_fieldname) // What a tasklet is part of. ${INTERRUPT}
`;
