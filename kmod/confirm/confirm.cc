#include "kmod/confirm/confirm.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <sstream>

#include "kmod/confirm/evidence.h"
#include "kmod/confirm/question.h"
#include "kmod/confirm/survey.h"
#include "kmod/conform/program_set.h"
#include "sim/kernel/kernel.h"

namespace drydock::kmod {
namespace {

namespace fs = std::filesystem;

// "page P of the mapping, byte B", with which fuzz/oracles.cc begins.
bool ReadPlace(const std::string& seen, uint64_t* page, size_t* byte) {
  std::istringstream words(seen);
  std::string of_page, of, the, mapping, of_byte;
  words >> of_page >> *page >> of >> the >> mapping >> of_byte >> *byte;
  return !words.fail() && of_page == "page" && mapping == "mapping," && of_byte == "byte";
}
using fuzz::Call;

// A kernel that marks memory that nobody has written.
constexpr char kMarking[] = " slub_debug=P page_poison=1 init_on_alloc=0 init_on_free=0";

Judgement NotObservable(std::string why) { return {Verdict::kNotObservable, std::move(why)}; }

// "" or why a kernel does not run the program as it is meant.
std::string WhyNotThere(const Claim& claim, const fuzz::Program& program) {
  const fuzz::Header& header = program.header;
  if (header.load_trial != fuzz::kNoLoadTrial) {
    return header.load_trial == 0
               ? "it is about what insmod and rmmod leave behind, which a kernel "
                 "does not say"
               : "nothing makes an allocation of insmod fail there";
  }
  if (header.fail_allocation != 0) return "nothing makes an allocation fail there";
  if (!header.core_guards) return "the kernel's own check of offset + length is always on there";
  if (!claim.on_x86) return "it does not show on an x86-64 machine, which the guest is";
  return {};
}

// Programs that write may spoil the kernel for those after them.
bool MaySpoil(const fuzz::Program& program) {
  return std::any_of(program.steps.begin(), program.steps.begin() + program.step_count,
                     [](const fuzz::Step& step) {
                       return step.call == Call::kStore || step.call == Call::kWrite ||
                              step.call == Call::kIoctl;
                     });
}

class Confirmation {
 public:
  explicit Confirmation(const ConfirmOptions& options) : options_(options) {}

  std::vector<Judgement> Run(const std::vector<Claim>& claims, std::string* error) {
    std::vector<Judgement> judgements(claims.size());
    bool prepared = false;
    std::string impossible;  // for all of them
    if (!options_.device.empty()) {
      impossible = "the guest has none of the devices of " + options_.device;
    }
    for (size_t i = 0; i < claims.size() && error->empty(); ++i) {
      const EvidenceRow& row = EvidenceOf(claims[i].class_id);
      const fuzz::ParsedProgram parsed = fuzz::ParseProgram(claims[i].program, "program");
      std::string why = parsed.error;
      if (why.empty()) why = WhyNotThere(claims[i], parsed.program);
      if (why.empty() && row.evidence == Evidence::kNone) why = row.why;
      if (why.empty() && !prepared && impossible.empty()) {
        impossible = Prepare();
        prepared = true;
      }
      if (why.empty()) why = impossible;
      judgements[i] = why.empty() ? JudgeClaim(claims[i], row, parsed, error) : NotObservable(why);
    }
    if (guest_ != nullptr) guest_->End();
    return judgements;
  }

 private:
  // "" or why the driver is not there for any program.
  std::string Prepare() {
    const command::CompiledDriver driver =
        CompileDriver(options_.installation, options_.driver, options_.kernel.profile,
                      options_.guest.folder, false);
    if (!driver.error.empty()) return driver.error;
    sim_ = std::make_unique<SimSide>(options_.kernel.profile, driver.object, options_.parameters);
    if (!sim_->error().empty()) return "the simulation of that kernel: " + sim_->error();
    object_pages_ = sim_->ObjectPages();
    const fs::path file = fs::absolute(options_.driver);
    module_ = {file.parent_path().filename().string(), driver.module.name,
               file.parent_path().parent_path().string()};
    std::string parameters;
    for (const auto& [name, value] : options_.parameters) {
      parameters += (parameters.empty() ? "" : " ") + name + "=" + value;
    }
    std::vector<std::string> nodes = sim_->nodes();
    page_flags_ = static_cast<uint8_t>(nodes.size());
    nodes.emplace_back("/proc/kpageflags");
    nodes.push_back("/sys/module/" + driver.module.name + "/refcnt");
    if (nodes.size() > fuzz::kMaxNodes) return "the driver has too many nodes";
    in_guest_ = {driver.module.name + ".ko", parameters, nodes};
    guest_ = std::make_unique<GuestSide>(options_.guest, options_.kernel);
    return guest_->Prepare({module_});
  }

