#include "kmod/conform/fidelity.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "tools/command/subprocess.h"

namespace drydock::kmod {
namespace {

namespace fs = std::filesystem;

constexpr const char* kProgramFolders[] = {"fuzz/corpus", "kmod/conform/programs"};

std::string ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string Trimmed(std::string text) {
  while (!text.empty() && text.back() == ' ') text.pop_back();
  const size_t begin = text.find_first_not_of(' ');
  return begin == text.npos ? "" : text.substr(begin);
}

std::vector<std::string> Cells(const std::string& line) {
  std::vector<std::string> cells;
  std::stringstream stream(line.substr(1));
  for (std::string cell; std::getline(stream, cell, '|');) cells.push_back(Trimmed(cell));
  return cells;
}

std::vector<std::string> Words(const std::string& text) {
  std::stringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) {
    if (word.ends_with(',')) word.pop_back();
    words.push_back(word);
  }
  return words;
}

std::string Joined(const std::vector<std::string>& words, const char* between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

// Of a row "id | 6.1 | 6.12 | 7.3 | kernel": which kernels do the same.
std::string ProfilesOf(const std::vector<std::string>& cells) {
  const bool in_612 = cells[2] != "as before", in_703 = cells[3] != "as before";
  return std::string("6.1") + (in_612 ? " / 6.12" : ", 6.12") + (in_703 ? " / 7.3" : ", 7.3");
}

std::string LinkOf(const std::string& file) {
  return "[" + fs::path(file).stem().string() + "](../" + file + ")";
}

}  // namespace

Rules ParseRules(std::string_view markdown) {
  Rules rules;
  std::istringstream lines{std::string(markdown)};
  std::string line, section;
  bool table = false, differences = false;
  std::map<std::string, std::string> differing;  // id -> profiles
  bool later_kernels = false;
  while (std::getline(lines, line)) {
    if (line.starts_with("## ")) section = line.substr(3);
    if (section == "Not modelled") break;
    if (line.starts_with("| id |")) {
      table = true;
      differences = Cells(line).size() > 1 && Cells(line)[1] == "6.1";
      later_kernels |= differences;
      continue;
    }
    if (!line.starts_with("|")) table = false;
    if (!table || line.starts_with("|--")) continue;
    const std::vector<std::string> cells = Cells(line);
    if (cells.size() < (differences ? 4 : 2)) {
      rules.error = "docs/mmap-rules.md: a row that is cut off: " + line;
      return rules;
    }
    for (const std::string& id : Words(cells[0])) {
      if (differences) differing[id] = ProfilesOf(cells);
      const bool known = std::any_of(rules.list.begin(), rules.list.end(),
                                     [&](const Rule& rule) { return rule.id == id; });
      if (known && !differences) rules.error = "docs/mmap-rules.md: two rules are called " + id;
      if (!known) rules.list.push_back({id, section, ""});
    }
  }
  for (Rule& rule : rules.list) {
    const auto found = differing.find(rule.id);
    const bool of_the_last = rule.section.find("(7.3)") != rule.section.npos;
    rule.profiles = of_the_last                ? "7.3"
                    : found != differing.end() ? found->second
                    : later_kernels            ? "6.1, 6.12, 7.3"
                                               : "6.1";
  }
  if (rules.list.empty()) rules.error = "docs/mmap-rules.md: no rules in it";
  return rules;
}

std::vector<std::string> WordsAfter(std::string_view program_text, const std::string& what) {
  const std::string begin = "# " + what + ": ";
  std::istringstream lines{std::string(program_text)};
  std::vector<std::string> words;
  for (std::string line; std::getline(lines, line) && line.starts_with('#');) {
    if (!line.starts_with(begin)) continue;
    for (std::string& word : Words(line.substr(begin.size()))) words.push_back(std::move(word));
  }
  return words;
}

Records ParseRecords(std::string_view text, const std::string& file_name) {
  Records records;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (size_t number = 1; std::getline(lines, line); ++number) {
    if (line.empty() || line.starts_with('#')) continue;
    std::vector<std::string> fields;
    std::stringstream stream(line);
    for (std::string field; std::getline(stream, field, '\t');) fields.push_back(field);
    if (fields.size() != 6) {
      records.error = file_name + ":" + std::to_string(number) +
                      ": write program, sha256, kernel, release, date and rules, tabs between them";
      return records;
    }
    records.list.push_back({fields[0], fields[1], fields[2], fields[3], fields[4], fields[5]});
  }
  return records;
}

std::string FormatRecords(std::vector<Record> records) {
  std::sort(records.begin(), records.end(), [](const Record& a, const Record& b) {
    return std::tie(a.file, a.kernel) < std::tie(b.file, b.kernel);
  });
  std::string text =
      "# Programs that both worlds ran without a difference; `./drydock conform --record` writes "
      "it.\n# program\tsha256\tkernel\trelease\tdate\trules\n";
  for (const Record& one : records) {
    text += one.file + "\t" + one.sha256 + "\t" + one.kernel + "\t" + one.release + "\t" +
            one.date + "\t" + one.rules + "\n";
  }
  return text;
}

size_t NoteConfirmed(const std::vector<RuleProgram>& programs,
                     const std::map<std::string, bool>& equal, const Record& like,
                     std::vector<Record>* records) {
  size_t count = 0;
  for (const RuleProgram& program : programs) {
    const auto ran = std::find_if(equal.begin(), equal.end(), [&](const auto& one) {
      return one.first == program.file || one.first.ends_with("/" + program.file);
    });
    if (ran == equal.end()) continue;
    std::erase_if(*records, [&](const Record& one) {
      return one.file == program.file && one.kernel == like.kernel;
    });
    const std::string series = like.kernel.substr(0, like.kernel.find('-'));
    const bool has_it = program.on.empty() ||
                        std::find(program.on.begin(), program.on.end(), series) != program.on.end();
    if (!ran->second || !has_it) continue;
    ++count;
    records->push_back({program.file, program.sha256, like.kernel, like.release, like.date,
                        Joined(program.shows, " ")});
  }
  return count;
}

Reasons ParseReasons(std::string_view text, const std::string& file_name) {
  Reasons reasons;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (size_t number = 1; std::getline(lines, line); ++number) {
    if (line.empty() || line.starts_with('#')) continue;
    const size_t colon = line.find(": ");
    if (colon == line.npos || colon == 0 || colon + 2 == line.size()) {
      reasons.error = file_name + ":" + std::to_string(number) + ": write RULE ...: why";
      return reasons;
    }
    for (const std::string& id : Words(line.substr(0, colon))) {
      if (!reasons.list.emplace(id, line.substr(colon + 2)).second) {
        reasons.error = file_name + ":" + std::to_string(number) + ": " + id + " is there twice";
        return reasons;
      }
    }
  }
  return reasons;
}

Fidelity Join(const Rules& rules, std::vector<RuleProgram> programs, const Records& records,
              const Reasons& reasons) {
  Fidelity all{rules.list, std::move(programs), records.list, reasons.list, rules.error};
  const auto wrong = [&](const std::string& what) {
    if (all.error.empty()) all.error = what;
  };
  wrong(records.error);
  wrong(reasons.error);
  std::set<std::string> known, shown;
  for (const Rule& rule : all.rules) known.insert(rule.id);
  for (const RuleProgram& program : all.programs) {
    for (const std::string& id : program.shows) {
      if (!known.contains(id)) wrong(program.file + ": shows " + id + ", which is no rule");
      shown.insert(id);
    }
  }
  for (const auto& [id, why] : all.reasons) {
    if (!known.contains(id)) wrong("source_only.txt: " + id + " is no rule");
    if (shown.contains(id)) wrong("source_only.txt: " + id + " has a program");
  }
  for (const std::string& id : known) {
    if (!shown.contains(id) && !all.reasons.contains(id)) {
      wrong("rule " + id + " has neither a program that shows it nor a reason in source_only.txt");
    }
  }
  return all;
}

std::vector<RuleProgram> ReadRulePrograms(const std::string& root) {
  std::vector<RuleProgram> programs;
  std::vector<std::string> command = {"sha256sum"};
  for (const char* folder : kProgramFolders) {
    std::vector<std::string> files;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(root + "/" + folder, ignored)) {
      if (entry.path().extension() == ".prog") files.push_back(entry.path().filename());
    }
    std::sort(files.begin(), files.end());
    for (const std::string& name : files) {
      RuleProgram program{std::string(folder) + "/" + name, {}, "", {}};
      const std::string text = ReadWhole(root + "/" + program.file);
      program.shows = WordsAfter(text, "shows");
      program.on = WordsAfter(text, "on");
      if (program.shows.empty()) continue;
      command.push_back(root + "/" + program.file);
      programs.push_back(std::move(program));
    }
  }
  int status = 0;
  std::istringstream sums(command::Capture(command, &status));
  std::string line;
  for (size_t i = 0; i < programs.size() && std::getline(sums, line); ++i) {
    programs[i].sha256 = line.substr(0, line.find(' '));
  }
  return programs;
}

