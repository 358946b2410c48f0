// What the kernel writes while programs run, as far as it is a complaint.
#ifndef DRYDOCK_KMOD_AGENT_KERNEL_LOG_H_
#define DRYDOCK_KMOD_AGENT_KERNEL_LOG_H_

#include <string>

namespace drydock::kmod {

class KernelLog {
 public:
  // What was written before is of no interest. Children read on where their parent has stopped, and
  // the other way round.
  void Open();
  // Since the last call: errors and warnings, a line each; mostly "".
  std::string Complaints();

 private:
  int fd_ = -1;
};

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_AGENT_KERNEL_LOG_H_
