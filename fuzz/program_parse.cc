// Reads the text form: ParseProgram() and LoadProgram() of program_text.h.
#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>

#include "fuzz/linux_names.h"
#include "fuzz/program_text.h"
#include "sim/hw/platform.h"

namespace drydock::fuzz {
namespace {

// One line, read from left to right. The first thing that does not fit is remembered in `error`.
class Line {
 public:
  explicit Line(std::string_view text) : rest_(text) { Blanks(); }

  bool ok() const { return error_.empty(); }
  const std::string& error() const { return error_; }
  bool AtEnd() const { return rest_.empty(); }
  void Fail(std::string what) {
    if (error_.empty()) error_ = std::move(what);
  }
  bool NextIs(std::string_view literal) const { return rest_.starts_with(literal); }
  bool Accept(std::string_view literal) {
    if (!rest_.starts_with(literal)) return false;
    rest_.remove_prefix(literal.size());
    Blanks();
    return true;
  }
  void Expect(std::string_view literal) {
    if (!ok() || Accept(literal)) return;
    Fail("expected `" + std::string(literal) + "` " + Here());
  }
  std::string_view Word(std::string_view more = "") {
    size_t n = 0;
    while (n < rest_.size() && (std::isalnum(static_cast<unsigned char>(rest_[n])) != 0 ||
                                rest_[n] == '_' || more.find(rest_[n]) != more.npos)) {
      ++n;
    }
    const std::string_view word = rest_.substr(0, n);
    rest_.remove_prefix(n);
    Blanks();
    return word;
  }
  uint64_t Number() {
    const std::string_view before = rest_;
    const std::optional<uint64_t> number = ParseNumber(Word());
    if (number) return *number;
    rest_ = before;
    Fail("expected a number " + Here());
    return 0;
  }
  // `4 pages`, `1 page`, `100 bytes`.
  uint64_t Bytes() {
    const uint64_t count = Number();
    if (!ok()) return 0;
    const std::string_view unit = Word();
    if (unit == "byte" || unit == "bytes") return count;
    if (unit != "page" && unit != "pages") {
      Fail("a size needs its unit: write `" + std::to_string(count) + " pages` or `" +
           std::to_string(count) + " bytes`");
    } else if (count >= uint64_t{1} << 52) {
      Fail(std::to_string(count) + " pages are more than 64 bits of bytes: at most 2^52 - 1");
    }
    return Pages(count);
  }
  // `fd0`, `m3`, `p1`: the number after the prefix.
  uint8_t Reference(std::string_view prefix, const char* what) {
    const std::string_view before = rest_;
    const std::string_view word = Word();
    if (word.starts_with(prefix)) {
      const std::optional<uint64_t> number = ParseNumber(word.substr(prefix.size()));
      if (number && *number < kMaxSteps + 1) return static_cast<uint8_t>(*number);
    }
    rest_ = before;
    Fail("expected " + std::string(what) + " (`" + std::string(prefix) + "0`) " + Here());
    return 0;
  }
  std::string Quoted() {
    Expect("\"");
    const size_t end = ok() ? rest_.find('"') : std::string_view::npos;
    if (end == std::string_view::npos) {
      Fail("expected a path in quotes, as \"/dev/pump\"");
      return {};
    }
    std::string text(rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
    Blanks();
    return text;
  }
  std::string Here() const {
    if (rest_.empty()) return "at the end of the line";
    return "before `" + std::string(rest_.substr(0, 24)) + "`";
  }

 private:
  void Blanks() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t')) rest_.remove_prefix(1);
  }
  std::string_view rest_;
  std::string error_;
};

class Parser {
 public:
  void Header(Line& line) {
    ++header_lines_;
    if (header_lines_ == 1) {
      if (!line.Accept("drydock program ") || !line.Accept("1") || !line.AtEnd()) {
        line.Fail("not a program of version 1: the first line must be `drydock program 1`");
      }
      return;
    }
    const std::string_view key = line.Word("-");
    const std::string value(line.Word("-."));
    fuzz::Header& header = result.program.header;
    if (key == "profile") {
      int profile = 0;
      if (!ParseProfile(value, &profile)) {
        line.Fail("no kernel profile '" + value + "': write 6.1, 6.12 or 7.3");
      }
      header.profile = static_cast<uint16_t>(profile);
    } else if (key == "platform") {
      const hw::Platform* platform = hw::FindPlatform(value);
      if (platform == nullptr) {
        line.Fail("no platform '" + value + "': see `drydock check --help` for their names");
        return;
      }
      header.platform = static_cast<uint8_t>(platform - hw::Platforms().data());
    } else if (key == "core-guards") {
      if (value != "on" && value != "off") line.Fail("core-guards is `on` or `off`");
      header.core_guards = value == "on";
    } else if (key == "fail-allocation") {
      const std::optional<uint64_t> number = ParseNumber(value);
      if (!number || *number > kMaxFailAllocation) {
        line.Fail("fail-allocation is 0 (none) to " + std::to_string(kMaxFailAllocation));
        return;
      }
      header.fail_allocation = static_cast<uint32_t>(*number);
    } else if (key == "load-trial") {
      const std::optional<uint64_t> number = ParseNumber(value);
      if (!number || *number > kMaxLoadTrial) {
        line.Fail("load-trial is 0 (no allocation fails) to " + std::to_string(kMaxLoadTrial));
        return;
      }
      header.load_trial = static_cast<uint32_t>(*number);
    }
  }