Fidelity ReadFidelity(const std::string& root) {
  const std::string records = root + "/" + kRecordsFile;
  const std::string reasons = root + "/kmod/conform/source_only.txt";
  return Join(ParseRules(ReadWhole(root + "/docs/mmap-rules.md")), ReadRulePrograms(root),
              ParseRecords(ReadWhole(records), records), ParseReasons(ReadWhole(reasons), reasons));
}

namespace {

// By kernel: how many of a rule's programs it has confirmed as they are now, and when last.
struct Confirmed {
  size_t programs = 0;
  std::string release, date;
};

std::map<std::string, Confirmed> ConfirmedOf(const Fidelity& all,
                                             const std::vector<const RuleProgram*>& programs) {
  std::map<std::string, Confirmed> confirmed;
  for (const Record& record : all.records) {
    for (const RuleProgram* program : programs) {
      if (program->file != record.file || program->sha256 != record.sha256) continue;
      Confirmed& one = confirmed[record.kernel];
      ++one.programs;
      one.release = record.release;
      one.date = std::max(one.date, record.date);
    }
  }
  return confirmed;
}

struct Row {
  std::vector<const RuleProgram*> programs;
  std::map<std::string, Confirmed> confirmed;
};

std::string FormatRow(const Rule& rule, const Row& row) {
  std::vector<std::string> programs, kernels;
  std::set<std::string> dates;
  for (const RuleProgram* program : row.programs) programs.push_back(LinkOf(program->file));
  for (const auto& [kernel, confirmed] : row.confirmed) {
    std::string text = kernel;
    if (confirmed.programs < row.programs.size()) {
      text += " (" + std::to_string(confirmed.programs) + " of " +
              std::to_string(row.programs.size()) + ")";
    }
    kernels.push_back(text);
    dates.insert(confirmed.date);
  }
  return "| " + rule.id + " | " + rule.profiles + " | " + Joined(programs, ", ") + " | " +
         (kernels.empty() ? "none yet" : Joined(kernels, ", ")) + " | " +
         Joined({dates.begin(), dates.end()}, ", ") + " |\n";
}

}  // namespace

