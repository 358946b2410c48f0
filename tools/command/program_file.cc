#include "tools/command/program_file.h"

#include <elf.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace drydock::command {
namespace {

namespace fs = std::filesystem;

bool IsExecutable(const std::string& file) {
  std::error_code error;
  return fs::is_regular_file(file, error) && access(file.c_str(), X_OK) == 0;
}

// The interpreter that a script's first line names; "" if `head` is no script's.
std::string InterpreterOf(const std::string& head) {
  if (!head.starts_with("#!")) return {};
  std::istringstream line(head.substr(2, head.find('\n') - 2));
  std::string name;
  line >> name;
  return name;
}

// PT_INTERP of a dynamically linked program; "" if it has none.
std::string LoaderOf(std::ifstream& file, const Elf64_Ehdr& header) {
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    file.clear();
    file.seekg(static_cast<std::streamoff>(header.e_phoff + i * sizeof segment));
    if (!file.read(reinterpret_cast<char*>(&segment), sizeof segment)) return {};
    if (segment.p_type != PT_INTERP || segment.p_filesz == 0 || segment.p_filesz > 4096) continue;
    std::string loader(segment.p_filesz - 1, '\0');
    file.seekg(static_cast<std::streamoff>(segment.p_offset));
    file.read(loader.data(), static_cast<std::streamsize>(loader.size()));
    return loader;
  }
  return {};
}

std::string WhyNotLive(const std::string& file, int scripts) {
  struct stat status;
  if (stat(file.c_str(), &status) != 0) {
    return file + ": cannot be read (" + std::strerror(errno) + "), name a program";
  }
  if ((status.st_mode & (S_ISUID | S_ISGID)) != 0) {
    return file +
           ": set-uid or set-gid, the system lets nobody intercept its calls; run a copy "
           "without the bit (chmod ug-s)";
  }
  if (getxattr(file.c_str(), "security.capability", nullptr, 0) > 0) {
    return file +
           ": has file capabilities, the system lets nobody intercept its calls; run a copy "
           "without them";
  }
  std::ifstream stream(file, std::ios::binary);
  std::string head(256, '\0');
  stream.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(stream.gcount()));
  if (!stream.is_open()) {
    return file + ": cannot be read (" + std::strerror(errno) + "), see its permissions";
  }
  if (const std::string interpreter = InterpreterOf(head); !interpreter.empty()) {
    return scripts > 4 ? file + ": a script of scripts without end"
                       : WhyNotLive(interpreter, scripts + 1);
  }
  Elf64_Ehdr header;
  if (head.size() < EI_NIDENT || std::memcmp(head.data(), ELFMAG, SELFMAG) != 0) {
    return file + ": neither a program nor a script with a #! line";
  }
  if (head.size() < sizeof header) return file + ": an ELF file that is cut off";
  if (head[EI_CLASS] != ELFCLASS64) return file + ": a 32-bit program, build it for x86-64";
  std::memcpy(&header, head.data(), sizeof header);
  if (header.e_machine != EM_X86_64) {
    return file + ": a program for another machine, build it for x86-64";
  }
  const std::string loader = LoaderOf(stream, header);
  if (loader.empty()) {
    return file +
           ": statically linked, its system calls cannot be intercepted; link it dynamically";
  }
  if (loader.find("ld-linux-x86-64") == loader.npos) {
    return file + ": uses " + loader + ", live mode needs glibc; link it with glibc";
  }
  return {};
}

}  // namespace

std::string FindProgram(const std::string& name, const std::string& path, std::string* error) {
  if (name.find('/') != name.npos) {
    if (IsExecutable(name)) return name;
    std::error_code ignored;
    *error = name + (fs::exists(name, ignored) ? ": cannot be executed, name a program"
                                               : ": no such file, name a program");
    return {};
  }
  std::istringstream folders(path);
  std::string folder;
  while (std::getline(folders, folder, ':')) {
    std::string file = (folder.empty() ? "." : folder) + "/" + name;
    if (IsExecutable(file)) return file;
  }
  *error = name + ": no such program in PATH (write ./" + name + " for one in this folder)";
  return {};
}

std::string WhyNotLive(const std::string& file) { return WhyNotLive(file, 0); }

}  // namespace drydock::command