  Judgement JudgeClaim(const Claim& claim, const EvidenceRow& row, fuzz::ParsedProgram parsed,
                       std::string* error) {
    const std::string missing = RenumberNodes(parsed.nodes, sim_->nodes(), &parsed.program);
    if (!missing.empty()) return NotObservable("the driver makes no " + missing + " there");
    parsed.program.header.profile = static_cast<uint16_t>(options_.kernel.profile);
    const bool deadly =
        row.evidence == Evidence::kComplaint || row.evidence == Evidence::kStandsStill;
    const bool alone = deadly || MaySpoil(parsed.program);
    if (alone) guest_->End();
    Judgement judgement;
    switch (row.evidence) {
      case Evidence::kNone:
        break;
      case Evidence::kEntry:
      case Evidence::kSame:
      case Evidence::kSharedPage:
      case Evidence::kFreed:
        judgement = JudgeShown(claim, row, parsed.program, error);
        break;
      case Evidence::kComplaint:
      case Evidence::kStandsStill:
        judgement = JudgeDeath(row, parsed.program, error);
        break;
      case Evidence::kUseCount:
        judgement = JudgeUseCount(claim, parsed.program, error);
        break;
      case Evidence::kUnwritten:
        judgement = JudgeUnwritten(claim, row, parsed.program, error);
        break;
    }
    if (alone) guest_->End();
    return judgement;
  }

  // Runs programs, on a driver that was just loaded if `fresh`. False if none of them came to run:
  // then *judgement or *error says why. A guest that a program has killed leaves fewer in *shown.
  bool RunThere(GuestSide& guest, const std::vector<fuzz::Program>& programs,
                std::vector<Shown>* shown, Judgement* judgement, std::string* error,
                bool fresh = true) {
    const std::string wrong = guest.Run(programs, in_guest_, shown, fresh);
    if (wrong.empty() || (!shown->empty() && shown->back().ending == Ending::kHung)) return true;
    const std::string agent = "the agent: ";
    if (wrong.starts_with(agent)) {
      *judgement = NotObservable(wrong.substr(agent.size()) + " in the guest");
    } else {
      *error = "kernel " + options_.kernel.name + ": " + wrong;
    }
    return false;
  }

  // By what both worlds show of it.
  Judgement JudgeShown(const Claim& claim, const EvidenceRow& row, const fuzz::Program& program,
                       std::string* error) {
    const size_t nodes = sim_->nodes().size();
    std::vector<fuzz::Program> programs = SurveyPrograms(object_pages_, nodes);
    const size_t surveyed = programs.size();
    programs.push_back(program);
    std::vector<Shown> sim, there;
    std::vector<std::vector<std::vector<OwnedRun>>> owned;  // by program and step
    sim_->Fresh();
    for (const fuzz::Program& one : programs) {
      owned.emplace_back(one.step_count);
      sim.push_back(sim_->Run(one, [&](size_t step, const Step& told) {
        owned.back()[step] = OwnedRunsOf(sim_->world().kernel(), told.space);
      }));
    }
    Judgement judgement;
    if (!RunThere(*guest_, programs, &there, &judgement, error)) return judgement;
    if (there.size() < programs.size()) {
      return NotObservable("the driver's own pages cannot be found out there: " +
                           there.back().said);
    }
    if (there.back().ending == Ending::kHung) return OfDeath(there.back());
    if (sim.back().ending == Ending::kTrapped) {
      return NotObservable("the simulation of that kernel stops the driver: " + sim.back().said);
    }
    size_t step = std::min<size_t>(claim.step, program.step_count - 1);
    while (step > 0 && (sim.back().steps[step].shown.entries == kNoSpace ||
                        there.back().steps[step].shown.entries == kNoSpace)) {
      --step;
    }
    Survey survey;
    for (size_t p = 0; p < surveyed; ++p)
      AddSurvey(programs[p], sim[p], there[p], owned[p], &survey);
    const std::span<const fuzz::Program> all = programs;
    const KnownFrames sim_frames = FramesOf(all.first(surveyed), sim);
    const KnownFrames guest_frames = FramesOf(all.first(surveyed), there);
    const Case of{program, sim_->nodes(), step,        sim.back(), there.back(), owned.back()[step],
                  survey,  sim_frames,    guest_frames};
    if (row.evidence == Evidence::kSharedPage || row.evidence == Evidence::kFreed) {
      return JudgePage(row, of, error);
    }
    if (row.evidence == Evidence::kEntry) {
      EntryJudgement entries = JudgeEntries(of);
      if (entries.confirmed) return WithWords(of, *entries.confirmed, error);
      if (!entries.contrary.empty()) return {Verdict::kRefuted, entries.contrary};
      if (entries.any_in_simulation) {
        return NotObservable("which frames are the driver's cannot be told there");
      }
    }
    return JudgeSame(of);
  }

