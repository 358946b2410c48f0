// `./drydock conform --coverage`: the same programs in both worlds, and which code of the driver
// they reach: built alike, by the same compiler, without inlining.
#ifndef DRYDOCK_KMOD_COVER_COVERAGE_H_
#define DRYDOCK_KMOD_COVER_COVERAGE_H_

#include <string>
#include <vector>

#include "kmod/conform/driver_table.h"
#include "kmod/conform/guest_side.h"
#include "kmod/runner/kernel_store.h"
#include "tools/command/compile.h"

namespace drydock::kmod {

struct CoverageOptions {
  command::Installation installation;
  GuestParts guest;
  StoredKernel kernel;
  std::vector<std::string> programs;  // folders
  size_t random = 0;                  // programs for each driver
  uint64_t seed = 1;
};

struct CoverageTally {
  size_t drivers = 0, programs = 0, functions = 0, lines = 0, differences = 0;
};

// Runs one driver and prints what was reached. "" or one line.
std::string CoverDriver(const CoverageOptions& options, const DriverRow& row, CoverageTally* tally);

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_COVER_COVERAGE_H_
