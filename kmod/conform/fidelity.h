// Which rules of docs/mmap-rules.md have been seen in a real kernel: rules, the programs that show
// them, and the record of what conform has run without a difference come together in
// docs/fidelity.md.
#ifndef DRYDOCK_KMOD_CONFORM_FIDELITY_H_
#define DRYDOCK_KMOD_CONFORM_FIDELITY_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace drydock::kmod {

struct Rule {
  std::string id;
  std::string section;   // "3. remap_pfn_range"
  std::string profiles;  // "6.1, 6.12, 7.3"; "6.1, 6.12 / 7.3" if the last one does otherwise
};
struct Rules {
  std::vector<Rule> list;
  std::string error;
};
// The tables of mmap-rules.md, but for "Not modelled".
Rules ParseRules(std::string_view markdown);

// A program that says which rules it shows, before the program's first line: "# shows: RP2 RP4",
// and, if only some kernels have what it takes, "# on: 6.1 6.12".
struct RuleProgram {
  std::string file;  // from the checkout's root
  std::vector<std::string> shows;
  std::string sha256;                // of the whole file
  std::vector<std::string> on = {};  // empty: all
};
// The words of such a line: "shows" or "on".
std::vector<std::string> WordsAfter(std::string_view program_text, const std::string& what);

// A line of confirmed.tsv: a program that both worlds ran without a difference.
struct Record {
  std::string file, sha256;
  std::string kernel, release;  // "6.1-small", "6.1.192"
  std::string date;             // "2026-11-21"
  std::string rules;            // that the program showed then, joined by spaces

  friend bool operator==(const Record&, const Record&) = default;
};
struct Records {
  std::vector<Record> list;
  std::string error;  // "FILE:LINE: what"
};
Records ParseRecords(std::string_view text, const std::string& file_name);
std::string FormatRecords(std::vector<Record> records);  // sorted

// A kernel ran programs: `equal`, by path (it ends in a program's `file`), whether both worlds
// showed the same. Their records of this kernel are replaced, or taken out. Returns how many were
// equal.
size_t NoteConfirmed(const std::vector<RuleProgram>& programs,
                     const std::map<std::string, bool>& equal, const Record& like,
                     std::vector<Record>* records);

// source_only.txt: "RP1 RP2: why no program can show them".
struct Reasons {
  std::map<std::string, std::string> list;
  std::string error;
};
Reasons ParseReasons(std::string_view text, const std::string& file_name);

struct Fidelity {
  std::vector<Rule> rules;
  std::vector<RuleProgram> programs;
  std::vector<Record> records;
  std::map<std::string, std::string> reasons;
  // One line if something does not fit: a program shows what is no rule, a rule has neither program
  // nor reason, or both.
  std::string error;
};
// Joins and checks.
Fidelity Join(const Rules& rules, std::vector<RuleProgram> programs, const Records& records,
              const Reasons& reasons);
// Reads all of it in the checkout `root`.
Fidelity ReadFidelity(const std::string& root);
// The programs of the checkout that say which rules they show.
std::vector<RuleProgram> ReadRulePrograms(const std::string& root);

// The text of docs/fidelity.md.
std::string FidelityMarkdown(const Fidelity& fidelity);

inline constexpr char kRecordsFile[] = "kmod/conform/confirmed.tsv";

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_CONFORM_FIDELITY_H_
