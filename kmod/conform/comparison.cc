#include "kmod/conform/comparison.h"

#include <fnmatch.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace drydock::kmod {
namespace {

const std::string& LineOr(const std::vector<std::string>& lines, size_t i) {
  static const std::string kNothing;
  return i < lines.size() ? lines[i] : kNothing;
}

std::vector<std::string> Words(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

bool Has(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string Masked(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ' ';
    for (size_t i = 0; i < word.size(); ++i) {
      const bool number = std::isdigit(static_cast<unsigned char>(word[i])) != 0;
      if (!number) text += word[i];
      if (number && (i == 0 || std::isdigit(static_cast<unsigned char>(word[i - 1])) == 0)) {
        text += 'N';
      }
    }
  }
  return text;
}

bool Matches(const std::string& pattern, const std::string& text) {
  return fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
}

// What both worlds show of an address space, from shortly before the first line that differs.
std::string FormatSpaces(const std::vector<std::string>& sim,
                         const std::vector<std::string>& linux) {
  constexpr size_t kBefore = 16, kMost = 60;
  const size_t lines = std::max(sim.size(), linux.size());
  size_t first = 0;
  while (first < lines && LineOr(sim, first) == LineOr(linux, first)) ++first;
  const size_t begin = first == lines || first < kBefore ? 0 : first - kBefore;
  const size_t end = std::min(lines, begin + kMost);
  std::ostringstream out;
  if (begin != 0) out << "               (" << begin << " lines are equal)\n";
  for (size_t line = begin; line < end; ++line) {
    const std::string& left = LineOr(sim, line);
    const std::string& right = LineOr(linux, line);
    if (left == right) {
      out << "               " << left << "\n";
      continue;
    }
    out << "        sim    " << (left.empty() ? "(nothing)" : left) << "\n        linux  "
        << (right.empty() ? "(nothing)" : right) << "\n";
  }
  if (end != lines) out << "               (" << lines - end << " lines more)\n";
  return out.str();
}

}  // namespace

size_t CountObservations(const std::vector<StepText>& texts) {
  size_t count = texts.size();
  for (const StepText& text : texts) count += text.space.size();
  return count;
}

std::optional<Difference> Compare(const fuzz::Program& program, const fuzz::NodePaths& nodes,
                                  const std::vector<StepText>& sim,
                                  const std::vector<StepText>& linux) {
  for (size_t i = 0; i < sim.size() && i < linux.size(); ++i) {
    if (sim[i] == linux[i]) continue;
    Difference difference;
    difference.step = i;
    difference.call = FormatStep(program, i, nodes);
    difference.in_result = sim[i].result != linux[i].result;
    if (difference.in_result) {
      difference.sim = sim[i].result;
      difference.linux = linux[i].result;
      return difference;
    }
    size_t line = 0;
    while (LineOr(sim[i].space, line) == LineOr(linux[i].space, line)) ++line;
    difference.sim = LineOr(sim[i].space, line);
    difference.linux = LineOr(linux[i].space, line);
    return difference;
  }
  return std::nullopt;
}

std::string SignatureOf(const Difference& difference) {
  // "m0 = mmap(fd0, ...)" and "munmap(m0, ...)".
  std::string call = difference.call.substr(0, difference.call.find('('));
  const size_t equals = call.find(" = ");
  if (equals != std::string::npos) call = call.substr(equals + 3);
  std::vector<std::string> sim = Words(difference.sim), linux = Words(difference.linux);
  if (!difference.in_result && !sim.empty() && !linux.empty()) {
    const std::vector<std::string> both = sim;
    std::erase_if(sim, [&](const std::string& word) { return Has(linux, word); });
    std::erase_if(linux, [&](const std::string& word) { return Has(both, word); });
  }
  return call + ": sim '" + Masked(sim) + "', linux '" + Masked(linux) + "'";
}

std::string FormatDifference(const fuzz::Program& program, const fuzz::NodePaths& nodes,
                             const Difference& difference, const std::vector<StepText>& sim,
                             const std::vector<StepText>& linux) {
  std::ostringstream out;
  for (size_t i = 0; i <= difference.step; ++i) {
    const bool here = i == difference.step;
    out << "  " << (i + 1 < 10 ? " " : "") << i + 1 << "  " << FormatStep(program, i, nodes);
    if (sim[i].result == linux[i].result) {
      out << " = " << sim[i].result << "\n";
    } else {
      out << "\n        sim    " << sim[i].result << "\n        linux  " << linux[i].result << "\n";
    }
    if (!here) continue;
    out << FormatSpaces(sim[i].space, linux[i].space);
  }
  return out.str();
}

std::string FormatRegression(const fuzz::Program& program, const fuzz::NodePaths& nodes,
                             const std::string& kernel, const std::string& driver,
                             const Difference& difference) {
  const auto said = [](const std::string& line) { return line.empty() ? "(nothing)" : line; };
  return "# " + driver + " on kernel " + kernel + ", step " + std::to_string(difference.step + 1) +
         ": " + difference.call + "\n#   sim    " + said(difference.sim) + "\n#   linux  " +
         said(difference.linux) + "\n" + FormatProgram(program, nodes);
}

bool WriteWhole(const std::string& path, const std::string& text) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (file) return true;
  std::filesystem::remove(path, error);
  return false;
}

KnownDifferences ParseKnownDifferences(std::string_view text, const std::string& file_name) {
  KnownDifferences known;
  std::istringstream lines{std::string(text)};
  std::string line;
  size_t number = 0, begun_at = 0;
  KnownDifference one;
  const auto wrong = [&](size_t at, const std::string& what) {
    if (known.error.empty()) known.error = file_name + ":" + std::to_string(at) + ": " + what;
  };
  const auto finish = [&] {
    if (begun_at == 0) return;
    if (one.name.empty() || one.call.empty() || one.why.empty()) {
      wrong(begun_at, "a known difference needs name, call and why");
    }
    known.list.push_back(one);
    one = {};
    begun_at = 0;
  };
  while (std::getline(lines, line)) {
    ++number;
    if (line.starts_with('#')) continue;
    if (line.empty()) {
      finish();
      continue;
    }
    if (begun_at == 0) begun_at = number;
    const size_t colon = line.find(": ");
    const std::string field = line.substr(0, std::min(colon, line.size()));
    std::string* const to = field == "name"     ? &one.name
                            : field == "kernel" ? &one.kernel
                            : field == "driver" ? &one.driver
                            : field == "call"   ? &one.call
                            : field == "sim"    ? &one.sim
                            : field == "linux"  ? &one.linux
                            : field == "why"    ? &one.why
                                                : nullptr;
    if (to == nullptr || colon == std::string::npos) {
      wrong(number, "'" + line +
                        "': write name, kernel, driver, call, sim, linux or why, "
                        "a colon and a space");
      continue;
    }
    *to = line.substr(colon + 2);
  }
  finish();
  return known;
}

KnownDifference* Explain(const Difference& difference, const std::string& kernel,
                         const std::string& driver, KnownDifferences* known) {
  for (KnownDifference& one : known->list) {
    if (Matches(one.kernel, kernel) && Matches(one.driver, driver) &&
        Matches(one.call, difference.call) && Matches(one.sim, difference.sim) &&
        Matches(one.linux, difference.linux)) {
      ++one.seen;
      return &one;
    }
  }
  return nullptr;
}

}  // namespace drydock::kmod
