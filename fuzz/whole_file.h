// Files that are read as a whole: drivers, programs, descriptions.
#ifndef DRYDOCK_FUZZ_WHOLE_FILE_H_
#define DRYDOCK_FUZZ_WHOLE_FILE_H_

#include <optional>
#include <string>

namespace drydock::fuzz {

// The bytes of a file, or nothing if it cannot be read: not there, not allowed, a folder (which can
// be opened).
std::optional<std::string> ReadWholeFile(const std::string& path);

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_WHOLE_FILE_H_
