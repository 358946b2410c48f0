// Code offsets of a driver's shared object become functions and lines.
#ifndef DRYDOCK_TOOLS_COMMAND_SYMBOLIZE_H_
#define DRYDOCK_TOOLS_COMMAND_SYMBOLIZE_H_

#include <string>
#include <string_view>
#include <vector>

#include "tools/command/finding.h"

namespace drydock::command {

// Fills in function, file and line of findings that have a code offset, and drops those that are
// then the same as an earlier one. Without a symbolizer the functions stay as the worker named
// them.
void Symbolize(const std::string& symbolizer, const std::string& object,
               std::vector<Finding>* findings);

struct CodePlace {
  std::string function;
  std::string file;
  int line = 0;
};
// The innermost place of one offset's output that is the driver's own: inline functions of
// Drydock's headers are passed over.
CodePlace ParseSymbolizerBlock(std::string_view block);

}  // namespace drydock::command

#endif  // DRYDOCK_TOOLS_COMMAND_SYMBOLIZE_H_
