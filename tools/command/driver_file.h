// The worker speaks of the shared object that it loaded; people speak of the file they named.
#ifndef DRYDOCK_TOOLS_COMMAND_DRIVER_FILE_H_
#define DRYDOCK_TOOLS_COMMAND_DRIVER_FILE_H_

#include <string>

namespace drydock::command {

// `line` with the object's path at its beginning, if it is there, replaced by the driver's file.
inline std::string NameFile(std::string line, const std::string& object, const std::string& file) {
  if (line.starts_with(object)) line.replace(0, object.size(), file);
  return line;
}

}  // namespace drydock::command

#endif  // DRYDOCK_TOOLS_COMMAND_DRIVER_FILE_H_
