// Memory that kernel functions take for themselves on a driver's behalf: a struct device, a node of
// devres, a name in sysfs. Their tables are fixed here, so nothing is taken; what remains of the
// allocation is that it may sleep and that it may fail.
#ifndef DRYDOCK_SIM_KERNEL_KERNEL_MEMORY_H_
#define DRYDOCK_SIM_KERNEL_KERNEL_MEMORY_H_

namespace drydock::kernel {

class KernelMemory {
 public:
  virtual ~KernelMemory() = default;
  // One allocation with GFP_KERNEL by the kernel function `function`. False: it fails, and the
  // function returns what the kernel's does (docs/mmap-rules.md, section 9).
  virtual bool Grants(const char* function) = 0;
};

// For who has no memory to ask, as a part alone in a test: every allocation succeeds.
inline bool Grants(KernelMemory* memory, const char* function) {
  return memory == nullptr || memory->Grants(function);
}

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_KERNEL_MEMORY_H_
