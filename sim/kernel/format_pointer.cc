// %p and its extensions: lib/vsprintf.c:pointer().
#include <dlfcn.h>
#include <link.h>

#include <cstring>

#include "mocks/include/drydock/device_structs.h"
#include "sim/kernel/errno_name.h"
#include "sim/kernel/format_output.h"

namespace drydock::kernel::format {
namespace {

// include/linux/ioport.h
constexpr unsigned long kResourceIo = 0x100;
constexpr unsigned long kResourceMem = 0x200;
constexpr unsigned long kResourceIrq = 0x400;
constexpr unsigned long kResourceDma = 0x800;
constexpr unsigned long kResourceBus = 0x1000;
constexpr unsigned long kResourcePrefetch = 0x2000;
constexpr unsigned long kResourceMem64 = 0x100000;
constexpr unsigned long kResourceWindow = 0x200000;
constexpr unsigned long kResourceDisabled = 0x10000000;
constexpr unsigned long kResourceUnset = 0x20000000;

// struct va_format of include/linux/printk.h.
struct VaFormat {
  const char* format;
  void* args;
};

void PutAddress(Output& out, const void* pointer, Form form) {
  form.base = 16;
  form.flags |= kSmall;
  if (form.width == -1) {
    form.width = 2 * sizeof pointer;
    form.flags |= kZeroPad;
  }
  PutNumber(out, reinterpret_cast<uintptr_t>(pointer), form);
}

// NULL and error pointers are no addresses: they print as they are. The hash is splitmix64's
// finaliser.
void PutHashed(Output& out, const void* pointer, Form form) {
  if (pointer != nullptr && !IsErrorPointer(pointer)) {
    uint64_t h = reinterpret_cast<uintptr_t>(pointer) ^ 0x6472796c6f636b00;
    h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9;
    h = (h ^ (h >> 27)) * 0x94d049bb133111eb;
    h = (h ^ (h >> 31)) & 0xffffffff;
    pointer = reinterpret_cast<const void*>(h);
  }
  PutAddress(out, pointer, form);
}

// False, with a message, for what the kernel would not dereference.
bool CheckReadable(Output& out, const void* pointer, Form form) {
  if (reinterpret_cast<uintptr_t>(pointer) >= 4096 && !IsErrorPointer(pointer)) return true;
  PutString(out, static_cast<const char*>(pointer), form);
  return false;
}

void PutHex(Output& out, uint64_t value, int digits, bool prefix) {
  Form form{.width = digits + (prefix ? 2 : 0), .flags = kSmall | kZeroPad, .base = 16};
  if (prefix) form.flags |= kSpecial;
  PutNumber(out, value, form);
}

// A short text composed apart, then padded as a string.
class Piece {
 public:
  Output& out() { return output_; }
  void Emit(Output& to, Form form) {
    output_.Terminate();
    PutText(to, text_, form);
  }

