#include "fuzz/policy.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>
#include <string_view>

#include "fuzz/whole_file.h"

namespace drydock::fuzz {
namespace {

constexpr char kFirstLine[] = "drydock policy 1";

bool ParseNumber(std::string_view text, uint64_t* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

bool ParseRange(std::string_view text, PageRange* range) {
  const size_t dots = text.find("..");
  if (dots == std::string_view::npos) {
    range->last = 0;
    if (!ParseNumber(text, &range->first)) return false;
    range->last = range->first;
    return true;
  }
  return ParseNumber(text.substr(0, dots), &range->first) &&
         ParseNumber(text.substr(dots + 2), &range->last) && range->first <= range->last;
}

std::vector<std::string> Words(std::string line) {
  line.resize(std::min(line.find('#'), line.size()));
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

}  // namespace

std::string ParsePolicy(const std::string& text, const std::string& name, Policy* policy) {
  Policy parsed;
  std::istringstream in(text);
  std::string line;
  bool first = true;
  for (int number = 1; std::getline(in, line); ++number) {
    const std::string where = name + ":" + std::to_string(number) + ": ";
    const std::vector<std::string> words = Words(line);
    if (words.empty()) continue;
    if (first) {
      if (words != Words(kFirstLine))
        return where + "not a policy, begin it with \"" + kFirstLine + "\"";
      first = false;
    } else if (words[0] == "offsets" && words.size() == 2 &&
               (words[1] == "linear" || words[1] == "cookies")) {
      parsed.offsets_are_cookies = words[1] == "cookies";
    } else if (words[0] == "read-only" && words.size() == 2) {
      PageRange range;
      if (!ParseRange(words[1], &range)) {
        return where + "\"" + words[1] + "\" is no range of pages, write FIRST..LAST";
      }
      parsed.read_only.push_back(range);
    } else {
      return where + "unknown line \"" + words[0] +
             "\", write \"offsets linear|cookies\" or \"read-only FIRST..LAST\"";
    }
  }
  if (first) return name + ":1: empty, begin it with \"" + kFirstLine + "\"";
  *policy = parsed;
  return "";
}

std::string ReadPolicy(const std::string& path, Policy* policy) {
  if (path.empty()) return "";
  const std::optional<std::string> text = ReadWholeFile(path);
  return text ? ParsePolicy(*text, path, policy) : path + ": cannot be read, name a readable file";
}

}  // namespace drydock::fuzz