  static bool IsHeader(std::string_view text) {
    for (std::string_view key :
         {"profile ", "platform ", "core-guards ", "fail-allocation ", "load-trial "}) {
      if (text.starts_with(key)) return true;
    }
    return false;
  }

  void StepLine(Line& line) {
    if (result.program.step_count == kMaxSteps) {
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
    result.program.Add(step);
  }

  // `node N` counts after the paths, and how many these are is known at the end only.
  const char* Finish() {
    for (size_t i = 0; i < result.program.step_count; ++i) {
      if (!by_number_[i]) continue;
      Step& step = result.program.steps[i];
      if (step.node + result.nodes.size() >= kMaxNodes) return "at most 8 nodes";
      step.node = static_cast<uint8_t>(step.node + result.nodes.size());
    }
    return nullptr;
  }

  ParsedProgram result;

 private:
  bool ResultName(Line& line) {
    Line ahead = line;
    name_ = ahead.Word();
    if (name_.empty() || !ahead.Accept("=")) return false;
    line = ahead;
    return true;
  }
  void CheckResultName(bool named, const Step& step, Line& line) {
    std::string want;
    if (MakesFd(step.call)) want = "fd" + std::to_string(counts_.fds);
    if (MakesMapping(step.call)) want = "m" + std::to_string(counts_.mappings);
    if (MakesProcess(step.call)) want = "p" + std::to_string(counts_.processes);
    if (want.empty() && named) line.Fail("this call has no result to name: leave `= ` out");
    if (!want.empty() && (!named || name_ != want)) {
      line.Fail("the result of this call is `" + want + "`: write `" + want + " = ...`");
    }
  }

  uint8_t Node(const std::string& path, Line& line) {
    const auto found = std::find(result.nodes.begin(), result.nodes.end(), path);
    const size_t index = static_cast<size_t>(found - result.nodes.begin());
    if (found == result.nodes.end()) {
      if (!path.starts_with("/dev/") || path.size() > 120) {
        line.Fail("a node is a path below /dev: " + path.substr(0, 40));
      }
      if (index == kMaxNodes) line.Fail("at most 8 nodes");
      if (line.ok()) result.nodes.push_back(path);
    }
    return static_cast<uint8_t>(index);
  }
  void NodeOf(Line& line, Step* step) {
    if (line.Accept("node ")) {
      const uint64_t number = line.Number();
      by_number_[result.program.step_count] = true;
      step->node = static_cast<uint8_t>(std::min<uint64_t>(number, kMaxNodes));
    } else {
      step->node = Node(line.Quoted(), line);
    }
  }
  void Place(Line& line, uint8_t* mapping, uint64_t* offset) {
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
  void At(Line& line, std::string_view word, Step* step) {
    if (!line.ok() || !line.Accept(word)) return;
    Place(line, &step->at, &step->at_offset);
  }
  void Range(Line& line, Step* step) {
    Place(line, &step->mapping, &step->offset);
    line.Expect(",");
    step->length = line.Bytes();
  }
  // What follows a process whose memory is read or written.
  void Remote(Line& line, bool writes, Step* step) {
    line.Expect(",");
    Range(line, step);
    if (!writes) return;
    line.Expect(",");
    line.Expect("pattern");
  }
  uint32_t Flags(Line& line, std::span<const NamedBits> names) {
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
  void MmapTail(Line& line, Step* step) {
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

  bool Call(std::string_view name, Line& line, Step* step) {
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

  ResultCounts counts_;
  std::string_view name_;
  bool by_number_[kMaxSteps] = {};
  int header_lines_ = 0;
};

}  // namespace

ParsedProgram ParseProgram(std::string_view text, std::string_view file_name) {
  Parser parser;
  auto fail = [&](size_t line, const std::string& what) {
    parser.result.error = std::string(file_name) + ":" + std::to_string(line) + ": " + what;
    return parser.result;
  };
  if (text.size() > kMaxTextBytes) {
    return fail(
        1, "too long for a program (" + std::to_string(text.size()) + " bytes): at most 64 KiB");
  }
  size_t number = 0;
  bool first = true;
  while (!text.empty()) {
    ++number;
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      return fail(number, "the last line has no end: the file was cut off, write it anew");
    }
    std::string_view body = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (body.find('\0') != std::string_view::npos) return fail(number, "not text: a zero byte");
    if (body.ends_with('\r')) body.remove_suffix(1);
    body = body.substr(0, body.find('#'));
    while (!body.empty() && (body.back() == ' ' || body.back() == '\t')) body.remove_suffix(1);
    Line line(body);
    if (line.AtEnd()) continue;
    if (first || Parser::IsHeader(body)) {
      if (!first && parser.result.program.step_count != 0) {
        return fail(number, "header lines come before the first call: move it up");
      }
      parser.Header(line);
      first = false;
      if (line.ok() && !line.AtEnd()) line.Fail("too much on this line " + line.Here());
    } else {
      parser.StepLine(line);
    }
    if (!line.ok()) return fail(number, line.error());
  }
  if (first) return fail(1, "empty: the first line must be `drydock program 1`");
  const bool loads = parser.result.program.header.load_trial != kNoLoadTrial;
  if (loads && parser.result.program.step_count != 0) {
    return fail(number, "a load-trial has no calls: leave them, or that line, out");
  }
  if (!loads && parser.result.program.step_count == 0) {
    return fail(number, "no calls: the file was cut off or has only a header");
  }
  if (const char* wrong = parser.Finish()) return fail(number, wrong);
  return parser.result;
}

ParsedProgram LoadProgram(const std::string& path) {
  ParsedProgram bad;
  const auto close = [](std::FILE* file) { std::fclose(file); };
  const std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(path.c_str(), "rb"), close);
  if (file == nullptr) {
    bad.error = path + ": " + std::strerror(errno) + ", name a program file";
    return bad;
  }
  std::string text(kMaxTextBytes + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0) {
    bad.error = path + ": cannot be read, name a program file";
    return bad;
  }
  if (text.size() > kMaxTextBytes) {
    bad.error = path + ":1: too long for a program: at most 64 KiB";
    return bad;
  }
  return ParseProgram(text, path);
}

}  // namespace drydock::fuzz
