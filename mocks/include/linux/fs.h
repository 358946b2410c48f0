/* SPDX-License-Identifier: GPL-2.0 */
/* Files as a character driver sees them. */
#ifndef _LINUX_KERNEL_FS_H
#define _LINUX_KERNEL_FS_H

#include <linux/kernel.h>
#include <linux/err.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <linux/gfp.h>
#include <linux/kdev_t.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include <linux/ioctl.h>
#include <linux/capability.h>
#include <drydock/flags.h>

#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#define SEEK_DATA 3
#define SEEK_HOLE 4
#define S_IRUGO (S_IRUSR | S_IRGRP | S_IROTH)
#define S_IWUGO (S_IWUSR | S_IWGRP | S_IWOTH)
#define S_IXUGO (S_IXUSR | S_IXGRP | S_IXOTH)
#define S_IRWXUGO (S_IRWXU | S_IRWXG | S_IRWXO)
#define MAX_LFS_FILESIZE ((loff_t)LLONG_MAX)
#define CHRDEV_MAJOR_MAX 512

static inline struct inode *file_inode(const struct file *file)
{
	return file->f_inode;
}

static inline struct dentry *file_dentry(const struct file *file)
{
	return file->f_path.dentry;
}

static inline unsigned int iminor(const struct inode *inode)
{
	return MINOR(inode->i_rdev);
}

static inline unsigned int imajor(const struct inode *inode)
{
	return MAJOR(inode->i_rdev);
}

static inline loff_t i_size_read(const struct inode *inode)
{
	return inode->i_size;
}

static inline void i_size_write(struct inode *inode, loff_t size)
{
	inode->i_size = size;
}

/* A driver whose ->mmap asks another file's. */
#if DRYDOCK_PROFILE_NUMBER < 703
static inline int call_mmap(struct file *file, struct vm_area_struct *vma)
{
	return file->f_op->mmap(file, vma);
}
#else
int compat_vma_mmap(struct file *file, struct vm_area_struct *vma);

static inline int vfs_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (file->f_op->mmap_prepare)
		return compat_vma_mmap(file, vma);
	return file->f_op->mmap(file, vma);
}

static inline int vfs_mmap_prepare(struct file *file, struct vm_area_desc *desc)
{
	return file->f_op->mmap_prepare(desc);
}
#endif

/* References to an inode; iput(NULL) is nothing. */
void ihold(struct inode *inode);
void iput(struct inode *inode);

int __register_chrdev(unsigned int major, unsigned int baseminor,
		      unsigned int count, const char *name,
		      const struct file_operations *fops);
void __unregister_chrdev(unsigned int major, unsigned int baseminor,
			 unsigned int count, const char *name);
int alloc_chrdev_region(dev_t *dev, unsigned int baseminor, unsigned int count,
			const char *name);
int register_chrdev_region(dev_t from, unsigned int count, const char *name);
void unregister_chrdev_region(dev_t from, unsigned int count);

static inline int register_chrdev(unsigned int major, const char *name,
				  const struct file_operations *fops)
{
	return __register_chrdev(major, 0, 256, name, fops);
}

static inline void unregister_chrdev(unsigned int major, const char *name)
{
	__unregister_chrdev(major, 0, 256, name);
}

/* llseek hooks. */
loff_t noop_llseek(struct file *file, loff_t offset, int whence);
loff_t default_llseek(struct file *file, loff_t offset, int whence);
loff_t generic_file_llseek(struct file *file, loff_t offset, int whence);
loff_t fixed_size_llseek(struct file *file, loff_t offset, int whence,
			 loff_t size);
loff_t no_seek_end_llseek(struct file *file, loff_t offset, int whence);
#if DRYDOCK_PROFILE_NUMBER < 612
#define no_llseek NULL
#endif
int nonseekable_open(struct inode *inode, struct file *file);
int stream_open(struct inode *inode, struct file *file);
int simple_open(struct inode *inode, struct file *file);

/* read and write hooks over a buffer in kernel memory. */
ssize_t simple_read_from_buffer(void __user *to, size_t count, loff_t *pos,
				const void *from, size_t available);
ssize_t simple_write_to_buffer(void *to, size_t available, loff_t *pos,
			       const void __user *from, size_t count);

long compat_ptr_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

struct fasync_struct;
int fasync_helper(int fd, struct file *file, int on,
		  struct fasync_struct **queue);
void kill_fasync(struct fasync_struct **queue, int sig, int band);

struct file *fget(unsigned int fd);
void fput(struct file *file);
struct file *drydock_get_file(struct file *file);
#define get_file(file) drydock_get_file(file)
#define replace_fops(file, fops) ((file)->f_op = (fops))
#define fops_get(fops) (fops)
#define fops_put(fops) ((void)(fops))

#endif
