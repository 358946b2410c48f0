// What a compiler's log comes to in one line: ExplainCompileLog() of compile.h.
#include <algorithm>
#include <string>
#include <string_view>

#include "tools/command/compile.h"

namespace drydock::command {
namespace {

// The text between the first pair of single quotes.
std::string_view Quoted(std::string_view text) {
  const size_t begin = text.find('\'');
  const size_t end = begin == text.npos ? text.npos : text.find('\'', begin + 1);
  return end == text.npos ? std::string_view() : text.substr(begin + 1, end - begin - 1);
}

// "FILE:LINE" of a diagnostic "FILE:LINE:COLUMN: error: ..." or the whole of what stands before.
std::string_view PlaceOf(std::string_view before) {
  while (!before.empty() && (before.back() == ' ' || before.back() == ':')) {
    before.remove_suffix(1);
  }
  const size_t colon = before.rfind(':');
  const bool column = colon != before.npos && colon + 1 < before.size() &&
                      before.find_first_not_of("0123456789", colon + 1) == before.npos &&
                      before.substr(0, colon).find(':') != before.npos;
  return column ? before.substr(0, colon) : before;
}

}  // namespace

std::string ExplainCompileLog(std::string_view log, int status, std::string_view file,
                              std::string_view log_path, const KernelSymbols& symbols,
                              int profile) {
  const std::string see = ", see " + std::string(log_path);
  for (const std::string_view full : {"No space left on device", "File too large"}) {
    if (log.find(full) == log.npos) continue;
    return std::string(file) + ": cannot be compiled (" + std::string(full) +
           "), make room for temporary files or set TMPDIR to another disk";
  }
  if (log.find("linker command failed") != log.npos) {
    const size_t linker = log.find("ld: ");
    if (linker == log.npos) {
      return std::string(file) + ": does not link, and the linker does not say why, see whether " +
             "there is room for temporary files";
    }
    const std::string_view what = log.substr(linker + 4);
    return std::string(file) + ": does not link: " + std::string(what.substr(0, what.find('\n'))) +
           see;
  }
  const size_t at = log.find("error: ");
  if (at == log.npos) {
    if (status == 127) {
      return std::string(file) + ": clang-19 cannot be run, install the Debian package clang-19";
    }
    if (status > 128) {
      return std::string(file) + ": clang-19 was ended by signal " + std::to_string(status - 128) +
             ", see whether it takes too long or too much memory";
    }
    if (log.empty()) {
      return std::string(file) + ": does not compile, and clang-19 does not say why, see whether " +
             "there is room for temporary files";
    }
    return std::string(file) + ": does not compile" + see;
  }
  const size_t begin = log.rfind('\n', at) == log.npos ? 0 : log.rfind('\n', at) + 1;
  const size_t end = std::min(log.find('\n', at), log.size());
  std::string_view before = log.substr(begin, at - begin);
  if (before.ends_with("fatal ")) before.remove_suffix(6);
  std::string_view what = log.substr(at + 7, end - at - 7);
  // The warning flag that made an error of it says nothing to a driver's author.
  if (what.ends_with(']') && what.find(" [-W") != what.npos)
    what = what.substr(0, what.find(" [-W"));
  std::string place = std::string(PlaceOf(before)) + ": ";
  std::string_view name = Quoted(what);
  // A header that we know we lack says so from a place of its own: the driver's #include is what
  // counts.
  constexpr std::string_view kLacking = "drydock/lacking/";
  if (name.starts_with(kLacking)) {
    name.remove_prefix(kLacking.size());
    constexpr std::string_view kFrom = "In file included from ";
    const size_t from = log.find(kFrom);
    if (from != log.npos && from < begin) {
      const size_t start = from + kFrom.size();
      std::string_view line = log.substr(start, log.find('\n', start) - start);
      while (line.ends_with(':') || line.ends_with(',')) line.remove_suffix(1);
      place = std::string(line) + ": ";
    }
  }
  if (what.find("file not found") != what.npos) {
    return place + "no header <" + std::string(name) +
           ">: Drydock does not have it, see docs/add-a-kernel-function.md";
  }
  if (const std::string others = symbols.OnlyIn(name, profile);
      !others.empty() && what.find("undeclared") != what.npos) {
    return place + std::string(name) + " is not in kernel " + KernelName(profile) + ", but in " +
           others + ": do what " + KernelName(profile) + " has, or choose another --profile";
  }
  if (what.find("undeclared function") != what.npos) {
    return place + std::string(name) +
           "() is not declared: a header is not included, or Drydock does not have the function" +
           ", see docs/add-a-kernel-function.md";
  }
  if (what.find("undeclared identifier") != what.npos) {
    return place + "'" + std::string(name) +
           "' is not declared: a header is not included, or Drydock does not have it" + see;
  }
  return place + std::string(what) + see;
}

}  // namespace drydock::command
