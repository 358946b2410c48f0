#include "fuzz/program_text.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "fuzz/linux_names.h"
#include "sim/hw/platform.h"

namespace drydock::fuzz {
namespace {

class Writer {
 public:
  Writer(const NodePaths& nodes, std::string* out) : nodes_(nodes), out_(*out) {}

  void Write(const Step& step, const ResultCounts& before) {
    if (MakesFd(step.call)) Put("fd%u = ", before.fds);
    if (MakesMapping(step.call)) Put("m%u = ", before.mappings);
    if (MakesProcess(step.call)) Put("p%u = ", before.processes);
    switch (step.call) {
      case Call::kOpen:
        WriteNode("open(", step);
        out_ += ", ";
        AppendFlags(OpenFlagNames(), step.flags, &out_);
        break;
      case Call::kClose:
        Put("close(fd%u", step.fd);
        break;
      case Call::kMmap:
        Put("mmap(fd%u, ", step.fd);
        WriteMmap(step);
        out_ += ", offset " + FormatBytes(step.offset);
        WriteAt(step, ", at ");
        break;
      case Call::kAnonymous:
        out_ += "mmap(anonymous, ";
        WriteMmap(step);
        WriteAt(step, ", at ");
        break;
      case Call::kMunmap:
        WriteRange("munmap(", step);
        break;
      case Call::kMprotect:
        WriteRange("mprotect(", step);
        out_ += ", ";
        AppendFlags(ProtectionNames(), step.prot, &out_);
        break;
      case Call::kMadvise:
        WriteRange("madvise(", step);
        out_ += ", ";
        AppendName(AdviceNames(), step.flags, &out_);
        break;
      case Call::kMremap:
        WriteRange("mremap(", step);
        out_ += ", " + FormatBytes(step.new_length) + ", ";
        AppendFlags(RemapFlagNames(), step.flags, &out_);
        WriteAt(step, ", to ");
        break;
      case Call::kLoad:
        WriteAccess("load(", step);
        break;
      case Call::kStore:
        WriteAccess("store(", step);
        out_ += ", pattern";
        break;
      case Call::kRead:
      case Call::kWrite:
        Put(step.call == Call::kRead ? "read(fd%u" : "write(fd%u", step.fd);
        WriteAccess(", ", step);
        break;
      case Call::kLseek:
        Put("lseek(fd%u, ", step.fd);
        if (static_cast<int64_t>(step.offset) < 0) {
          Put("-%s", FormatBytes(-step.offset).c_str());
        } else {
          out_ += FormatBytes(step.offset);
        }
        out_ += ", ";
        AppendName(WhenceNames(), step.flags, &out_);
        break;
      case Call::kIoctl:
        Put("ioctl(fd%u, 0x%x, ", step.fd, step.flags);
        if (step.at != kNone) {
          WritePlace(step.at, step.at_offset);
        } else {
          Put("%" PRIu64, step.offset);
        }
        break;
      case Call::kFork:
        out_ += "fork(";
        break;
      case Call::kExit:
        out_ += "exit(";
        break;
      case Call::kSwitch:
        Put("switch(p%u", step.process);
        break;
      case Call::kMlock:
        WriteRange("mlock(", step);
        break;
      case Call::kMunlock:
        WriteRange("munlock(", step);
        break;
      case Call::kMsync:
        WriteRange("msync(", step);
        out_ += ", ";
        AppendFlags(SyncFlagNames(), step.flags, &out_);
        break;
      case Call::kMseal:
        WriteRange("mseal(", step);
        Put(step.flags == 0 ? ", 0" : ", 0x%x", step.flags);
        break;
      case Call::kMincore:
        WriteRange("mincore(", step);
        break;
      case Call::kUnbind:
        WriteNode("unbind(", step);
        break;
      case Call::kBind:
        WriteNode("bind(", step);
        break;
      case Call::kPoll:
        Put("poll(fd%u, ", step.fd);
        AppendFlags(PollEventNames(), step.flags, &out_);
        break;
      case Call::kVmReadv:
      case Call::kVmWritev:
        Put(step.call == Call::kVmReadv ? "process_vm_readv(p%u" : "process_vm_writev(p%u",
            step.process);
        WriteAccess(", ", step);
        if (step.call == Call::kVmWritev) out_ += ", pattern";
        break;
      case Call::kMemRead:
      case Call::kMemWrite:
        Put(step.call == Call::kMemRead ? "pread(\"/proc/p%u/mem\"" : "pwrite(\"/proc/p%u/mem\"",
            step.process);
        WriteAccess(", ", step);
        if (step.call == Call::kMemWrite) out_ += ", pattern";
        break;
    }
    out_ += ')';
  }

