// SPDX-License-Identifier: GPL-2.0
/*
 * A driver for tests: each ioctl waits for, or begins, something that happens by
 * itself. Its one page can be mapped, so that it may be loaded.
 */
#include "sleeper.h"

#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

static unsigned long sleeper_page;
static DECLARE_WAIT_QUEUE_HEAD(sleeper_wait);
static DECLARE_COMPLETION(sleeper_done);
static DEFINE_MUTEX(sleeper_mutex);
static DEFINE_SPINLOCK(sleeper_lock);
static int sleeper_ready;
static int sleeper_count;
static struct hrtimer sleeper_hrtimer;
static bool sleeper_block;
module_param(sleeper_block, bool, 0444);

static void sleeper_work_fn(struct work_struct *work) {
  mutex_lock(&sleeper_mutex);
  msleep(5);
  sleeper_ready = 1;
  mutex_unlock(&sleeper_mutex);
  wake_up_interruptible_poll(&sleeper_wait, EPOLLIN);
  complete(&sleeper_done);
}

static DECLARE_DELAYED_WORK(sleeper_work, sleeper_work_fn);

static void sleeper_timer_fn(struct timer_list *timer) {
  spin_lock(&sleeper_lock);
  sleeper_ready = 1;
  spin_unlock(&sleeper_lock);
  wake_up(&sleeper_wait);
}

static DEFINE_TIMER(sleeper_timer, sleeper_timer_fn);

static enum hrtimer_restart sleeper_hrtimer_fn(struct hrtimer *timer) {
  if (++sleeper_count < 3) {
    hrtimer_forward_now(timer, ms_to_ktime(1));
    return HRTIMER_RESTART;
  }
  sleeper_ready = 1;
  wake_up(&sleeper_wait);
  return HRTIMER_NORESTART;
}

static void sleeper_page_fn(struct work_struct *work) {
  struct page *page = virt_to_page((void *)sleeper_page);

  lock_page(page);
  msleep(5);
  sleeper_ready = 1;
  unlock_page(page);
}

static DECLARE_WORK(sleeper_page_work, sleeper_page_fn);

static void sleeper_bug_fn(struct work_struct *work) { BUG(); }

static DECLARE_WORK(sleeper_bug, sleeper_bug_fn);

static void sleeper_forever_fn(struct work_struct *work) {
  wait_event(sleeper_wait, sleeper_ready == 77);
}

static DECLARE_WORK(sleeper_forever, sleeper_forever_fn);

struct sleeper_object {
  struct work_struct work;
  struct timer_list timer;
  wait_queue_head_t wait;
};

static void sleeper_free_fn(struct work_struct *work) {
  kfree(container_of(work, struct sleeper_object, work));
}

static long sleeper_free(unsigned int command) {
  struct sleeper_object *object = kzalloc(sizeof(*object), GFP_KERNEL);

  if (!object) return -ENOMEM;
  INIT_WORK(&object->work, sleeper_free_fn);
  timer_setup(&object->timer, sleeper_timer_fn, 0);
  switch (command) {
    case SLEEPER_FREE_ITSELF:
      schedule_work(&object->work);
      return 0;
    case SLEEPER_FREE_QUEUED:
      schedule_work(&object->work);
      break;
    case SLEEPER_FREE_TIMER:
      mod_timer(&object->timer, jiffies + HZ);
      break;
    default:
      break;
  }
  kfree(object);
  return 0;
}

