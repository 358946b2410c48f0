#include "live/preload/access.h"

#include <string.h>

#include "live/preload/emulate.h"
#include "live/preload/mappings.h"
#include "live/preload/session.h"

namespace drydock::live {
namespace {

struct Asked {
  int signal = 0, code = 0;
};

bool Ask(Op op, uint64_t address, void* to, const void* from, unsigned size_bytes, Asked* asked) {
  Call call(op);
  call[0] = address;
  call[1] = size_bytes;
  if (from != nullptr) memcpy(call.bytes(), from, size_bytes);
  call.Run();
  asked->signal = session.gone() ? SIGBUS : call.signal();
  asked->code = session.gone() ? BUS_ADRERR : call.code();
  if (asked->signal != 0) return false;
  if (to != nullptr) memcpy(to, call.bytes(), size_bytes);
  return true;
}

// (A string instruction may have the program's own memory at its other end.)
bool IsDevice(uint64_t address) {
  const LayoutLock lock;
  return mappings.Overlaps(address, address + 1);
}

bool LoadFrom(void* self, uint64_t address, void* to, unsigned size_bytes) {
  if (!IsDevice(address)) {
    memcpy(to, reinterpret_cast<const void*>(address), size_bytes);
    return true;
  }
  return Ask(Op::kLoad, address, to, nullptr, size_bytes, static_cast<Asked*>(self));
}

bool StoreTo(void* self, uint64_t address, const void* from, unsigned size_bytes) {
  if (!IsDevice(address)) {
    memcpy(reinterpret_cast<void*>(address), from, size_bytes);
    return true;
  }
  return Ask(Op::kStore, address, nullptr, from, size_bytes, static_cast<Asked*>(self));
}

[[noreturn]] void Refuse(const ucontext_t* context) {
  const auto* code = reinterpret_cast<const uint8_t*>(context->uc_mcontext.gregs[REG_RIP]);
  char bytes[3 * 12 + 1];
  size_t size = 0;
  for (int i = 0; i < 12; ++i) {
    bytes[size++] = "0123456789abcdef"[code[i] >> 4];
    bytes[size++] = "0123456789abcdef"[code[i] & 15];
    bytes[size++] = ' ';
  }
  bytes[size - 1] = '\0';
  raw::Say(
      "the program accesses a device's registers by an instruction that live mode does not "
      "carry out, at 0x%x: %s (access them by volatile loads and stores of 1, 2, 4 or 8 bytes)",
      reinterpret_cast<uint64_t>(code), bytes);
  DieOf(SIGILL);
}

}  // namespace

bool CarryOutAccess(ucontext_t* context, uint64_t* address, int* signal, int* code) {
  Asked asked;
  const AccessPort port = {LoadFrom, StoreTo, &asked};
  switch (EmulateAccess(context, port, address)) {
    case Emulated::kDone:
      return true;
    case Emulated::kFault:
      *signal = asked.signal;
      *code = asked.code;
      return false;
    case Emulated::kUnknown:
      break;
  }
  Refuse(context);
}

}  // namespace drydock::live
