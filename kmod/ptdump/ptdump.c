// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel has noted of a process's memory: its VMAs, and the entries of its
 * page tables as the processor sees them. Neither /proc nor debugfs tells that of a
 * VM_PFNMAP mapping (pagemap skips it, smaps counts nothing).
 *
 * For tests, in guests that end with them: it hands frame numbers to user space.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include <asm/pgtable.h>

#include "ptdump_uapi.h"

#define MSR_PAT 0x277

/* One dump at a time; what it collects. */
static DEFINE_MUTEX(ptdump_lock);
static struct ptdump_record *records;
static unsigned int count;
static u64 pat;

/* Bits of struct ptdump_record.flags, and what this kernel calls them. */
static const struct {
	u64 told;
	u64 here;
} vm_flag_names[] = {
	{ 0x00000001, VM_READ },	{ 0x00000002, VM_WRITE },
	{ 0x00000004, VM_EXEC },	{ 0x00000008, VM_SHARED },
	{ 0x00000010, VM_MAYREAD },	{ 0x00000020, VM_MAYWRITE },
	{ 0x00000040, VM_MAYEXEC },	{ 0x00000080, VM_MAYSHARE },
	{ 0x00000100, VM_GROWSDOWN },	{ 0x00000400, VM_PFNMAP },
	{ 0x00002000, VM_LOCKED },	{ 0x00004000, VM_IO },
	{ 0x00008000, VM_SEQ_READ },	{ 0x00010000, VM_RAND_READ },
	{ 0x00020000, VM_DONTCOPY },	{ 0x00040000, VM_DONTEXPAND },
	{ 0x00080000, VM_LOCKONFAULT }, { 0x00100000, VM_ACCOUNT },
	{ 0x00200000, VM_NORESERVE },	{ 0x00400000, VM_HUGETLB },
	{ 0x00800000, VM_SYNC },
#ifdef VM_PAT
	{ 0x01000000, VM_PAT },
#endif
	{ 0x02000000, VM_WIPEONFORK },	{ 0x04000000, VM_DONTDUMP },
	{ 0x08000000, VM_SOFTDIRTY },	{ 0x10000000, VM_MIXEDMAP },
	{ 0x20000000, VM_HUGEPAGE },	{ 0x40000000, VM_NOHUGEPAGE },
	{ 0x80000000, VM_MERGEABLE },
#ifdef VM_DROPPABLE
	{ 1ULL << 40, VM_DROPPABLE },
#endif
};

static u64 told_flags(u64 vm_flags)
{
	u64 told = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vm_flag_names); i++)
		if (vm_flags & vm_flag_names[i].here)
			told |= vm_flag_names[i].told;
	return told;
}

/* The memory type that the cache bits of an entry, or of a pgprot, select. */
static u16 memory_type(u64 raw, bool huge)
{
	unsigned int index = (raw & _PAGE_PWT ? 1 : 0) |
			     (raw & _PAGE_PCD ? 2 : 0);

	if (raw & (huge ? _PAGE_PAT_LARGE : _PAGE_PAT))
		index |= 4;
	return pat >> (8 * index) & 7;
}

/* Appends, or makes the last run longer. Counts on when there is no room. */
static void tell(const struct ptdump_record *record)
{
	if (record->kind == PTDUMP_RUN && count && count <= PTDUMP_MOST) {
		struct ptdump_record *last = &records[count - 1];
		u64 pages = (last->end - last->start) >> PAGE_SHIFT;

		if (last->kind == PTDUMP_RUN && last->bits == record->bits &&
		    last->cache == record->cache &&
		    last->end == record->start &&
		    last->frame + pages == record->frame) {
			last->end = record->end;
			return;
		}
	}
	if (count < PTDUMP_MOST)
		records[count] = *record;
	count++;
}

