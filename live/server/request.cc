#include "live/server/request.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <span>

#include "fuzz/linux_names.h"

namespace drydock::live {
namespace {

void AppendNumber(const char* name, uint64_t value, std::string* text) {
  char number[32];
  std::snprintf(number, sizeof number, value < 4096 ? "%lu" : "%#lx",
                static_cast<unsigned long>(value));
  *text += std::string(text->ends_with('(') ? "" : ", ") + name + number;
}

void AppendFlagSet(std::span<const fuzz::NamedBits> names, uint64_t value, std::string* text) {
  *text += ", ";
  fuzz::AppendFlags(names, static_cast<uint32_t>(value), text);
}

}  // namespace

Request ReadRequest(const Slot& slot) {
  Request request;
  request.op = slot.op;
  request.flags = slot.flags;
  std::copy_n(slot.args, std::size(slot.args), request.args);
  if (request.op == Op::kOpen) {
    request.path.assign(slot.path, strnlen(slot.path, Slot::kPathBytes));
  } else if (request.op == Op::kStack) {
    const size_t count = std::min<uint64_t>(request.args[0], Slot::kMaxFrames);
    request.frames.assign(slot.frames, slot.frames + count);
  } else {
    std::memcpy(request.bytes, slot.bytes, sizeof request.bytes);
  }
  return request;
}

std::string Describe(const Request& request) {
  const uint64_t* a = request.args;
  std::string text;
  switch (request.op) {
    case Op::kOpen:
      text = "open(\"" + request.path + "\"";
      AppendFlagSet(fuzz::OpenFlagNames(), a[0], &text);
      break;
    case Op::kClose:
      text = "close(";
      break;
    case Op::kRead:
    case Op::kPread:
      text = request.op == Op::kRead ? "read(" : "pread(";
      AppendNumber("", a[2], &text);
      text += " bytes";
      break;
    case Op::kWrite:
    case Op::kPwrite:
      text = request.op == Op::kWrite ? "write(" : "pwrite(";
      AppendNumber("", a[2], &text);
      text += " bytes";
      break;
    case Op::kLseek:
      text = "lseek(";
      AppendNumber("", a[1], &text);
      break;
    case Op::kIoctl:
      text = "ioctl(";
      AppendNumber("command ", a[1], &text);
      AppendNumber("", a[2], &text);
      break;
    case Op::kMmap:
      text = "mmap(";
      AppendNumber("length ", a[1], &text);
      AppendFlagSet(fuzz::ProtectionNames(), a[2], &text);
      AppendFlagSet(fuzz::MapFlagNames(), a[3], &text);
      AppendNumber("offset ", a[5], &text);
      break;
    case Op::kMunmap:
    case Op::kMprotect:
    case Op::kMadvise:
    case Op::kMremap:
      text = request.op == Op::kMunmap     ? "munmap("
             : request.op == Op::kMprotect ? "mprotect("
             : request.op == Op::kMadvise  ? "madvise("
                                           : "mremap(";
      AppendNumber("", a[0], &text);
      AppendNumber("length ", a[1], &text);
      break;
    case Op::kFault:
    case Op::kLoad:
    case Op::kStore:
      text = request.op == Op::kStore || a[1] == static_cast<uint64_t>(Access::kStore)
                 ? "a store to "
                 : "a load of ";
      AppendNumber("", a[0], &text);
      return "a page fault (" + text + ")";
    default:
      return "a system call";
  }
  return text + ")";
}

}  // namespace drydock::live