  // What the kernel says of the page that the step shows at an address, asked after it. *read as
  // read(2) says. False if it is another page by then, or cannot be asked.
  bool AskOfPage(const Case& of, uint64_t at, uint64_t frame, int64_t* read, uint64_t* flags,
                 Judgement* judgement, std::string* error) {
    Question question(of.program, of.step + 1);
    const bool whole = question.HasRoomFor(Question::kReadSteps);
    if (!whole) question = Question({}, 0);
    question.Read(page_flags_, frame * 8);
    std::vector<Shown> shown;
    if (!RunThere(*guest_, {question.program()}, &shown, judgement, error, false)) return false;
    const std::vector<Step>& steps = shown.back().steps;
    if (shown.back().ending != Ending::kFinished) return false;
    *read = steps[steps.size() - 2].shown.value;
    *flags = steps.back().shown.data;
    return !whole || FrameAt(steps[of.step].space, at) == frame;
  }

  Judgement WithWords(const Case& of, const WrongPage& page, std::string* error) {
    Judgement judgement{Verdict::kConfirmed, page.words}, ignored;
    int64_t read = -1;
    uint64_t flags = 0;
    std::string words;
    if (AskOfPage(of, page.at, page.frame, &read, &flags, &ignored, error))
      words = WordsOfPage(read, flags);
    if (!words.empty() && !page.instead.empty()) judgement.shown += ": " + words;
    if (!page.instead.empty()) judgement.shown += "; " + page.instead;
    return judgement;
  }

  // The first page of the driver's that the step shows: whose does the kernel say it is?
  Judgement JudgePage(const EvidenceRow& row, const Case& of, std::string* error) {
    for (const ptdump_record& record : of.guest.steps[of.step].space) {
      if (record.kind != PTDUMP_RUN || (record.bits & (PTDUMP_ANON | PTDUMP_ZERO)) != 0) continue;
      Judgement judgement;
      int64_t read = -1;
      uint64_t flags = 0;
      if (!AskOfPage(of, record.start, record.frame, &read, &flags, &judgement, error)) {
        return judgement.shown.empty() ? NotObservable("the kernel does not say whose the page is")
                                       : judgement;
      }
      const bool shows =
          row.evidence == Evidence::kFreed ? IsFreePage(read, flags) : IsSlabPage(read, flags);
      char frame[24];
      std::snprintf(frame, sizeof frame, "0x%llx", static_cast<unsigned long long>(record.frame));
      const std::string what = "the page that is mapped, frame " + std::string(frame) + ", is " +
                               WordsOfPage(read, flags);
      if (shows) return {Verdict::kConfirmed, what};
      return row.silence_refutes ? Judgement{Verdict::kRefuted, what}
                                 : NotObservable(what + ": " + std::string(row.why));
    }
    return {Verdict::kRefuted,
            "nothing is mapped after " + FormatStep(of.program, of.step, of.nodes)};
  }

  // The kernel's own words, "" if it has none, with the driver's file as it was named.
  std::string ComplaintOf(const Shown& shown) const {
    return WithDriversPath(ComplaintIn(shown.said), module_.folder, options_.driver);
  }

  Judgement OfDeath(const Shown& shown) const {
    const std::string complaint = ComplaintOf(shown);
    return complaint.empty() ? NotObservable(shown.said)
                             : Judgement{Verdict::kConfirmed, complaint};
  }