static void tell_entry(pte_t pte, unsigned long addr)
{
	struct ptdump_record run = {
		.kind = PTDUMP_RUN,
		.start = addr,
		.end = addr + PAGE_SIZE,
	};
	u64 raw = pte_val(pte);

	if (!pte_present(pte)) {
		run.bits = PTDUMP_SWAP;
		tell(&run);
		return;
	}
	run.frame = pte_pfn(pte);
	run.cache = memory_type(raw, false);
	if (raw & _PAGE_PRESENT)
		run.bits |= PTDUMP_PRESENT;
	if (pte_write(pte))
		run.bits |= PTDUMP_WRITE;
	if (!(raw & _PAGE_NX))
		run.bits |= PTDUMP_EXEC;
	if (pte_special(pte))
		run.bits |= PTDUMP_SPECIAL;
	if (pte_dirty(pte))
		run.bits |= PTDUMP_DIRTY;
	if (pte_young(pte))
		run.bits |= PTDUMP_ACCESSED;
	if (run.frame == page_to_pfn(ZERO_PAGE(addr)))
		run.bits |= PTDUMP_ZERO;
	else if (!pte_special(pte) && pfn_valid(run.frame) &&
		 PageAnon(pfn_to_page(run.frame)))
		run.bits |= PTDUMP_ANON;
	tell(&run);
}

/* A huge page: anonymous memory that was advised so. Told in one piece. */
static void tell_huge(u64 raw, u64 frame, unsigned long addr, unsigned long end)
{
	struct ptdump_record run = {
		.kind = PTDUMP_RUN,
		.bits = PTDUMP_HUGE,
		.cache = memory_type(raw, true),
		.start = addr,
		.end = end,
		.frame = frame,
	};

	if (raw & _PAGE_PRESENT)
		run.bits |= PTDUMP_PRESENT;
	if (raw & _PAGE_RW)
		run.bits |= PTDUMP_WRITE;
	if (!(raw & _PAGE_NX))
		run.bits |= PTDUMP_EXEC;
	if (raw & _PAGE_DIRTY)
		run.bits |= PTDUMP_DIRTY;
	if (raw & _PAGE_ACCESSED)
		run.bits |= PTDUMP_ACCESSED;
	tell(&run);
}

/*
 * The address behind the empty entries that begin with the one of addr, which is
 * empty: at most end, at most the end of its table. Most entries of most tables are
 * empty, and all of them are looked at after each step of a program: eight at once.
 */
static unsigned long skip_empty(const u64 *entry, unsigned long addr,
				unsigned long end, unsigned int shift)
{
	const unsigned long size = 1UL << shift;
	const u64 *const behind = PTR_ALIGN(entry + 1, PAGE_SIZE);

	addr &= ~(size - 1);
	do {
		entry++;
		addr += size;
		while (entry + 8 <= behind &&
		       !(entry[0] | entry[1] | entry[2] | entry[3] | entry[4] |
			 entry[5] | entry[6] | entry[7])) {
			entry += 8;
			addr += 8 * size;
		}
	} while (addr < end && entry < behind && !*entry);
	return min(addr, end);
}

/*
 * Entries in [addr, end). Written out, since the kernel's own walkers are not
 * exported. A level that this kernel does not have ends where the one above it
 * ends. The caller holds mmap_lock; anonymous memory of this one task is the only
 * thing whose tables might go meanwhile, and nothing here makes them go.
 */
static void tell_entries(struct mm_struct *mm, unsigned long addr,
			 unsigned long end)
{
	while (addr < end) {
		unsigned long next;
		pgd_t *pgd = pgd_offset(mm, addr);
		p4d_t *p4d;
		pud_t *pud;
		pmd_t *pmd;

		/* (For pgd_none() no entry is empty where p4d is the same.) */
		if (!pgd_val(*pgd)) {
			addr = skip_empty((u64 *)pgd, addr, end, PGDIR_SHIFT);
			continue;
		}
		next = pgd_addr_end(addr, end);
		p4d = p4d_offset(pgd, addr);
		if (p4d_none(*p4d)) {
			addr = skip_empty((u64 *)p4d, addr, next, P4D_SHIFT);
			continue;
		}
		next = p4d_addr_end(addr, next);
		pud = pud_offset(p4d, addr);
		if (pud_none(*pud)) {
			addr = skip_empty((u64 *)pud, addr, next, PUD_SHIFT);
			continue;
		}
		next = pud_addr_end(addr, next);
		pmd = pmd_offset(pud, addr);
		if (pmd_none(*pmd)) {
			addr = skip_empty((u64 *)pmd, addr, next, PMD_SHIFT);
			continue;
		}
		next = pmd_addr_end(addr, next);
		if (pmd_val(*pmd) & _PAGE_PSE) {
			tell_huge(pmd_val(*pmd),
				  pmd_pfn(*pmd) +
					  ((addr & ~PMD_MASK) >> PAGE_SHIFT),
				  addr, next);
			addr = next;
			continue;
		}
		while (addr < next) {
			pte_t *entry = pte_offset_kernel(pmd, addr);
			pte_t pte = READ_ONCE(*entry);

			if (pte_none(pte)) {
				addr = skip_empty((u64 *)entry, addr, next,
						  PAGE_SHIFT);
				continue;
			}
			tell_entry(pte, addr);
			addr += PAGE_SIZE;
		}
	}
}

