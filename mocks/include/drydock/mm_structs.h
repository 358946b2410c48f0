/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory-management and file structures that driver code and the emulated
 * kernel share. Valid C11 and C++20, and includes nothing: the one thing both
 * sides of the seam see (device_structs.h has the device model's half).
 *
 * One layout serves every kernel profile: fields of all profiles stand side by
 * side and mocks/struct_layout.h asserts the same offsets in C and in C++. A
 * profile changes names and constness only. No dev_t and no loff_t cross the
 * line (libc's differ in size or rank): they are spelled unsigned int and
 * long long, which is what the kernel's are.
 */
#ifndef DRYDOCK_MM_STRUCTS_H
#define DRYDOCK_MM_STRUCTS_H

#ifdef __cplusplus
#define DRYDOCK_FIELD(c_name, cpp_name) cpp_name
#define DRYDOCK_BOOL bool
extern "C" {
#else
#define DRYDOCK_FIELD(c_name, cpp_name) c_name
#define DRYDOCK_BOOL _Bool
#endif

/*
 * DRYDOCK_PROFILE is the profile's number (601, 612, 703), given on the
 * compiler's command line. A field that the profile's kernel does not have is
 * there by a name that no driver uses.
 *
 * P1: since 6.3 a driver may not assign vma->vm_flags. P12: mmap_prepare and
 * mapped are 7.3's, as is vma->flags. P19: since 6.6 huge_fault gets an order.
 */
#ifdef __cplusplus
#define DRYDOCK_HAS_703
#define DRYDOCK_VM_FLAGS_CONST
#define DRYDOCK_603(name) name
#define DRYDOCK_703(name) name
#define DRYDOCK_UNTIL_703(name) name
#define DRYDOCK_FAULT_SIZE unsigned int
#else
#if !defined(DRYDOCK_PROFILE) || DRYDOCK_PROFILE < 603
#define DRYDOCK_VM_FLAGS_CONST
#define DRYDOCK_603(name) drydock_not_yet_##name
enum page_entry_size { PE_SIZE_PTE = 0, PE_SIZE_PMD, PE_SIZE_PUD };
#define DRYDOCK_FAULT_SIZE enum page_entry_size
#else
#define DRYDOCK_VM_FLAGS_CONST const
#if DRYDOCK_PROFILE < 703
#define DRYDOCK_603(name) name
#else
#define DRYDOCK_603(name) drydock_no_more_##name
#endif
#define DRYDOCK_FAULT_SIZE unsigned int
#endif
#if !defined(DRYDOCK_PROFILE) || DRYDOCK_PROFILE < 703
#define DRYDOCK_703(name) drydock_not_yet_##name
#define DRYDOCK_UNTIL_703(name) name
#else
#define DRYDOCK_HAS_703
#define DRYDOCK_703(name) name
#define DRYDOCK_UNTIL_703(name) drydock_no_more_##name
#endif
#endif

struct address_space;
struct dentry;
struct file;
struct inode;
struct iov_iter;
struct kiocb;
struct mm_struct;
struct module;
struct page;
struct pipe_inode_info;
struct poll_table_struct;
struct seq_file;
struct vm_area_desc;
struct vm_area_struct;
struct vm_fault;

typedef struct {
	unsigned long pgprot;
} pgprot_t;

typedef struct {
	unsigned long pte;
} pte_t;

typedef unsigned long vm_flags_t;

/* 7.3's flags of a mapping: bit VMA_x_BIT is VM_x. */
struct drydock_vma_flags {
	unsigned long __vma_flags[1];
};
#ifdef DRYDOCK_HAS_703
typedef struct drydock_vma_flags vma_flags_t;
#endif
typedef unsigned int vm_fault_t;

/**
 * struct list_head - the kernel's doubly linked list
 * @next: next entry
 * @prev: previous entry
 */
struct list_head {
	struct list_head *next, *prev;
};

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	long long counter;
} atomic64_t;

/**
 * struct drydock_lock - what every kind of kernel lock is made of
 * @owner: task that holds it exclusively, 0 for none (sim's task ids)
 * @readers: how many hold it shared
 * @depth: acquisitions by @owner that are not released yet
 * @class_id: lock class given by the first acquisition, 0 before
 * @name: the text given to the init macro; NULL for a zeroed lock
 * @magic: DRYDOCK_LOCK_MAGIC once initialised
 */
struct drydock_lock {
	unsigned int owner;
	unsigned int readers;
	unsigned int depth;
	unsigned int class_id;
	const char *name;
	unsigned long magic;
};

#define DRYDOCK_LOCK_MAGIC 0x6472796c6f636bUL

/**
 * struct mm_struct - a process's address space, as far as drivers look
 * @mmap_lock: held for writing around ->mmap, for reading around ->fault (LK1)
 * @mm_users: processes that use it
 * @total_vm: pages mapped
 * @locked_vm: pages locked, which some drivers account by themselves
 * @pinned_vm: pages pinned, likewise
 * @mm_count: references to this struct, one of them the processes': mmgrab()
 * @id: the emulated kernel's index of it
 */
struct mm_struct {
	struct drydock_lock mmap_lock;
	atomic_t mm_users;
	unsigned int id;
	unsigned long total_vm;
	unsigned long locked_vm;
	atomic64_t pinned_vm;
	atomic_t mm_count;
	unsigned int drydock_unused; /* no padding: it is compared whole */
};

/**
 * struct task_struct - what `current` points to, as far as drivers look
 * @mm: its address space; NULL in a kernel thread
 * @pid: the thread's number
 * @tgid: the process's number
 * @flags: PF_*
 * @drydock_id: the emulated kernel's index of it
 * @comm: the program's name
 * @__state: TASK_*
 * @drydock_signals: DRYDOCK_SIGNAL*, those that are pending
 */
struct task_struct {
	struct mm_struct *mm;
	int pid;
	int tgid;
	unsigned int flags;
	unsigned int drydock_id;
	char comm[16];
	unsigned int __state;
	unsigned int drydock_signals;
};

/**
 * struct page - one frame of RAM; 64 bytes, in an array indexed by PFN
 */
struct page {
	unsigned long flags;
	struct address_space *mapping;
	unsigned long index;
	unsigned long DRYDOCK_FIELD(private, private_);
	struct page *compound_head;
	unsigned int compound_order;
	atomic_t _mapcount;
	atomic_t _refcount;
	unsigned int reserved0;
	unsigned long reserved1;
};

struct vm_operations_struct {
	void (*open)(struct vm_area_struct *vma);
	void (*close)(struct vm_area_struct *vma);
	int (*may_split)(struct vm_area_struct *vma, unsigned long addr);
	int (*mremap)(struct vm_area_struct *vma);
	int (*mprotect)(struct vm_area_struct *vma, unsigned long start,
			unsigned long end, unsigned long newflags);
	vm_fault_t (*fault)(struct vm_fault *vmf);
	vm_fault_t (*huge_fault)(struct vm_fault *vmf, DRYDOCK_FAULT_SIZE size);
	vm_fault_t (*map_pages)(struct vm_fault *vmf, unsigned long start_pgoff,
				unsigned long end_pgoff);
	unsigned long (*pagesize)(struct vm_area_struct *vma);
	vm_fault_t (*page_mkwrite)(struct vm_fault *vmf);
	vm_fault_t (*pfn_mkwrite)(struct vm_fault *vmf);
	int (*access)(struct vm_area_struct *vma, unsigned long addr, void *buf,
		      int len, int write);
	const char *(*name)(struct vm_area_struct *vma);
	struct page *(*DRYDOCK_UNTIL_703(find_special_page))(
		struct vm_area_struct *vma, unsigned long addr);
	int (*DRYDOCK_703(mapped))(unsigned long start, unsigned long end,
				   unsigned long pgoff, const struct file *file,
				   void **vm_private_data);
};

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	struct mm_struct *vm_mm;
	pgprot_t vm_page_prot;
	union {
		DRYDOCK_VM_FLAGS_CONST vm_flags_t vm_flags;
		vm_flags_t DRYDOCK_603(__vm_flags);
		struct drydock_vma_flags DRYDOCK_703(flags);
	};
	const struct vm_operations_struct *vm_ops;
	unsigned long vm_pgoff; /* in pages */
	struct file *vm_file;
	void *vm_private_data;
	void *anon_vma;
	unsigned int
		drydock_id; /* the emulated kernel's; drivers do not touch it */
	unsigned int drydock_generation;
};

#ifdef DRYDOCK_HAS_703
/* What is to be done when the mapping is there. */
enum mmap_action_type {
	MMAP_NOTHING,
	MMAP_REMAP_PFN,
	MMAP_IO_REMAP_PFN,
	MMAP_SIMPLE_IO_REMAP,
	MMAP_MAP_KERNEL_PAGES
};

/**
 * struct mmap_action - how ->mmap_prepare wants its mapping filled
 * @remap: of MMAP_REMAP_PFN and MMAP_IO_REMAP_PFN: @size bytes from address
 *	@start show the frames from @start_pfn on
 * @simple_ioremap: what vm_iomap_memory() would get
 * @map_kernel: @nr_pages of @pages, from address @start on; @pgoff is unused
 * @type: an enum mmap_action_type
 * @error_override: in place of an error that comes after the mapping was made
 * @hide_from_rmap_until_complete: unmap_mapping_range() finds it when all is done
 */
struct mmap_action {
	union {
		struct {
			unsigned long start;
			unsigned long start_pfn;
			unsigned long size;
			pgprot_t pgprot;
		} remap;
		struct {
			unsigned long long start_phys_addr;
			unsigned long size;
		} simple_ioremap;
		struct {
			unsigned long start;
			struct page **pages;
			unsigned long nr_pages;
			unsigned long pgoff;
		} map_kernel;
	};
	enum mmap_action_type type;
	int error_override;
	DRYDOCK_BOOL hide_from_rmap_until_complete : 1;
};

/**
 * struct vm_area_desc - a mapping that is going to be, for ->mmap_prepare
 *
 * The driver reads @mm, @file, @start and @end; it may change all others, and
 * of these @vm_ops (empty, not NULL) and @private_data tell it nothing.
 */
struct vm_area_desc {
	struct mm_struct *mm;
	struct file *file;
	unsigned long start;
	unsigned long end;
	unsigned long pgoff; /* in pages */
	struct file *vm_file;
	vma_flags_t vma_flags;
	pgprot_t page_prot;
	const struct vm_operations_struct *vm_ops;
	void *private_data;
	struct mmap_action action;
};
#endif

struct vm_fault {
	struct vm_area_struct *vma;
	unsigned int gfp_mask;
	unsigned int flags;    /* FAULT_FLAG_* */
	unsigned long pgoff;   /* in pages, of the object */
	unsigned long address; /* page aligned */
	unsigned long real_address;
	struct page *cow_page;
	struct page *page; /* ->fault puts it here unless VM_FAULT_NOPAGE */
	pte_t orig_pte;
	pte_t *pte;
};

struct address_space {
	struct inode *host;
	unsigned long nrpages;
	void *private_data;
};

struct super_block {
	unsigned long s_magic;
};

struct inode {
	unsigned short i_mode;
	unsigned short i_opflags;
	unsigned int i_flags;
	unsigned int
		i_rdev; /* the kernel's dev_t: 12 bits major, 20 bits minor */
	unsigned int i_count;
	unsigned long i_ino;
	long long i_size;
	struct address_space *i_mapping;
	struct cdev *i_cdev;
	void *i_private;
	const struct file_operations *i_fop;
	struct super_block *i_sb;
	struct address_space i_data;
};

struct dentry {
	struct inode *d_inode;
	const char *drydock_name;
};

struct path {
	void *mnt;
	struct dentry *dentry;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	const struct file_operations *f_op;
	unsigned int f_mode;  /* FMODE_* */
	unsigned int f_flags; /* O_* */
	long long f_pos;
	void *private_data;
	struct address_space *f_mapping;
	atomic64_t f_count;
	unsigned int drydock_id;
	unsigned int drydock_reserved;
};

typedef int (*filldir_t)(void *, const char *, int, long long, unsigned long,
			 unsigned int);

struct file_operations {
	struct module *owner;
	long long (*llseek)(struct file *file, long long offset, int whence);
	long (*read)(struct file *file, char *to, unsigned long count,
		     long long *pos);
	long (*write)(struct file *file, const char *from, unsigned long count,
		      long long *pos);
	long (*read_iter)(struct kiocb *iocb, struct iov_iter *to);
	long (*write_iter)(struct kiocb *iocb, struct iov_iter *from);
	unsigned int (*poll)(struct file *file, struct poll_table_struct *wait);
	long (*unlocked_ioctl)(struct file *file, unsigned int cmd,
			       unsigned long arg);
	long (*compat_ioctl)(struct file *file, unsigned int cmd,
			     unsigned long arg);
	int (*mmap)(struct file *file, struct vm_area_struct *vma);
	unsigned long mmap_supported_flags;
	int (*open)(struct inode *inode, struct file *file);
	int (*flush)(struct file *file, void *id);
	int (*release)(struct inode *inode, struct file *file);
	int (*fsync)(struct file *file, long long start, long long end,
		     int datasync);
	int (*fasync)(int fd, struct file *file, int on);
	unsigned long (*get_unmapped_area)(struct file *file,
					   unsigned long addr,
					   unsigned long len,
					   unsigned long pgoff,
					   unsigned long flags);
	long (*splice_read)(struct file *in, long long *pos,
			    struct pipe_inode_info *pipe, unsigned long len,
			    unsigned int flags);
	long (*splice_write)(struct pipe_inode_info *pipe, struct file *out,
			     long long *pos, unsigned long len,
			     unsigned int flags);
	long (*fallocate)(struct file *file, int mode, long long offset,
			  long long len);
	void (*show_fdinfo)(struct seq_file *m, struct file *f);
	int (*DRYDOCK_703(mmap_prepare))(struct vm_area_desc *desc);
	unsigned int fop_flags;
	unsigned int drydock_reserved;
};

#ifdef __cplusplus
}
#endif

#endif