 private:
  template <class... Arguments>
  void Put(const char* format, Arguments... arguments) {
    char text[64];
    std::snprintf(text, sizeof text, format, arguments...);
    out_ += text;
  }
  void WritePlace(uint8_t mapping, uint64_t offset) {
    Put("m%u", mapping);
    if (offset >= Pages(1)) out_ += " + " + FormatBytes(offset & ~hw::kPageMask);
    if ((offset & hw::kPageMask) != 0) Put(" + %" PRIu64, offset & hw::kPageMask);
  }
  void WriteRange(const char* name, const Step& step) {
    out_ += name;
    WritePlace(step.mapping, step.offset);
    out_ += ", " + FormatBytes(step.length);
  }
  void WriteAccess(const char* name, const Step& step) {
    out_ += name;
    WritePlace(step.mapping, step.offset);
    Put(step.length == 1 ? ", 1 byte" : ", %" PRIu64 " bytes", step.length);
  }
  void WriteNode(const char* name, const Step& step) {
    out_ += name;
    if (step.node < nodes_.size()) {
      out_ += "\"" + nodes_[step.node] + "\"";
    } else {
      Put("node %u", static_cast<unsigned>(step.node - nodes_.size()));
    }
  }
  void WriteMmap(const Step& step) {
    out_ += FormatBytes(step.length) + ", ";
    AppendFlags(ProtectionNames(), step.prot, &out_);
    out_ += ", ";
    AppendFlags(MapFlagNames(), step.flags, &out_);
  }
  void WriteAt(const Step& step, const char* word) {
    if (step.at == kNone) return;
    out_ += word;
    WritePlace(step.at, step.at_offset);
  }

  const NodePaths& nodes_;
  std::string& out_;
};

}  // namespace

std::string FormatBytes(uint64_t size_bytes) {
  char text[40];
  if (size_bytes % Pages(1) != 0) {
    std::snprintf(text, sizeof text, "%" PRIu64 " byte%s", size_bytes, size_bytes == 1 ? "" : "s");
  } else {
    const uint64_t pages = size_bytes >> hw::kPageShift;
    std::snprintf(text, sizeof text, "%" PRIu64 " page%s", pages, pages == 1 ? "" : "s");
  }
  return text;
}

std::string FormatProfile(int profile) {
  return std::to_string(profile / 100) + "." + std::to_string(profile % 100);
}

bool ParseProfile(std::string_view text, int* profile) {
  for (int known : {601, 612, 703}) {
    if (text == FormatProfile(known)) {
      *profile = known;
      return true;
    }
  }
  return false;
}

std::string FormatStep(const Program& program, size_t index, const NodePaths& nodes) {
  std::string text;
  Writer(nodes, &text).Write(program.steps[index], CountResults(program, index));
  return text;
}

std::string FormatProgram(const Program& program, const NodePaths& nodes) {
  const Header& header = program.header;
  std::string text = "drydock program 1\nprofile " + FormatProfile(header.profile) + "\nplatform " +
                     std::string(hw::Platforms()[header.platform].name) + "\ncore-guards " +
                     (header.core_guards ? "on" : "off") + "\nfail-allocation " +
                     std::to_string(header.fail_allocation) + "\n";
  if (header.load_trial != kNoLoadTrial) {
    return text + "load-trial " + std::to_string(header.load_trial) + "\n";
  }
  text += '\n';
  ResultCounts counts;
  for (size_t i = 0; i < program.step_count; ++i) {
    Writer(nodes, &text).Write(program.steps[i], counts);
    text += '\n';
    CountResult(program.steps[i], &counts);
  }
  return text;
}

std::string RenumberNodes(const NodePaths& from, const NodePaths& to, Program* program) {
  for (size_t i = 0; i < program->step_count; ++i) {
    Step& step = program->steps[i];
    if (!UsesNode(step.call)) continue;
    if (step.node >= from.size()) {  // written as `node N`
      step.node = static_cast<uint8_t>(step.node - from.size());
      if (step.node >= to.size()) return "node " + std::to_string(step.node);
      continue;
    }
    const auto found = std::find(to.begin(), to.end(), from[step.node]);
    if (found == to.end()) return from[step.node];
    step.node = static_cast<uint8_t>(found - to.begin());
  }
  return {};
}

}  // namespace drydock::fuzz
