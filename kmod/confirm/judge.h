// What a kernel showed of a finding's program, against what the simulation showed: confirmed,
// refuted, or neither. Nothing here runs anything.
#ifndef DRYDOCK_KMOD_CONFIRM_JUDGE_H_
#define DRYDOCK_KMOD_CONFIRM_JUDGE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/program.h"
#include "fuzz/program_text.h"
#include "kmod/observe/shown.h"
#include "kmod/observe/shown_text.h"

namespace drydock::kmod {

enum class Verdict : uint8_t { kConfirmed, kNotObservable, kRefuted };
std::string_view VerdictName(Verdict verdict);  // "confirmed", "not observable", "refuted"

struct Judgement {
  Verdict verdict = Verdict::kNotObservable;
  std::string shown;  // confirmed, refuted: what the kernel showed; else why it shows nothing
  friend bool operator==(const Judgement&, const Judgement&) = default;
};

// Pages in a row of a simulated address space, and whose they are.
struct OwnedRun {
  uint64_t start = 0, pages = 0, frame = 0;
  uint64_t owned = 0;  // pages from `frame` on that are of one object of the driver's; 0: none is
  friend bool operator==(const OwnedRun&, const OwnedRun&) = default;
};

// A page of a node, as short programs saw it in both worlds.
struct Surveyed {
  uint64_t sim = 0, guest = 0;  // frames
  uint64_t owned = 0;           // as OwnedRun's
};
using Survey = std::map<std::pair<uint8_t, uint64_t>, Surveyed>;  // by node and page

// A finding's program in both worlds, up to the step that shows it.
struct Case {
  const fuzz::Program& program;
  const fuzz::NodePaths& nodes;
  size_t step;
  const Shown& sim;
  const Shown& guest;
  const std::vector<OwnedRun>& owned;  // of the simulated address space after `step`
  const Survey& survey;
  const KnownFrames& sim_frames;
  const KnownFrames& guest_frames;
};

// The first page that is wrong in the simulation, and what the kernel shows there.
struct WrongPage {
  uint64_t at = 0;      // address
  uint64_t frame = 0;   // the kernel's
  std::string words;    // "page 16 of m0 shows frame 0xfd010"
  std::string instead;  // "the driver's are 0xfd000 to 0xfd00f"
};
struct EntryJudgement {
  bool any_in_simulation = false;  // false: the simulation has no entry of the kind
  std::optional<WrongPage> confirmed;
  std::string contrary;  // what the kernel shows instead; "" if that cannot be told
};
EntryJudgement JudgeEntries(const Case& of);

// Evidence::kSame: results and address spaces up to the step are equal.
Judgement JudgeSame(const Case& of);

// The frame that an address space has at an address.
std::optional<uint64_t> FrameAt(const std::vector<ptdump_record>& space, uint64_t at);

// A complaint of the kernel's in which the driver's files are called as the user calls them: a path
// in the folder that a module was built in, `.../part.XXXXXX/FOLDER/FILE` (kmod/runner/module.sh),
// becomes that of FILE beside `driver`. FOLDER is that of the module's sources.
std::string WithDriversPath(const std::string& complaint, const std::string& folder,
                            const std::string& driver);

// What /proc/kpageflags says of a frame, in words; `read` as read(2) returned.
std::string WordsOfPage(int64_t read, uint64_t flags);
bool IsSlabPage(int64_t read, uint64_t flags);
bool IsFreePage(int64_t read, uint64_t flags);

// The mark of memory that nobody has written since it was free (a kernel that was booted with
// slub_debug=P and page_poison=1), in words; "" for anything else.
std::string WordsOfMark(uint8_t byte);

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_CONFIRM_JUDGE_H_