/* Entries in no VMA: a driver that mapped too much has left them. */
static void tell_outside(struct mm_struct *mm, u64 *told_up_to, u64 start)
{
	if (*told_up_to < start)
		tell_entries(mm, *told_up_to, start);
}

static void collect(struct mm_struct *mm, u64 start, u64 end)
{
	struct vm_area_struct *vma;
	u64 told_up_to = start;

	count = 0;
	mmap_read_lock(mm);
	for (vma = find_vma(mm, start); vma && vma->vm_start < end;
	     vma = find_vma(mm, vma->vm_end)) {
		struct ptdump_record record = {
			.kind = PTDUMP_VMA,
			.bits = pgprot_val(vma->vm_page_prot) & _PAGE_RW
					? PTDUMP_WRITE
					: 0,
			.cache = memory_type(pgprot_val(vma->vm_page_prot),
					     false),
			.start = vma->vm_start,
			.end = vma->vm_end,
			.frame = vma->vm_pgoff,
			.flags = told_flags(vma->vm_flags),
		};
		u64 from = max_t(u64, vma->vm_start, start);
		u64 to = min_t(u64, vma->vm_end, end);

		if (vma->vm_file && S_ISREG(file_inode(vma->vm_file)->i_mode))
			record.bits |= PTDUMP_OBJECT;
		tell_outside(mm, &told_up_to, from);
		tell(&record);
		tell_entries(mm, from, to);
		told_up_to = to;
	}
	tell_outside(mm, &told_up_to, end);
	mmap_read_unlock(mm);
}

static long ptdump_dump(struct ptdump_dump __user *to)
{
	struct ptdump_dump dump;
	long err = 0;

	if (copy_from_user(&dump, to, sizeof(dump)))
		return -EFAULT;
	if ((dump.start | dump.end) & ~PAGE_MASK || dump.start > dump.end ||
	    dump.end > TASK_SIZE_MAX)
		return -EINVAL;

	mutex_lock(&ptdump_lock);
	collect(current->mm, dump.start, dump.end);
	dump.count = count;
	if (count > dump.capacity || count > PTDUMP_MOST)
		err = -ENOSPC;
	else if (copy_to_user(u64_to_user_ptr(dump.records), records,
			      count * sizeof(*records)))
		err = -EFAULT;
	mutex_unlock(&ptdump_lock);

	if (put_user(dump.count, &to->count))
		return -EFAULT;
	return err;
}

static long ptdump_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (cmd == PTDUMP_DUMP)
		return ptdump_dump((struct ptdump_dump __user *)arg);
	return -ENOTTY;
}

static const struct file_operations ptdump_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = ptdump_ioctl,
};

static struct miscdevice ptdump_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "drydock_ptdump",
	.fops = &ptdump_fops,
	.mode = 0600,
};

static int __init ptdump_init(void)
{
	u32 low, high;
	int err;

	/* Inline: the kernel's own names for it change. */
	asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(MSR_PAT));
	pat = low | (u64)high << 32;

	records = vmalloc(array_size(PTDUMP_MOST, sizeof(*records)));
	if (!records)
		return -ENOMEM;
	err = misc_register(&ptdump_misc);
	if (err)
		vfree(records);
	return err;
}
module_init(ptdump_init);

static void __exit ptdump_exit(void)
{
	misc_deregister(&ptdump_misc);
	vfree(records);
}
module_exit(ptdump_exit);

MODULE_DESCRIPTION("Drydock: VMAs and page-table entries, for tests");
MODULE_AUTHOR("The Drydock authors");
MODULE_LICENSE("GPL");
