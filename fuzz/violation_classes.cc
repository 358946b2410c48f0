#include "fuzz/violation_classes.h"

namespace drydock::fuzz {
namespace {

// NOLINTBEGIN(readability-identifier-naming): a column of one letter in the table.
constexpr Weight F = Weight::kFinding;
constexpr Weight A = Weight::kAdvice;
constexpr Weight L = Weight::kLimit;
// NOLINTEND(readability-identifier-naming)

// clang-format off
constexpr ViolationClass kClasses[] = {
    {1, "C01", F, 1, "no window", "The offset that user space gives is used as a page frame number: any memory can be mapped."},
    {2, "C02", F, 1, "range not checked", "The length or the offset of a mapping may reach beyond the buffer."},
    {3, "C03", F, 1, "offset plus length wraps", "The sum in the bounds check overflows, so that a huge offset passes it."},
    {4, "C04", F, 1, "size minus offset underflows", "An offset beyond the buffer makes the rest of it look huge."},
    {5, "C05", F, 1, "off by one at the end", "The page after the last one is accepted."},
    {6, "C06", F, 1, "fault does not check its index", "The fault handler takes a page index that lies outside the buffer."},
    {7, "C07", F, 1, "units mixed", "Pages, bytes and addresses are compared or added with one another."},
    {8, "C08", F, 14, "offset used as a table index", "The offset selects a table entry without a check against the table's size."},
    {9, "C09", F, 2, "partial mapping miscalculated", "The arithmetic is right for offset 0 only."},
    {10, "C10", F, 2, "maps the buffer, not the range", "The length comes from the buffer: pages are put outside of the range that was asked for."},
    {11, "C11", F, 1, "number cut off", "A size, an offset or an address does not fit the type that it is kept in."},
    {12, "C12", F, 14, "access hook not bounded", "vm_ops->access reads or writes beyond the buffer."},
    {13, "C13", F, 1, "offset names somebody else's object", "An offset cookie reaches an object of another owner, or one that nobody should map."},
    {14, "C14", F, 5, "mapping misread by its consumer", "Kernel code draws wrong conclusions from a mapping: that it is linear, writable, or stays."},
    {15, "C15", F, 3, "offset ignored", "Whatever the offset, the mapping shows the start of the buffer (or offset is added twice)."},
    {16, "C16", F, 3, "precedence or shift mistake", "The frame number is computed by an expression that binds otherwise than meant."},
    {17, "C17", F, 1, "signed comparison", "A huge length is negative and passes the check."},
    {18, "C18", F, 10, "range or sharing forged", "The driver changes vm_start, vm_end or vm_pgoff, or sets VM_SHARED by itself."},
    {19, "C19", F, 10, "mapping can grow", "mremap may make the mapping longer than the buffer: VM_DONTEXPAND is not set."},
    {20, "C20", F, 8, "tail of the last page is trusted", "User space sees or writes bytes behind the buffer's end, in its last page."},
    {21, "C21", F, 4, "protection can be raised later", "VM_MAYWRITE or VM_MAYEXEC stay set: mprotect gives what mmap refused."},
    {22, "C22", F, 4, "read-only object is writable", "A page that the kernel trusts, or that was granted for reading, is mapped writable."},
    {23, "C23", F, 4, "permission bypassed on another path", "One path checks a permission, another reaches the same memory without."},
    {24, "C24", F, 10, "private mapping of raw frames", "A copy-on-write mapping of raw frames: the kernel's BUG, or a mapping that is silently a copy."},
    {25, "C25", A, 4, "executable device mapping", "Device memory may be mapped executable, which hardly any driver means."},
    {26, "C26", F, 4, "page protection is a constant", "The pages are writable whatever the mapping allows: vm_page_prot is overwritten."},
    {27, "C27", F, 10, "wrong way to insert this kind of page", "The function that inserts pages does not fit the page or the mapping's kind."},
    {28, "C28", F, 10, "mapping's flags do not say what it holds", "VM_IO, VM_PFNMAP or VM_DONTDUMP is missing, or set on a copy of the vm_area_struct."},
    {29, "C29", F, 5, "buffer freed while mapped", "User space keeps access to memory that was given back."},
    {30, "C30", F, 5, "mmap races with the buffer's end", "mmap, fault or close run against resize or free without a common lock or reference."},
    {31, "C31", F, 13, "stale vm_area_struct", "The driver keeps a pointer to a mapping that was split, moved, copied or removed."},
    {32, "C32", F, 18, "wrong kind of address", "vmalloc, DMA or MMIO addresses are treated as linear memory, or the other way round."},
    {33, "C33", F, 5, "mapping not revoked", "Device memory stays mapped although the device was disabled or reset."},
    {34, "C34", F, 5, "device removed while mapped", "The mapping outlives the device's memory or state."},
    {35, "C35", F, 9, "wrong error code", "mmap returns a positive number, -1, or a number that is no errno."},
    {36, "C36", F, 12, "cache attributes disagree", "The same memory is mapped with two cache types, or cache maintenance is missing."},
    {37, "C37", F, 11, "fault never resolves", "The fault handler says that it has installed a page and has not: the access is retried for ever."},
    {38, "C38", F, 6, "close without open", "Parts of a split mapping are each closed, though opened once: freed or counted down twice."},
    {39, "C39", F, 6, "fork not counted", "The child's mapping is closed, though never opened."},
    {40, "C40", F, 1, "window armed by another call", "An ioctl sets what mmap then trusts."},
    {41, "C41", F, 6, "mremap not counted", "A moved mapping shares what the old one owns: both are closed."},
    {42, "C42", F, 14, "callback of another type", "A hook is called through a pointer of a type that it has not."},
    {43, "C43", F, 6, "reference taken too late", "An object is used before it is held, or held when it is dead already."},
    {44, "C44", F, 6, "reference dropped twice", "An error path gives back what it does not own."},
    {45, "C45", F, 6, "leak", "A reference or memory is not given back."},
    {46, "C46", F, 9, "failed mmap leaves traces", "mmap returns an error, and pages stay mapped or counts stay changed."},
    {47, "C47", F, 6, "mmap_prepare leaves traces", "What mmap_prepare did is not undone when the mapping fails after it."},
    {48, "C48", F, 5, "pages of a block mapped one by one", "Tail pages of a high-order block, neither split nor compound, are counted one by one and freed."},
    {49, "C49", F, 8, "uninitialised memory is visible", "User space reads what nobody wrote: the buffer is not zeroed."},
    {50, "C50", F, 8, "buffer shares its page", "The buffer is smaller than its pages: a neighbour's memory is mapped, too."},
    {51, "C51", F, 14, "mapped before it is set up", "mmap or a fault comes before the buffer is there."},
    {52, "C52", F, 15, "dead lock", "A lock is taken twice, two locks in both orders, or two of one class in no order that is told."},
    {53, "C53", F, 16, "double fetch", "A value in memory that user space can write is checked and then read again."},
    {54, "C54", F, 14, "wrong mapping looked up", "find_vma gives the next mapping above an address, which need not contain it."},
    {55, "C55", F, 15, "mmap_lock not held", "A function of the memory manager is called without its lock."},
    {56, "C56", F, 19, "DMA buffer touched while it is the device's", "A streaming buffer is read or written between mapping and dma_sync_*_for_cpu() or unmapping."},
    {57, "C57", F, 19, "DMA mapping undone or synchronised otherwise", "A mapping is unmapped or synchronised with another address, size, direction or function than it was made with, twice, or never made."},
    {58, "C58", F, 19, "DMA mapping not checked", "The address that dma_map_*() gave is used without asking dma_mapping_error()."},
    {59, "C59", F, 14, "freed otherwise than allocated", "DMA memory is freed by another address, handle, size or function than it was allocated with, or twice."},
    {60, "C60", F, 5, "memory freed while a device can reach it", "Memory is given back while it is mapped for a device, or while its device is registered."},
    {61, "C61", F, 19, "device reaches beyond its mappings", "The device is given an address that is not mapped for it, or not in that direction: an IOMMU faults."},
    {62, "C62", F, 19, "DMA buffers overlap", "Two mappings that a device writes share bytes."},
    {63, "C63", F, 6, "module not held while open", "Nothing keeps the module while a file of it is open (.owner of its file_operations, say): rmmod takes away the code that close and munmap will call."},
    {64, "C64", F, 10, "sleeps where it may not", "A function that may sleep is called with a spinlock held, in an interrupt, with interrupts or preemption off, or in a read-side section of RCU."},
    {101, "A01", A, 4, "private writable mapping", "Stores to a private mapping of a device buffer go to a copy and never reach the device."},
    {103, "A02", A, 12, "protection set after the action", "mmap_prepare sets page_prot after the action, which took the protection over when it was set: the pages get another cache type than the mapping says."},
};
constexpr ViolationClass kTraps[] = {
    {0, "X00", F, 14, "unclassified", "A rule is broken that belongs to no class."},
    {0, "X01", F, 14, "BUG", "The driver, or a kernel function on what the driver gave it, stops the kernel."},
    {0, "X02", F, 14, "oops", "Memory that is not there is accessed: by the driver, or by user space through an entry that the driver made."},
    {0, "U01", L, 0, "not modelled", "The driver calls a kernel function that Drydock declares and does not model."},
    {0, "X04", F, 15, "waits for ever", "The driver waits for what can never happen."},
    {0, "X05", F, 11, "loops for ever", "The driver does not come back: its budget of steps or of time is used up."},
    {0, "X06", F, 14, "sanitizer report", "AddressSanitizer or UndefinedBehaviorSanitizer objects to the driver's code."},
    {0, "U02", L, 0, "the simulation stopped", "A check of Drydock itself failed while the program ran: our bug, please report it with the program."},
};
// clang-format on

std::string_view WeightName(Weight weight) {
  switch (weight) {
    case Weight::kFinding:
      return "finding";
    case Weight::kAdvice:
      return "advice";
    case Weight::kLimit:
      return "limit";
  }
  return "";
}

void AppendRow(const ViolationClass& c, std::string* out) {
  *out += "| ";
  *out += c.id;
  *out += " | ";
  *out += c.name;
  *out += " | ";
  *out += WeightName(c.weight);
  *out += " | ";
  *out += c.oracle == 0 ? "" : "O" + std::to_string(c.oracle);
  *out += " | ";
  *out += c.meaning;
  *out += " |\n";
}

}  // namespace

std::span<const ViolationClass> ViolationClasses() { return kClasses; }

const ViolationClass& ClassOf(uint8_t class_number, kernel::Trap trap) {
  if (class_number == kSanitizerReport) trap = kernel::Trap::kSanitizer;
  for (const ViolationClass& c : kClasses) {
    if (c.number == class_number) return c;
  }
  return kTraps[static_cast<size_t>(trap)];
}

const ViolationClass* FindClass(std::string_view id) {
  for (const ViolationClass& c : kClasses) {
    if (c.id == id) return &c;
  }
  for (const ViolationClass& c : kTraps) {
    if (c.id == id) return &c;
  }
  return nullptr;
}

std::string ViolationsMarkdown() {
  std::string text =
      "# Violations\n\n"
      "Written by `fuzz/violation_classes.cc`; `violation_classes_test` checks that this page is\n"
      "what it writes. To change the page, change the table there and run\n"
      "`bazel run //fuzz:violations_markdown > docs/violations.md`.\n\n"
      "A *finding* is a bug in the driver: `drydock check` ends with exit status 1. *Advice* is "
      "what\n"
      "a kernel accepts and an author hardly means: it is printed and never changes the exit "
      "status.\n"
      "A *limit* is ours: the driver uses something that Drydock does not model, so nothing is\n"
      "claimed about what it does from there on; the exit status is 2 if there are no findings.\n\n"
      "The oracle is the one that usually sees the class; a report names the one that did.\n\n"
      "## Classes\n\n"
      "| id | name | weight | oracle | meaning |\n|---|---|---|---|---|\n";
  for (const ViolationClass& c : kClasses) AppendRow(c, &text);
  text +=
      "\n## What has no class\n\nThe driver's run ended at once, or a rule without a class is "
      "broken.\n\n"
      "| id | name | weight | oracle | meaning |\n|---|---|---|---|---|\n";
  for (const ViolationClass& c : kTraps) AppendRow(c, &text);
  return text;
}

}  // namespace drydock::fuzz
