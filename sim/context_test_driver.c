// SPDX-License-Identifier: GPL-2.0
/* Each ioctl takes locks or closes off interrupts in one way; for context_test.cc. */
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

struct part {
  struct mutex lock;
  spinlock_t spin;
};

static struct part parts[2];
static struct part other;
static DEFINE_MUTEX(alone);
static struct mutex table[2] = {__MUTEX_INITIALIZER(table), __MUTEX_INITIALIZER(table)};
static struct lock_class_key key;

static void sleep_a_little(void) { kfree(kmalloc(8, GFP_KERNEL)); }

static void init_part(struct part *part) {
  mutex_init(&part->lock);
  spin_lock_init(&part->spin);
}

/* The same text as in init_part(), and another class. */
static void init_other(struct part *part) { mutex_init(&part->lock); }

static long take_both(struct mutex *first, struct mutex *second) {
  mutex_lock(first);
  mutex_lock(second);
  mutex_unlock(second);
  mutex_unlock(first);
  return 0;
}

static long context_ioctl(struct file *file, unsigned int command, unsigned long argument) {
  unsigned long flags;
  long count;

  switch (command) {
    case 'r':
      rcu_read_lock();
      rcu_read_lock();
      rcu_read_unlock();
      sleep_a_little();
      rcu_read_unlock();
      return 0;
    case 'p':
      preempt_disable();
      sleep_a_little();
      preempt_enable();
      return 0;
    case 'c':
      count = get_cpu();
      sleep_a_little();
      put_cpu();
      return count;
    case 'b':
      local_bh_disable();
      sleep_a_little();
      local_bh_enable();
      return 0;
    case 'i':
      local_irq_save(flags);
      sleep_a_little();
      local_irq_restore(flags);
      return 0;
    case 's':
      spin_lock(&parts[0].spin);
      sleep_a_little();
      spin_unlock(&parts[0].spin);
      return 0;
    case 'f': /* fine */
      rcu_read_lock();
      preempt_disable();
      count = preempt_count();
      preempt_enable();
      rcu_read_unlock();
      sleep_a_little();
      return count;
    case 'o': /* left open */
      rcu_read_lock();
      return 0;
    case 'e': /* ended twice */
      rcu_read_lock();
      rcu_read_unlock();
      rcu_read_unlock();
      return 0;
    case '2':
      return take_both(&parts[0].lock, &parts[1].lock);
    case 'n':
      mutex_lock(&parts[0].lock);
      mutex_lock_nested(&parts[1].lock, SINGLE_DEPTH_NESTING);
      mutex_unlock(&parts[1].lock);
      mutex_unlock(&parts[0].lock);
      return 0;
    case 'd':
      return take_both(&parts[0].lock, &other.lock);
    case 't':
      return take_both(&table[0], &table[1]);
    case 'a':
      return take_both(&alone, &parts[0].lock);
    case 'k':
      lockdep_set_class(&parts[1].lock, &key);
      return take_both(&parts[0].lock, &parts[1].lock);
    default:
      return -ENOTTY;
  }
}

static int context_mmap(struct file *file, struct vm_area_struct *vma) { return -EINVAL; }

static const struct file_operations context_fops = {
    .owner = THIS_MODULE,
    .unlocked_ioctl = context_ioctl,
    .mmap = context_mmap,
};

static struct miscdevice context_misc = {
    .minor = MISC_DYNAMIC_MINOR,
    .name = "context",
    .fops = &context_fops,
};

static int __init context_init(void) {
  init_part(&parts[0]);
  init_part(&parts[1]);
  init_other(&other);
  return misc_register(&context_misc);
}
module_init(context_init);

static void __exit context_exit(void) { misc_deregister(&context_misc); }
module_exit(context_exit);

MODULE_LICENSE("GPL");