 private:
  char text_[512];
  Output output_{text_, sizeof text_};
};

void PutSymbol(Output& out, const void* pointer, char kind, Form form) {
  Piece piece;
  Dl_info info{};
  const ElfW(Sym)* symbol = nullptr;
  void* extra = nullptr;
  // %pB wants the caller: the address before the return address.
  const auto* wanted = static_cast<const char*>(pointer) - (kind == 'B' ? 1 : 0);
  if (dladdr1(wanted, &info, &extra, RTLD_DL_SYMENT) == 0) {
    PutHex(piece.out(), reinterpret_cast<uintptr_t>(pointer), 16, true);
  } else if (info.dli_sname != nullptr) {
    symbol = static_cast<const ElfW(Sym)*>(extra);
    PutText(piece.out(), info.dli_sname);
    if (kind != 's') {
      const Form hex{.flags = kSmall | kSpecial, .base = 16};
      piece.out().Put('+');
      PutNumber(piece.out(),
                static_cast<uint64_t>(static_cast<const char*>(pointer) -
                                      static_cast<const char*>(info.dli_saddr)),
                hex);
      piece.out().Put('/');
      PutNumber(piece.out(), symbol != nullptr ? symbol->st_size : 0, hex);
    }
  } else {
    const char* slash = std::strrchr(info.dli_fname, '/');
    PutText(piece.out(), slash != nullptr ? slash + 1 : info.dli_fname);
    piece.out().Put('+');
    PutNumber(piece.out(),
              static_cast<uint64_t>(static_cast<const char*>(pointer) -
                                    static_cast<const char*>(info.dli_fbase)),
              {.flags = kSmall | kSpecial, .base = 16});
  }
  piece.Emit(out, form);
}

void PutResource(Output& out, const resource* res, bool decode, Form form) {
  if (!CheckReadable(out, res, form)) return;
  Piece piece;
  Output& p = piece.out();
  Form number{.width = 10, .flags = kSpecial | kSmall | kZeroPad, .base = 16};
  p.Put('[');
  if ((res->flags & kResourceIo) != 0) {
    PutText(p, "io  ");
    number.width = 6;
  } else if ((res->flags & kResourceMem) != 0) {
    PutText(p, "mem ");
  } else if ((res->flags & kResourceIrq) != 0) {
    PutText(p, "irq ");
    number = {};
  } else if ((res->flags & kResourceDma) != 0) {
    PutText(p, "dma ");
    number = {};
  } else if ((res->flags & kResourceBus) != 0) {
    PutText(p, "bus ");
    number = {.width = 2, .flags = kSmall | kZeroPad, .base = 16};
  } else {
    PutText(p, "??? ");
    decode = false;
  }
  if (decode && (res->flags & kResourceUnset) != 0) {
    PutText(p, "size ");
    PutNumber(p, res->end - res->start + 1, number);
  } else {
    PutNumber(p, res->start, number);
    if (res->start != res->end) {
      p.Put('-');
      PutNumber(p, res->end, number);
    }
  }
  if (decode) {
    if ((res->flags & kResourceMem64) != 0) PutText(p, " 64bit");
    if ((res->flags & kResourcePrefetch) != 0) PutText(p, " pref");
    if ((res->flags & kResourceWindow) != 0) PutText(p, " window");
    if ((res->flags & kResourceDisabled) != 0) PutText(p, " disabled");
  } else {
    PutText(p, " flags ");
    PutNumber(p, res->flags, {.flags = kSpecial | kSmall, .base = 16});
  }
  p.Put(']');
  piece.Emit(out, form);
}

// %*ph: the width is the number of bytes, 1 by default and 64 at most.
void PutBytes(Output& out, const unsigned char* bytes, char separator_kind, Form form) {
  if (form.width == 0) return;
  if (!CheckReadable(out, bytes, form)) return;
  const char separator = separator_kind == 'C'   ? ':'
                         : separator_kind == 'D' ? '-'
                         : separator_kind == 'N' ? 0
                                                 : ' ';
  const int count = form.width < 0 ? 1 : (form.width > 64 ? 64 : form.width);
  for (int i = 0; i < count; ++i) {
    if (i != 0 && separator != 0) out.Put(separator);
    PutHex(out, bytes[i], 2, false);
  }
}

void PutMac(Output& out, const unsigned char* mac, const char* extension, Form form) {
  if (!CheckReadable(out, mac, form)) return;
  Piece piece;
  const bool reversed = extension[1] == 'R';
  const char separator = extension[1] == 'F' ? '-' : ':';
  for (int i = 0; i < 6; ++i) {
    if (i != 0 && extension[0] == 'M') piece.out().Put(separator);
    PutHex(piece.out(), mac[reversed ? 5 - i : i], 2, false);
  }
  piece.Emit(out, form);
}

// %pI4 %pi4 and %pI6 %pi6, without c; false for what is not one of them.
bool PutInternet(Output& out, const unsigned char* address, const char* extension, Form form) {
  if (extension[1] != '4' && !(extension[1] == '6' && extension[2] != 'c')) return false;
  if (!CheckReadable(out, address, form)) return true;
  Piece piece;
  if (extension[1] == '4') {
    // h is the host's order, which is little-endian here.
    const bool little = extension[2] == 'l' || extension[2] == 'h';
    for (int i = 0; i < 4; ++i) {
      if (i != 0) piece.out().Put('.');
      Form number{.flags = kZeroPad};
      number.width = extension[0] == 'i' ? 3 : -1;
      PutNumber(piece.out(), address[little ? 3 - i : i], number);
    }
  } else {
    for (int i = 0; i < 16; ++i) {
      if (i != 0 && i % 2 == 0 && extension[0] == 'I') piece.out().Put(':');
      PutHex(piece.out(), address[i], 2, false);
    }
  }
  piece.Emit(out, form);
  return true;
}

void PutUuid(Output& out, const unsigned char* uuid, char order, Form form) {
  static constexpr unsigned char kBig[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  static constexpr unsigned char kLittle[16] = {3, 2, 1,  0,  5,  4,  7,  6,
                                                8, 9, 10, 11, 12, 13, 14, 15};
  if (!CheckReadable(out, uuid, form)) return;
  Piece piece;
  const bool little = order == 'l' || order == 'L';
  const bool upper = order == 'B' || order == 'L';
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) piece.out().Put('-');
    Form number{.width = 2, .flags = kZeroPad, .base = 16};
    if (!upper) number.flags |= kSmall;
    PutNumber(piece.out(), uuid[little ? kLittle[i] : kBig[i]], number);
  }
  piece.Emit(out, form);
}

const char* LastComponent(const char* path) {
  const char* slash = std::strrchr(path, '/');
  return slash != nullptr && slash[1] != '\0' ? slash + 1 : path;
}

void PutDentry(Output& out, const dentry* entry, Form form) {
  if (!CheckReadable(out, entry, form)) return;
  PutText(out, entry->drydock_name != nullptr ? LastComponent(entry->drydock_name) : "", form);
}

const property* FindProperty(const device_node* node, const char* name) {
  for (const property* p = node->properties; p != nullptr; p = p->next) {
    if (std::strcmp(p->name, name) == 0) return p;
  }
  return nullptr;
}

void PutNodePath(Output& out, const device_node* node) {
  constexpr int kDepthMax = 32;
  const device_node* chain[kDepthMax];
  int depth = 0;
  for (; node->parent != nullptr && depth < kDepthMax; node = node->parent) chain[depth++] = node;
  if (depth == 0) out.Put('/');
  while (depth > 0) {
    out.Put('/');
    PutText(out, LastComponent(chain[--depth]->full_name));
  }
}

void PutCompatible(Output& out, const device_node* node, bool all) {
  const property* compatible = FindProperty(node, "compatible");
  if (compatible == nullptr || compatible->length == 0) return;
  const char* text = static_cast<const char*>(compatible->value);
  if (!all) {
    PutText(out, text);
    return;
  }
  const char* end = text + compatible->length;
  for (bool first = true; text < end; first = false, text += std::strlen(text) + 1) {
    if (!first) out.Put(',');
    out.Put('"');
    PutText(out, text);
    out.Put('"');
  }
}

void PutNode(Output& out, const device_node* node, const char* extension, Form form) {
  if (extension[1] != 'F') {
    PutString(out, "(%pO?)", form);
    return;
  }
  if (!CheckReadable(out, node, form)) return;
  const char* parts = extension + 2;
  if (*parts == '\0' || std::strchr("fnpPFcC", *parts) == nullptr) parts = "f";
  Piece piece;
  for (bool first = true; *parts != '\0' && std::strchr("fnpPFcC", *parts) != nullptr;
       ++parts, first = false) {
    if (!first) piece.out().Put(':');
    const char* name = LastComponent(node->full_name);
    switch (*parts) {
      case 'f':
        PutNodePath(piece.out(), node);
        break;
      case 'n': {
        const char* at = std::strchr(name, '@');
        Form bound;
        bound.precision = at != nullptr ? static_cast<int>(at - name) : -1;
        PutText(piece.out(), name, bound);
        break;
      }
      case 'p':
        PutNumber(piece.out(), node->phandle, {});
        break;
      case 'P':
        PutText(piece.out(), name);
        break;
      case 'F':
        PutText(piece.out(), "----");
        break;
      default:
        PutCompatible(piece.out(), node, *parts == 'C');
        break;
    }
  }
  piece.Emit(out, form);
}

}  // namespace

