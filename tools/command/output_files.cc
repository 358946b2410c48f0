#include "tools/command/output_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace drydock::command {
namespace {

namespace fs = std::filesystem;

std::string Failed(const std::string& path, int error) {
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  const char* advice = full ? "make room or name another disk" : "name a place that can be written";
  return path + ": cannot be written (" + std::strerror(error) + "), " + advice;
}

// 0 or an errno.
int WriteAll(int file, const std::string& text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = write(file, text.data() + done, text.size() - done);
    if (count >= 0) {
      done += static_cast<size_t>(count);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

// Writes and closes. 0 or an errno.
int WriteFile(const std::string& path, const std::string& text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return errno;
  int error = WriteAll(file, text);
  if (close(file) != 0 && error == 0) error = errno;
  return error;
}

}  // namespace

std::string WriteWhole(const std::string& path, const std::string& text) {
  std::error_code ignored;
  // A device or a pipe (/dev/stdout) is written in place.
  if (fs::exists(path, ignored) && !fs::is_regular_file(path, ignored)) {
    const int error = WriteFile(path, text);
    return error == 0 ? "" : Failed(path, error);
  }
  const std::string beside = path + ".part." + std::to_string(getpid());
  int error = WriteFile(beside, text);
  if (error == 0 && std::rename(beside.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return {};
  unlink(beside.c_str());
  return Failed(path, error);
}

std::string WriteStandardOutput(const std::string& text) {
  const int error = WriteAll(STDOUT_FILENO, text);
  return error == 0 || error == EPIPE ? "" : Failed("standard output", error);
}

void IgnoreWriteSignals() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

std::string PrepareFile(const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return path + ": a folder, name a file";
  if (fs::exists(path, ignored) && access(path.c_str(), W_OK) != 0) return Failed(path, errno);
  if (fs::exists(path, ignored) && !fs::is_regular_file(path, ignored)) return {};
  const std::string beside = path + ".part." + std::to_string(getpid());
  // A few bytes: an empty file fits on a full disk.
  const int error = WriteFile(beside, std::string(4096, ' '));
  unlink(beside.c_str());
  return error == 0 ? "" : Failed(path, error);
}

std::string PrepareFolder(const std::string& folder) {
  if (folder.empty()) return "--out: no name, name a folder";
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return Failed(folder, error.value());
  const std::string wrong = PrepareFile(folder + "/.drydock");
  return wrong.empty() ? "" : folder + wrong.substr(folder.size() + std::strlen("/.drydock"));
}

ScratchFolder::ScratchFolder() {
  std::error_code error;
  const fs::path parent = fs::temp_directory_path(error);
  std::string pattern = (parent / "drydock-XXXXXX").string();
  if (!error && mkdtemp(pattern.data()) != nullptr) {
    path_ = pattern;
    return;
  }
  const int number = error ? error.value() : errno;
  const char* named = std::getenv("TMPDIR");
  error_ = "no temporary folder can be made in " +
           (named != nullptr ? "TMPDIR=" + std::string(named) : parent.string()) + " (" +
           std::strerror(number) + "), set TMPDIR to a folder that can be written";
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

}  // namespace drydock::command
