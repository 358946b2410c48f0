// Which kernels have a symbol for drivers: the table mocks/symbols.tsv.
#ifndef DRYDOCK_TOOLS_COMMAND_KERNEL_SYMBOLS_H_
#define DRYDOCK_TOOLS_COMMAND_KERNEL_SYMBOLS_H_

#include <map>
#include <string>
#include <string_view>

namespace drydock::command {

class KernelSymbols {
 public:
  KernelSymbols() = default;  // knows none
  // The table's text: what does not look like a line of it is left out.
  explicit KernelSymbols(std::string_view table);

  // The kernels whose drivers have it, "6.1 and 6.12", if the one of `profile` (703) is not among
  // them; "" if it is, or if nothing is known of the symbol. By its name or its link name.
  std::string OnlyIn(std::string_view symbol, int profile) const;

 private:
  std::map<std::string, std::string, std::less<>> kernels_;  // " 6.1 6.12 "
};

// 703: "7.3".
std::string KernelName(int profile);

}  // namespace drydock::command

#endif  // DRYDOCK_TOOLS_COMMAND_KERNEL_SYMBOLS_H_