void PutPointer(Output& out, const void* pointer, const char* extension, Form form) {
  const auto* bytes = static_cast<const unsigned char*>(pointer);
  switch (extension[0]) {
    case 'S':
    case 's':
    case 'B':
      PutSymbol(out, pointer, extension[0], form);
      return;
    case 'R':
    case 'r':
      PutResource(out, static_cast<const resource*>(pointer), extension[0] == 'R', form);
      return;
    case 'h':
      PutBytes(out, bytes, extension[1], form);
      return;
    case 'M':
    case 'm':
      PutMac(out, bytes, extension, form);
      return;
    case 'I':
    case 'i':
      if (PutInternet(out, bytes, extension, form)) return;
      break;
    case 'U':
      PutUuid(out, bytes, extension[1], form);
      return;
    case 'V': {
      if (!CheckReadable(out, pointer, form)) return;
      const auto* nested = static_cast<const VaFormat*>(pointer);
      PutNested(out, nested->format, nested->args);
      return;
    }
    case 'a':
      // phys_addr_t, resource_size_t and dma_addr_t are all of 64 bits.
      if (!CheckReadable(out, pointer, form)) return;
      PutHex(out, *static_cast<const uint64_t*>(pointer), 16, true);
      return;
    case 'd':
      PutDentry(out, static_cast<const dentry*>(pointer), form);
      return;
    case 'D':
      if (!CheckReadable(out, pointer, form)) return;
      PutDentry(out, static_cast<const file*>(pointer)->f_path.dentry, form);
      return;
    case 'O':
      PutNode(out, static_cast<const device_node*>(pointer), extension, form);
      return;
    case 'x':
      PutAddress(out, pointer, form);
      return;
    case 'e': {
      if (!IsErrorPointer(pointer)) break;
      const long error = PointerError(pointer);
      if (const char* name = ErrnoName(error)) {
        Piece piece;
        piece.out().Put('-');
        PutText(piece.out(), name);
        piece.Emit(out, form);
      } else {
        form.flags |= kSigned;
        PutNumber(out, static_cast<uint64_t>(error), form);
      }
      return;
    }
    case 'u':
    case 'k':
      if (extension[1] == 's') {
        PutString(out, static_cast<const char*>(pointer), form);
        return;
      }
      break;
    default:
      break;
  }
  PutHashed(out, pointer, form);
}

}  // namespace drydock::kernel::format
