#include "fuzz/program_c.h"

#include <cinttypes>
#include <cstdio>

#include "fuzz/linux_names.h"
#include "fuzz/observation_text.h"
#include "fuzz/program_c_calls.h"
#include "fuzz/program_c_frame.h"

namespace drydock::fuzz {
namespace {

template <class... Arguments>
std::string Print(const char* format, Arguments... arguments) {
  char text[160];
  std::snprintf(text, sizeof text, format, arguments...);
  return text;
}

// Neither ends a comment nor a line.
std::string ForComment(std::string text) {
  for (size_t at = 0; (at = text.find_first_of("\n\r/", at)) != text.npos; ++at) {
    if (text[at] != '/') {
      text[at] = ' ';
    } else if ((at > 0 && text[at - 1] == '*') || (at + 1 < text.size() && text[at + 1] == '*')) {
      text[at] = '|';
    }
  }
  return text;
}

std::string ForString(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return out;
}

std::string Flags(std::span<const NamedBits> names, uint32_t value) {
  std::string text;
  AppendFlags(names, value, &text);
  return text;
}
std::string Name(std::span<const NamedBits> names, uint32_t value) {
  std::string text;
  AppendName(names, value, &text);
  return text;
}

std::string Hex(uint64_t value) { return Print("0x%" PRIx64, value); }
std::string Place(uint8_t mapping, uint64_t offset) {
  return Print("at(%u, 0x%" PRIx64 ")", mapping, offset);
}
std::string At(const Step& step) {
  return step.at == kNone ? "NULL" : Place(step.at, step.at_offset);
}
std::string OpenFlags(uint32_t flags) {
  // glibc's O_LARGEFILE is 0 where every file is large; the kernel's number is not.
  return (flags & 0x8000) != 0 ? Hex(flags) : Flags(OpenFlagNames(), flags);
}

std::string ResultOf(const Program& program, const CFormNotes& notes, size_t i) {
  if (i < notes.simulated.size()) return FormatObservation(program.steps[i], notes.simulated[i]);
  return i < notes.results.size() ? notes.results[i] : std::string();
}

// What the reproducer compares: "ok", an errno's name, a signal's name; "" if nothing is known.
std::string Category(const std::string& result) {
  const std::string word = result.substr(0, result.find(' '));
  if (word.empty() || word == "skipped" || word == "not" || word == "the") return {};
  return word[0] == 'E' || word[0] == 'S' ? word : "ok";
}

// The statements of one step; `counts` are the results before it.
std::string Body(const Step& step, size_t index, const ResultCounts& counts) {
  std::string need;
  if (UsesFd(step.call)) need += Print("  if (s->fd[%u] < 0) return skip(%zu);\n", step.fd, index);
  if (UsesMapping(step.call)) {
    need += Print("  if (s->m[%u] == MAP_FAILED) return skip(%zu);\n", step.mapping, index);
  }
  if (UsesAt(step.call) && step.at != kNone) {
    need += Print("  if (s->m[%u] == MAP_FAILED) return skip(%zu);\n", step.at, index);
  }
  if (IsRemote(step.call)) {
    need += Print("  if (s->pid[%u] == 0) return skip(%zu);\n", step.process, index);
  }
  const std::string fd = Print("s->fd[%u]", step.fd);
  const std::string range = Place(step.mapping, step.offset) + ", " + Hex(step.length);
  const auto plain = [&](const std::string& call) {
    return need + Print("  show(%zu, ", index) + call + ");\n";
  };
  const auto mapping = [&](const std::string& call) {
    return need + Print("  s->m[%u] = ", counts.mappings) + call + ";\n" +
           Print("  show(%zu, s->m[%u] == MAP_FAILED ? -1 : 0);\n", index, counts.mappings);
  };
  const auto mmap = [&](const std::string& flags, const std::string& descriptor) {
    return mapping("mmap(" + At(step) + ", " + Hex(step.length) + ",\n         " +
                   Flags(ProtectionNames(), step.prot) + ", " + flags + ", " + descriptor +
                   ", (off_t)" + Hex(step.offset) + ")");
  };
  switch (step.call) {
    case Call::kOpen:
      return Print("  s->fd[%u] = open(NODE%u, ", counts.fds, step.node) + OpenFlags(step.flags) +
             ", 0600);\n" + Print("  show(%zu, s->fd[%u]);\n", index, counts.fds);
    case Call::kClose:
      return plain("close(" + fd + ")");
    case Call::kMmap:
      return mmap(Flags(MapFlagNames(), step.flags), fd);
    case Call::kAnonymous:
      return mmap(Flags(MapFlagNames(), step.flags | kMapAnonymous), "-1");
    case Call::kMunmap:
      return plain("munmap(" + range + ")");
    case Call::kMprotect:
      return plain("mprotect(" + range + ", " + Flags(ProtectionNames(), step.prot) + ")");
    case Call::kMadvise:
      return plain("madvise(" + range + ", " + Name(AdviceNames(), step.flags) + ")");
    case Call::kMremap:
      return mapping("mremap(" + range + ", " + Hex(step.new_length) + ",\n         " +
                     Flags(RemapFlagNames(), step.flags) + ", " + At(step) + ")");
    case Call::kLoad:
      return plain("load(" + range + ")");
    case Call::kStore:
      return plain("store(" + range + Print(", %zu)", index));
    case Call::kRead:
      return plain("read(" + fd + ", " + range + ")");
    case Call::kWrite:
      return plain("write(" + fd + ", " + range + ")");
    case Call::kLseek:
      return plain("lseek(" + fd + ", (off_t)" + Hex(step.offset) + ", " +
                   Name(WhenceNames(), step.flags) + ")");
    case Call::kIoctl:
      return plain("ioctl(" + fd + ", " + Print("0x%xUL, ", step.flags) +
                   (step.at == kNone ? Hex(step.offset) + "UL" : At(step)) + ")");
    case Call::kMlock:
      return plain("mlock(" + range + ")");
    case Call::kMunlock:
      return plain("munlock(" + range + ")");
    case Call::kMsync:
      return plain("msync(" + range + ", " + Flags(SyncFlagNames(), step.flags) + ")");
    case Call::kMseal:
      return plain("seal(" + range + ", " + Hex(step.flags) + ")");
    case Call::kMincore:
      return plain("resident(" + range + ")");
    case Call::kPoll:
      return plain("poll_now(" + fd + ", " + Flags(PollEventNames(), step.flags) + ")");
    case Call::kUnbind:
      return Print("  if (!find_device(%u, NODE%u)) return skip(%zu);\n", step.node, step.node,
                   index) +
             Print("  show(%zu, tell_driver(%u, \"unbind\"));\n", index, step.node);
    case Call::kBind:
      return Print("  if (!s->device[%u][0]) return skip(%zu);\n", step.node, index) +
             Print("  show(%zu, tell_driver(%u, \"bind\"));\n", index, step.node);
    case Call::kVmReadv:
    case Call::kMemRead:
    case Call::kVmWritev:
    case Call::kMemWrite: {
      const bool vm = step.call == Call::kVmReadv || step.call == Call::kVmWritev;
      const bool write = step.call == Call::kVmWritev || step.call == Call::kMemWrite;
      return plain(std::string(vm ? "vm" : "mem") + (write ? "_write" : "_read") +
                   Print("(s->pid[%u], ", step.process) + range +
                   (write ? Print(", %zu)", index) : ")"));
    }
    case Call::kFork:
      return Print("  fork_process(%zu, %u);\n", index, counts.processes);
    case Call::kExit:
      return Print("  show(%zu, 0);\n  leave();\n", index);
    case Call::kSwitch:
      return Print(
          "  if (s->pid[%u] == 0) return skip(%zu);\n  s->current = %u;\n  show(%zu, 0);\n",
          step.process, index, step.process, index);
  }
  return {};
}

bool Uses(const Program& program, Call call) {
  for (size_t i = 0; i < program.step_count; ++i) {
    if (program.steps[i].call == call) return true;
  }
  return false;
}

// How the memory of another process is reached; nothing that is not used.
std::string RemoteHelpers(const Program& program) {
  const bool vm_read = Uses(program, Call::kVmReadv), vm_write = Uses(program, Call::kVmWritev);
  const bool mem_read = Uses(program, Call::kMemRead), mem_write = Uses(program, Call::kMemWrite);
  std::string text;
  if (vm_read || vm_write || mem_read || mem_write) text += kCFormBytes;
  if (vm_read || mem_read) text += kCFormTell;
  if (vm_write || mem_write) text += kCFormFill;
  if (vm_read) text += kCFormVmRead;
  if (vm_write) text += kCFormVmWrite;
  if (mem_read || mem_write) text += kCFormOpenMem;
  if (mem_read) text += kCFormMemRead;
  if (mem_write) text += kCFormMemWrite;
  return text;
}

std::string Banner(const Program& program, const CFormNotes& notes) {
  std::string text = "/*\n";
  if (!notes.title.empty()) text += " * " + ForComment(notes.title) + "\n *\n";
  text += " * Written by drydock. Makes the same calls on a real kernel (" +
          FormatProfile(program.header.profile) +
          " was simulated) and says where\n"
          " * that shows something else. Exit status: 0 all as simulated, 1 not.\n"
          " *     gcc -Wall -Wextra -o reproducer THIS_FILE.c && ./reproducer\n";
  if (program.header.fail_allocation != 0) {
    text += " * The simulation made allocation " + std::to_string(program.header.fail_allocation) +
            " of this run fail; a real kernel needs fault injection for that.\n";
  }
  if (!program.header.core_guards) {
    text +=
        " * The simulation left out mmap(2)'s own check of offset + length, as kernels before "
        "4.17\n"
        " * and 32-bit ones do: a newer 64-bit kernel refuses such a call itself.\n";
  }
  return text + " */\n";
}

}  // namespace

std::string FormatC(const Program& program, const NodePaths& nodes, const CFormNotes& notes) {
  const bool forks = Uses(program, Call::kFork);
  std::string text = Banner(program, notes);
  text += kCFormIncludes;
  for (unsigned i = 0; i < kMaxNodes; ++i) {
    bool used = false;
    for (size_t k = 0; k < program.step_count; ++k) {
      used |= UsesNode(program.steps[k].call) && program.steps[k].node == i;
    }
    if (!used) continue;
    const std::string path = i < nodes.size() ? nodes[i] : "/dev/node" + std::to_string(i);
    text += Print("#ifndef NODE%u\n#define NODE%u ", i, i) + '"' + ForString(path) + "\"\n#endif\n";
  }
  text += "\nstatic const struct {\n  const char *call, *simulated;\n} steps_text[] = {\n";
  for (size_t i = 0; i < program.step_count; ++i) {
    text += "  {\"" + ForString(FormatStep(program, i, nodes)) + "\",\n   \"" +
            Category(ResultOf(program, notes, i)) + "\"},\n";
  }
  text += "};\n";
  text += kCFormState;
  text += kCFormSetUp;
  if (Uses(program, Call::kLoad)) text += kCFormLoad;
  if (Uses(program, Call::kStore)) text += kCFormStore;
  if (Uses(program, Call::kMincore)) text += kCFormResident;
  if (Uses(program, Call::kPoll)) text += kCFormPoll;
  if (Uses(program, Call::kMseal)) text += kCFormSeal;
  text += RemoteHelpers(program);
  const bool unbinds = Uses(program, Call::kUnbind);
  if (unbinds) text += kCFormFindDevice;
  if (unbinds || Uses(program, Call::kBind)) text += kCFormTellDriver;
  if (forks) text += kCFormFork;
  if (!forks && Uses(program, Call::kExit)) text += kCFormExit;
  if (forks && Uses(program, Call::kExit)) text += kCFormLeave;
  ResultCounts counts;
  std::string table;
  for (size_t i = 0; i < program.step_count; ++i) {
    const Step& step = program.steps[i];
    text += "\n/* " + ForComment(FormatStep(program, i, nodes));
    const std::string result = ResultOf(program, notes, i);
    if (!result.empty()) text += "\n * simulated: " + ForComment(result);
    if (static_cast<int>(i) == notes.bad_step) {
      text += "\n * the bug shows here; expected: " + ForComment(notes.expected);
    }
    text += " */\n" + Print("static void step_%zu(void)\n{\n", i) + Body(step, i, counts) + "}\n";
    table += Print("step_%zu, ", i);
    CountResult(step, &counts);
  }
  text += "\nstatic void (*const steps[])(void) = {" + table.substr(0, table.size() - 2) + "};\n";
  text += forks ? kCFormForkingMain : kCFormMain;
  return text;
}

}  // namespace drydock::fuzz
