// How much the emulated kernel has room for. The defaults are a fuzz program's, whose state is put
// back a hundred thousand times a second; live mode has room for real programs.
#ifndef DRYDOCK_SIM_KERNEL_CAPACITY_H_
#define DRYDOCK_SIM_KERNEL_CAPACITY_H_

#include <cstddef>
#include <cstdint>

namespace drydock::kernel {

struct Capacity {
  uint32_t processes = 6;
  uint32_t vmas = 128;             // of all processes together; below 65536
  uint32_t vmas_per_process = 48;  // sysctl vm.max_map_count
  size_t page_table_runs = 4096;   // of one process
  size_t memory_types = 64;        // reservations of device memory
  int last_fd = 19;                // RLIMIT_NOFILE, less one
  uint32_t files = 64;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_CAPACITY_H_