std::string FidelityMarkdown(const Fidelity& all) {
  std::map<std::string, Row> rows;
  size_t shown = 0, confirmed = 0;
  std::map<std::string, size_t> by_kernel;
  for (const Rule& rule : all.rules) {
    Row& row = rows[rule.id];
    for (const RuleProgram& program : all.programs) {
      if (std::find(program.shows.begin(), program.shows.end(), rule.id) != program.shows.end()) {
        row.programs.push_back(&program);
      }
    }
    row.confirmed = ConfirmedOf(all, row.programs);
    shown += !row.programs.empty();
    confirmed += !row.confirmed.empty();
    for (const auto& [kernel, of] : row.confirmed) by_kernel[kernel] += of.programs != 0;
  }
  std::string text =
      "# Fidelity\n\n"
      "Which rules of [mmap-rules.md](mmap-rules.md) were seen in a real kernel: by which "
      "programs, "
      "in which\nkernels, and when. Written by `bazel run //kmod/conform:fidelity_markdown`; "
      "`fidelity_test` checks that this page\nis what it writes. A program counts once "
      "`./drydock conform --record` has run it in the simulation and in the\nkernel without a "
      "difference ([conform.md](conform.md)), and as long as it is the same program. What of a "
      "rule "
      "it shows, its\nfirst line says.\n\n";
  text += std::to_string(all.rules.size()) + " rules: " + std::to_string(shown) +
          " have programs (" + std::to_string(all.programs.size()) + " of them), " +
          std::to_string(confirmed) + " were seen in a kernel";
  for (const auto& [kernel, count] : by_kernel) {
    text += ", " + std::to_string(count) + " in " + kernel;
  }
  text += "; " + std::to_string(all.reasons.size()) + " are known from the sources alone.\n\n";
  text +=
      "Profiles with a comma between them keep the rule alike; behind a stroke it is another form "
      "of it\n(section 12 of mmap-rules.md), and the program shows each kernel's own.\n";
  std::string section;
  for (const Rule& rule : all.rules) {
    const Row& row = rows[rule.id];
    if (row.programs.empty()) continue;
    if (rule.section != section) {
      section = rule.section;
      text += "\n## " + section +
              "\n\n| rule | profiles | programs | seen in | when |\n|---|---|---|---|---|\n";
    }
    text += FormatRow(rule, row);
  }
  text += "\n## Known from the sources alone\n\n| rules | why no program shows them |\n|---|---|\n";
  std::vector<std::pair<std::string, std::vector<std::string>>> grouped;
  for (const Rule& rule : all.rules) {
    const auto reason = all.reasons.find(rule.id);
    if (reason == all.reasons.end()) continue;
    auto group = std::find_if(grouped.begin(), grouped.end(),
                              [&](const auto& one) { return one.first == reason->second; });
    if (group == grouped.end()) group = grouped.insert(grouped.end(), {reason->second, {}});
    group->second.push_back(rule.id);
  }
  for (const auto& [why, ids] : grouped) text += "| " + Joined(ids, " ") + " | " + why + " |\n";
  return text;
}

}  // namespace drydock::kmod