  // By what the kernel reports of it, or that it stands still.
  Judgement JudgeDeath(const EvidenceRow& row, const fuzz::Program& program, std::string* error) {
    std::vector<Shown> there;
    Judgement judgement;
    if (!RunThere(*guest_, {program}, &there, &judgement, error)) return judgement;
    const Shown& shown = there.back();
    const std::string complaint = ComplaintOf(shown);
    if (row.evidence == Evidence::kStandsStill) {
      if (shown.ending == Ending::kBlocked || shown.ending == Ending::kHung) {
        return {Verdict::kConfirmed,
                shown.said.empty() ? "the step does not come back" : shown.said};
      }
      return {Verdict::kRefuted, "every step comes back"};
    }
    if (!complaint.empty()) return {Verdict::kConfirmed, complaint};
    if (shown.ending == Ending::kKilled) {
      return {Verdict::kConfirmed, "the kernel kills the process"};
    }
    return row.silence_refutes ? Judgement{Verdict::kRefuted, "the kernel goes on without a word"}
                               : NotObservable(std::string(row.why));
  }

  Judgement JudgeUseCount(const Claim& claim, const fuzz::Program& program, std::string* error) {
    Question question(program, claim.step + 1);
    if (!question.HasRoomFor(Question::kReadSteps)) return NotObservable("the program is too long");
    question.Read(static_cast<uint8_t>(page_flags_ + 1), 0);
    std::vector<Shown> there;
    Judgement judgement;
    if (!RunThere(*guest_, {question.program()}, &there, &judgement, error)) return judgement;
    const std::vector<Step>& steps = there.back().steps;
    const auto first = static_cast<char>(steps.back().shown.data & 0xff);
    if (there.back().ending != Ending::kFinished || steps[steps.size() - 2].shown.value < 1 ||
        first < '0' || first > '9') {
      return NotObservable("the kernel does not tell the module's use count");
    }
    const std::string count = std::string("while a file of it is open, the use count of ") +
                              module_.module + " is " + first;
    if (first != '0') return {Verdict::kRefuted, count};
    return {Verdict::kConfirmed, count + ": rmmod takes it away"};
  }

  Judgement JudgeUnwritten(const Claim& claim, const EvidenceRow& row, const fuzz::Program& program,
                           std::string* error) {
    uint64_t page = 0;
    size_t byte = 0;
    if (!ReadPlace(claim.seen, &page, &byte)) {
      return NotObservable("which byte it is cannot be told");
    }
    const size_t steps = std::min<size_t>(claim.step + 1, program.step_count);
    Question question(program, steps);
    const fuzz::ResultCounts counts = CountResults(program, steps);
    if (counts.mappings == 0 || !question.HasRoomFor(1)) return NotObservable(std::string(row.why));
    question.Load(static_cast<uint8_t>(counts.mappings - 1), fuzz::Pages(page) + byte);
    if (marking_ == nullptr) {
      GuestParts parts = options_.guest;
      parts.kernel_words += kMarking;
      marking_ = std::make_unique<GuestSide>(parts, options_.kernel);
      const std::string wrong = marking_->Prepare({module_});
      if (!wrong.empty()) return NotObservable(wrong);
    }
    guest_->End();  // one guest at a time
    std::vector<Shown> there;
    Judgement judgement;
    const bool ran = RunThere(*marking_, {question.program()}, &there, &judgement, error);
    marking_->End();
    if (!ran) return judgement;
    const StepShown& last = there.back().steps.back().shown;
    if (last.ran != Ran::kRan || last.signal != 0) {
      return {Verdict::kRefuted, "the byte cannot be read"};
    }
    const auto value = static_cast<uint8_t>(last.data);
    const std::string words = WordsOfMark(value);
    if (words.empty()) return NotObservable(std::string(row.why));
    char text[160];
    std::snprintf(text, sizeof text, "byte %zu of page %lu reads 0x%02x, %s", byte, page, value,
                  words.c_str());
    return {Verdict::kConfirmed, text};
  }

  const ConfirmOptions& options_;
  std::unique_ptr<SimSide> sim_;
  uint64_t object_pages_ = 0;
  ModuleOfDriver module_;
  DriverInGuest in_guest_;
  uint8_t page_flags_ = 0;  // the node that is /proc/kpageflags; the next one is the use count
  std::unique_ptr<GuestSide> guest_, marking_;
};

}  // namespace

std::vector<Judgement> Confirm(const ConfirmOptions& options, const std::vector<Claim>& claims,
                               std::string* error) {
  return Confirmation(options).Run(claims, error);
}

}  // namespace drydock::kmod
