// Files that the command writes: whole or not at all, and known to be writable before the work
// begins.
#ifndef DRYDOCK_TOOLS_COMMAND_OUTPUT_FILES_H_
#define DRYDOCK_TOOLS_COMMAND_OUTPUT_FILES_H_

#include <string>

namespace drydock::command {

// Makes the folder, and sees that files can be written there. "" or one line.
std::string PrepareFolder(const std::string& folder);
// Sees that the file can be written. "" or one line. An existing file is left as it is.
std::string PrepareFile(const std::string& path);

// Writes beside and renames: readers see the old text or the new. "" or one line.
std::string WriteWhole(const std::string& path, const std::string& text);

// "" or one line. A reader that went away (`drydock check | head`) is no mistake.
std::string WriteStandardOutput(const std::string& text);

// From now on what cannot be written is an error that the functions above return, and never a
// signal that ends the process: SIGPIPE, SIGXFSZ.
void IgnoreWriteSignals();

// An empty folder of our own below the system's temporary one, removed with all in it at the end.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::string& path() const { return path_; }    // "" if none could be made
  const std::string& error() const { return error_; }  // "" or one line

 private:
  std::string path_, error_;
};

}  // namespace drydock::command

#endif  // DRYDOCK_TOOLS_COMMAND_OUTPUT_FILES_H_
