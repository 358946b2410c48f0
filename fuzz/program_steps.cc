#include "fuzz/program_steps.h"

#include <algorithm>
#include <optional>

#include "fuzz/linux_names.h"

namespace drydock::fuzz {

void StepsParser::ReadStep(Line& line) {
  if (result_->program.step_count == kMaxSteps) {
    return line.Fail("a program has at most 16 steps: cut it in two");
  }
  Step step;
  const bool named = ResultName(line);
  const std::string_view name = line.Word();
  line.Expect("(");
  if (!line.ok() || !Call(name, line, &step)) return;
  line.Expect(")");
  if (!line.ok()) return;
  if (!line.AtEnd()) return line.Fail("nothing may follow the call: " + line.Here());
  if (const char* wrong = WhyInvalid(step, counts_)) return line.Fail(wrong);
  CheckResultName(named, step, line);
  if (!line.ok()) return;
  CountResult(step, &counts_);
  result_->program.Add(step);
}

const char* StepsParser::Finish() {
  for (size_t i = 0; i < result_->program.step_count; ++i) {
    if (!by_number_[i]) continue;
    Step& step = result_->program.steps[i];
    if (step.node + result_->nodes.size() >= kMaxNodes) return "at most 8 nodes";
    step.node = static_cast<uint8_t>(step.node + result_->nodes.size());
  }
  return nullptr;
}

bool StepsParser::ResultName(Line& line) {
  Line ahead = line;
  name_ = ahead.Word();
  if (name_.empty() || !ahead.Accept("=")) return false;
  line = ahead;
  return true;
}

void StepsParser::CheckResultName(bool named, const Step& step, Line& line) {
  std::string want;
  if (MakesFd(step.call)) want = "fd" + std::to_string(counts_.fds);
  if (MakesMapping(step.call)) want = "m" + std::to_string(counts_.mappings);
  if (MakesProcess(step.call)) want = "p" + std::to_string(counts_.processes);
  if (want.empty() && named) line.Fail("this call has no result to name: leave `= ` out");
  if (!want.empty() && (!named || name_ != want)) {
    line.Fail("the result of this call is `" + want + "`: write `" + want + " = ...`");
  }
}

uint8_t StepsParser::Node(const std::string& path, Line& line) {
  const auto found = std::find(result_->nodes.begin(), result_->nodes.end(), path);
  const size_t index = static_cast<size_t>(found - result_->nodes.begin());
  if (found == result_->nodes.end()) {
    if (!path.starts_with("/dev/") || path.size() > 120) {
      line.Fail("a node is a path below /dev: " + path.substr(0, 40));
    }
    if (index == kMaxNodes) line.Fail("at most 8 nodes");
    if (line.ok()) result_->nodes.push_back(path);
  }
  return static_cast<uint8_t>(index);
}

void StepsParser::NodeOf(Line& line, Step* step) {
  if (line.Accept("node ")) {
    const uint64_t number = line.Number();
    by_number_[result_->program.step_count] = true;
    step->node = static_cast<uint8_t>(std::min<uint64_t>(number, kMaxNodes));
  } else {
    step->node = Node(line.Quoted(), line);
  }
}

void StepsParser::Place(Line& line, uint8_t* mapping, uint64_t* offset) {
  *mapping = line.Reference("m", "a mapping");
  while (line.ok() && line.Accept("+")) {
    Line ahead = line;
    const uint64_t number = ahead.Number();
    const std::string_view unit = ahead.Word();
    if (unit == "page" || unit == "pages") {
      *offset += line.Bytes();
    } else {
      *offset += number;
      line.Number();
      if (unit == "byte" || unit == "bytes") line.Word();
    }
  }
}

void StepsParser::At(Line& line, std::string_view word, Step* step) {
  if (!line.ok() || !line.Accept(word)) return;
  Place(line, &step->at, &step->at_offset);
}

void StepsParser::Range(Line& line, Step* step) {
  Place(line, &step->mapping, &step->offset);
  line.Expect(",");
  step->length = line.Bytes();
}

void StepsParser::Remote(Line& line, bool writes, Step* step) {
  line.Expect(",");
  Range(line, step);
  if (!writes) return;
  line.Expect(",");
  line.Expect("pattern");
}

uint32_t StepsParser::Flags(Line& line, std::span<const NamedBits> names) {
  line.Expect(",");
  if (!line.ok()) return 0;
  Line ahead = line;
  const std::string word(line.Word("|"));
  const std::optional<uint32_t> value = ParseFlags(names, word);
  if (!value) {
    ahead.Fail("unknown flags `" + word + "`: write names joined by | or a number");
    line = ahead;
  }
  return value.value_or(0);
}

void StepsParser::MmapTail(Line& line, Step* step) {
  line.Expect(",");
  step->length = line.Bytes();
  step->prot = Flags(line, ProtectionNames());
  step->flags = Flags(line, MapFlagNames());
  if (step->call == fuzz::Call::kMmap) {
    line.Expect(",");
    line.Expect("offset");
    step->offset = line.Bytes();
  }
  At(line, ", at ", step);
}

bool StepsParser::Call(std::string_view name, Line& line, Step* step) {
  using enum fuzz::Call;
  if (name == "open") {
    step->call = kOpen;
    NodeOf(line, step);
    step->flags = Flags(line, OpenFlagNames());
  } else if (name == "mmap") {
    step->call = line.Accept("anonymous") ? kAnonymous : kMmap;
    if (step->call == kMmap) step->fd = line.Reference("fd", "a descriptor or `anonymous`");
    MmapTail(line, step);
  } else if (name == "munmap") {
    step->call = kMunmap;
    Range(line, step);
  } else if (name == "mprotect") {
    step->call = kMprotect;
    Range(line, step);
    step->prot = Flags(line, ProtectionNames());
  } else if (name == "madvise") {
    step->call = kMadvise;
    Range(line, step);
    step->flags = Flags(line, AdviceNames());
  } else if (name == "mremap") {
    step->call = kMremap;
    Range(line, step);
    line.Expect(",");
    step->new_length = line.Bytes();
    step->flags = Flags(line, RemapFlagNames());
    At(line, ", to ", step);
  } else if (name == "load" || name == "store") {
    step->call = name == "load" ? kLoad : kStore;
    Range(line, step);
    if (step->call == kStore) {
      line.Expect(",");
      line.Expect("pattern");
    }
  } else if (name == "read" || name == "write") {
    step->call = name == "read" ? kRead : kWrite;
    step->fd = line.Reference("fd", "a descriptor");
    line.Expect(",");
    Range(line, step);
  } else if (name == "lseek") {
    step->call = kLseek;
    step->fd = line.Reference("fd", "a descriptor");
    line.Expect(",");
    const bool negative = line.Accept("-");
    step->offset = line.Bytes();
    if (negative) step->offset = -step->offset;
    step->flags = Flags(line, WhenceNames());
  } else if (name == "ioctl") {
    step->call = kIoctl;
    step->fd = line.Reference("fd", "a descriptor");
    line.Expect(",");
    const uint64_t command = line.Number();
    if (command > 0xffffffffu) line.Fail("an ioctl command has 32 bits");
    step->flags = static_cast<uint32_t>(command);
    line.Expect(",");
    if (line.NextIs("m")) {
      Place(line, &step->at, &step->at_offset);
    } else {
      step->offset = line.Number();
    }
  } else if (name == "close") {
    step->call = kClose;
    step->fd = line.Reference("fd", "a descriptor");
  } else if (name == "fork") {
    step->call = kFork;
  } else if (name == "exit") {
    step->call = kExit;
  } else if (name == "switch") {
    step->call = kSwitch;
    step->process = line.Reference("p", "a process");
  } else if (name == "mlock" || name == "munlock" || name == "mincore") {
    step->call = name == "mlock" ? kMlock : name == "munlock" ? kMunlock : kMincore;
    Range(line, step);
  } else if (name == "unbind" || name == "bind") {
    step->call = name == "unbind" ? kUnbind : kBind;
    NodeOf(line, step);
  } else if (name == "mseal") {
    step->call = kMseal;
    Range(line, step);
    step->flags = Flags(line, {});
  } else if (name == "msync") {
    step->call = kMsync;
    Range(line, step);
    step->flags = Flags(line, SyncFlagNames());
  } else if (name == "poll") {
    step->call = kPoll;
    step->fd = line.Reference("fd", "a descriptor");
    step->flags = Flags(line, PollEventNames());
  } else if (name == "process_vm_readv" || name == "process_vm_writev") {
    step->call = name == "process_vm_readv" ? kVmReadv : kVmWritev;
    step->process = line.Reference("p", "a process");
    Remote(line, step->call == kVmWritev, step);
  } else if (name == "pread" || name == "pwrite") {
    step->call = name == "pread" ? kMemRead : kMemWrite;
    line.Expect("\"/proc/");
    step->process = line.Reference("p", "a process");
    line.Expect("/mem\"");
    Remote(line, step->call == kMemWrite, step);
  } else {
    line.Fail("no call named `" + std::string(name.substr(0, 24)) +
              "`: docs/programs.md lists them");
  }
  return line.ok();
}

}  // namespace drydock::fuzz
