// The drivers that both worlds are compared on: drivers.txt.
#ifndef DRYDOCK_KMOD_CONFORM_DRIVER_TABLE_H_
#define DRYDOCK_KMOD_CONFORM_DRIVER_TABLE_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace drydock::kmod {

struct DriverRow {
  std::string name;
  std::string file;     // of the checkout
  std::string kernels;  // patterns, "7.3*,6.12"
  std::vector<std::pair<std::string, std::string>> parameters;
  // It gets the programs that name its nodes, as they are and changed, and none that chance writes:
  // "only-programs".
  bool only_programs = false;

  std::string ParametersText() const;  // "method=dma_mmap cache=wc"
  bool RunsOn(const std::string& kernel) const;
};

struct DriverTable {
  std::vector<DriverRow> rows;
  std::string error;  // "FILE:LINE: what"; empty if all is well
};
DriverTable ParseDriverTable(std::string_view text, const std::string& file_name);

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_CONFORM_DRIVER_TABLE_H_