static long sleeper_ioctl(struct file *file, unsigned int command, unsigned long arg) {
  struct page *page = virt_to_page((void *)sleeper_page);
  struct completion never;
  unsigned long flags;
  long left;

  sleeper_ready = 0;
  sleeper_count = 0;
  switch (command) {
    case SLEEPER_WORK:
      schedule_delayed_work(&sleeper_work, msecs_to_jiffies(10));
      return wait_event_interruptible(sleeper_wait, sleeper_ready);
    case SLEEPER_START_WORK:
      reinit_completion(&sleeper_done);
      schedule_delayed_work(&sleeper_work, msecs_to_jiffies(10));
      return 0;
    case SLEEPER_COMPLETION:
      reinit_completion(&sleeper_done);
      schedule_delayed_work(&sleeper_work, msecs_to_jiffies(10));
      left = wait_for_completion_interruptible_timeout(&sleeper_done, HZ);
      return left;
    case SLEEPER_TIMER:
      mod_timer(&sleeper_timer, jiffies + 5);
      wait_event(sleeper_wait, sleeper_ready);
      return 0;
    case SLEEPER_HRTIMER:
      hrtimer_start(&sleeper_hrtimer, ms_to_ktime(1), HRTIMER_MODE_REL);
      wait_event(sleeper_wait, sleeper_ready);
      return sleeper_count;
    case SLEEPER_TIMEOUT:
      return wait_event_interruptible_timeout(sleeper_wait, sleeper_ready, msecs_to_jiffies(arg));
    case SLEEPER_INTERRUPTIBLE:
      return wait_event_interruptible(sleeper_wait, sleeper_ready);
    case SLEEPER_KILLABLE:
      return wait_event_killable(sleeper_wait, sleeper_ready);
    case SLEEPER_FOR_EVER:
      init_completion(&never);
      wait_for_completion(&never);
      return 0;
    case SLEEPER_MUTEX:
      schedule_delayed_work(&sleeper_work, 0);
      while (!mutex_is_locked(&sleeper_mutex)) cpu_relax();
      mutex_lock(&sleeper_mutex);
      mutex_unlock(&sleeper_mutex);
      return sleeper_ready;
    case SLEEPER_PAGE:
      schedule_work(&sleeper_page_work);
      while (!PageLocked(page)) cpu_relax();
      lock_page(page);
      unlock_page(page);
      return sleeper_ready;
    case SLEEPER_PAGE_TWICE:
      lock_page(page);
      lock_page(page);
      return 0;
    case SLEEPER_ATOMIC:
      spin_lock_irqsave(&sleeper_lock, flags);
      wait_event_timeout(sleeper_wait, sleeper_ready, 2);
      spin_unlock_irqrestore(&sleeper_lock, flags);
      return 0;
    case SLEEPER_IRQ_UNSAFE:
      spin_lock(&sleeper_lock);
      spin_unlock(&sleeper_lock);
      mod_timer(&sleeper_timer, jiffies + 5);
      wait_event(sleeper_wait, sleeper_ready);
      return 0;
    case SLEEPER_BUG:
      schedule_work(&sleeper_forever);
      schedule_work(&sleeper_bug);
      wait_event(sleeper_wait, sleeper_ready);
      return 0;
    case SLEEPER_LEAVE_WORK:
      schedule_work(&sleeper_forever);
      return 0;
    default:
      return sleeper_free(command);
  }
}

static ssize_t sleeper_read(struct file *file, char __user *to, size_t count, loff_t *pos) {
  DECLARE_WAITQUEUE(wait, current);
  int err = 0;

  add_wait_queue(&sleeper_wait, &wait);
  for (;;) {
    set_current_state(TASK_INTERRUPTIBLE);
    if (sleeper_ready) break;
    if (file->f_flags & O_NONBLOCK) {
      err = -EAGAIN;
      break;
    }
    if (signal_pending(current)) {
      err = -ERESTARTSYS;
      break;
    }
    schedule();
  }
  set_current_state(TASK_RUNNING);
  remove_wait_queue(&sleeper_wait, &wait);
  return err;
}

static __poll_t sleeper_poll(struct file *file, poll_table *table) {
  poll_wait(file, &sleeper_wait, table);
  return sleeper_ready ? EPOLLIN | EPOLLRDNORM : 0;
}

static int sleeper_mmap(struct file *file, struct vm_area_struct *vma) {
  if (vma->vm_pgoff || vma_pages(vma) != 1) return -EINVAL;
  return remap_pfn_range(vma, vma->vm_start, virt_to_phys((void *)sleeper_page) >> PAGE_SHIFT,
                         PAGE_SIZE, vma->vm_page_prot);
}

static const struct file_operations sleeper_fops = {
    .owner = THIS_MODULE,
    .read = sleeper_read,
    .poll = sleeper_poll,
    .unlocked_ioctl = sleeper_ioctl,
    .mmap = sleeper_mmap,
};

static struct miscdevice sleeper_misc = {
    .minor = MISC_DYNAMIC_MINOR,
    .name = "sleeper",
    .fops = &sleeper_fops,
};

static int __init sleeper_init(void) {
  int err;

  sleeper_page = get_zeroed_page(GFP_KERNEL);
  if (!sleeper_page) return -ENOMEM;
  hrtimer_init(&sleeper_hrtimer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
  sleeper_hrtimer.function = sleeper_hrtimer_fn;
  err = misc_register(&sleeper_misc);
  if (err) free_page(sleeper_page);
  if (sleeper_block) schedule_work(&sleeper_forever);
  return err;
}
module_init(sleeper_init);

static void __exit sleeper_exit(void) {
  misc_deregister(&sleeper_misc);
  cancel_delayed_work_sync(&sleeper_work);
  del_timer_sync(&sleeper_timer);
  hrtimer_cancel(&sleeper_hrtimer);
  free_page(sleeper_page);
}
module_exit(sleeper_exit);

MODULE_DESCRIPTION("Waits");
MODULE_LICENSE("GPL");
