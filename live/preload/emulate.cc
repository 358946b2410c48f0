#include "live/preload/emulate.h"

#include <string.h>

namespace drydock::live {
namespace {

constexpr int kRegisters[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                              REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                              REG_R12, REG_R13, REG_R14, REG_R15};

constexpr uint64_t kCarry = 0x1, kParity = 0x4, kAuxiliary = 0x10, kZero = 0x40, kSign = 0x80,
                   kDirection = 0x400, kOverflow = 0x800;
constexpr uint64_t kArithmetic = kCarry | kParity | kAuxiliary | kZero | kSign | kOverflow;

enum class Alu : uint8_t { kAdd, kOr, kAdc, kSbb, kAnd, kSub, kXor, kCmp };

uint64_t MaskOf(unsigned size) { return size == 8 ? ~uint64_t{0} : (uint64_t{1} << size * 8) - 1; }

uint64_t SignExtend(uint64_t value, unsigned from) {
  const unsigned shift = 64 - from * 8;
  return static_cast<uint64_t>(static_cast<int64_t>(value << shift) >> shift);
}

// The result, with the flags that the operation sets.
uint64_t Compute(Alu operation, uint64_t a, uint64_t b, unsigned size, uint64_t* flags) {
  const uint64_t mask = MaskOf(size);
  const uint64_t sign = uint64_t{1} << (size * 8 - 1);
  a &= mask;
  b &= mask;
  uint64_t result = 0, f = 0;
  switch (operation) {
    case Alu::kAdd:
      result = (a + b) & mask;
      if (result < a) f |= kCarry;
      if (((a ^ result) & (b ^ result) & sign) != 0) f |= kOverflow;
      f |= (a ^ b ^ result) & kAuxiliary;
      break;
    case Alu::kSub:
    case Alu::kCmp:
      result = (a - b) & mask;
      if (a < b) f |= kCarry;
      if (((a ^ b) & (a ^ result) & sign) != 0) f |= kOverflow;
      f |= (a ^ b ^ result) & kAuxiliary;
      break;
    case Alu::kOr:
      result = a | b;
      break;
    case Alu::kAnd:
      result = a & b;
      break;
    default:
      result = a ^ b;
      break;
  }
  if (result == 0) f |= kZero;
  if ((result & sign) != 0) f |= kSign;
  if (__builtin_parityll(result & 0xff) == 0) f |= kParity;
  *flags = f;
  return result;
}

class Emulation {
 public:
  Emulation(ucontext_t* context, const AccessPort& port)
      : context_(context),
        port_(port),
        begin_(reinterpret_cast<const uint8_t*>(context->uc_mcontext.gregs[REG_RIP])),
        at_(begin_) {}

  Emulated Run(uint64_t* fault) {
    TakePrefixes();
    const Emulated done = Opcode();
    *fault = fault_;
    if (done == Emulated::kDone && !again_) {
      context_->uc_mcontext.gregs[REG_RIP] = reinterpret_cast<greg_t>(at_);
    }
    return done;
  }

 private:
  uint8_t Byte() { return *at_++; }
  template <class T>
  T Take() {
    T value;
    memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    return value;
  }
  greg_t& Whole(unsigned r) { return context_->uc_mcontext.gregs[kRegisters[r]]; }

  void TakePrefixes() {
    for (;;) {
      const uint8_t byte = *at_;
      if (byte == 0x66) {
        operand16_ = true;
      } else if (byte == 0xf2) {
        repne_ = true;
      } else if (byte == 0xf3) {
        rep_ = true;
      } else if (byte != 0x2e && byte != 0x36 && byte != 0x3e && byte != 0x26) {
        break;  // (segments other than fs and gs mean nothing)
      }
      ++at_;
    }
    if ((*at_ & 0xf0) == 0x40) rex_ = Byte();
  }

  unsigned OperandSize() const { return (rex_ & 8) != 0 ? 8 : operand16_ ? 2 : 4; }

  // ModRM: the register's number, and for memory its address. False for a register operand.
  bool TakeModrm(unsigned bytes_behind = 0) {
    const uint8_t modrm = Byte();
    const unsigned mod = modrm >> 6;
    unsigned rm = modrm & 7;
    reg_ = (modrm >> 3 & 7) | ((rex_ & 4) != 0 ? 8U : 0U);
    if (mod == 3) return false;
    uint64_t address = 0;
    bool relative = false;
    if (rm == 4) {
      const uint8_t sib = Byte();
      const unsigned index = (sib >> 3 & 7) | ((rex_ & 2) != 0 ? 8U : 0U);
      const unsigned base = sib & 7;
      if (index != 4) address += static_cast<uint64_t>(Whole(index)) << (sib >> 6);
      if (base != 5 || mod != 0) {
        address += static_cast<uint64_t>(Whole(base | ((rex_ & 1) != 0 ? 8U : 0U)));
      } else {
        address += static_cast<uint64_t>(static_cast<int64_t>(Take<int32_t>()));
      }
    } else if (rm == 5 && mod == 0) {
      address = static_cast<uint64_t>(static_cast<int64_t>(Take<int32_t>()));
      relative = true;
    } else {
      rm |= (rex_ & 1) != 0 ? 8U : 0U;
      address = static_cast<uint64_t>(Whole(rm));
    }
    if (mod == 1) address += static_cast<uint64_t>(static_cast<int64_t>(Take<int8_t>()));
    if (mod == 2) address += static_cast<uint64_t>(static_cast<int64_t>(Take<int32_t>()));
    if (relative) address += reinterpret_cast<uint64_t>(at_) + bytes_behind;
    address_ = address;
    return true;
  }

  // ah, ch, dh and bh are bytes 1 of the first four registers, unless there is a REX prefix.
  uint64_t Register(unsigned r, unsigned size) {
    if (size == 1 && rex_ == 0 && r >= 4 && r < 8) {
      return static_cast<uint64_t>(Whole(r - 4)) >> 8 & 0xff;
    }
    return static_cast<uint64_t>(Whole(r)) & MaskOf(size);
  }
  void SetRegister(unsigned r, uint64_t value, unsigned size) {
    if (size == 1 && rex_ == 0 && r >= 4 && r < 8) {
      greg_t& whole = Whole(r - 4);
      whole = static_cast<greg_t>((static_cast<uint64_t>(whole) & ~uint64_t{0xff00}) |
                                  (value & 0xff) << 8);
      return;
    }
    greg_t& whole = Whole(r);
    if (size >= 4) {
      whole = static_cast<greg_t>(value & MaskOf(size));  // 32 bits clear the upper half
    } else {
      whole = static_cast<greg_t>((static_cast<uint64_t>(whole) & ~MaskOf(size)) |
                                  (value & MaskOf(size)));
    }
  }
  void SetFlags(uint64_t flags, uint64_t which = kArithmetic) {
    greg_t& all = context_->uc_mcontext.gregs[REG_EFL];
    all = static_cast<greg_t>((static_cast<uint64_t>(all) & ~which) | (flags & which));
  }

  bool Load(uint64_t address, void* to, unsigned size) {
    if (port_.load(port_.self, address, to, size)) return true;
    fault_ = address;
    return false;
  }
  bool Store(uint64_t address, const void* from, unsigned size) {
    if (port_.store(port_.self, address, from, size)) return true;
    fault_ = address;
    return false;
  }

  Emulated LoadInto(unsigned size, unsigned target, bool sign) {
    uint64_t value = 0;
    if (!Load(address_, &value, size)) return Emulated::kFault;
    SetRegister(reg_, sign ? SignExtend(value, size) : value, target);
    return Emulated::kDone;
  }
  Emulated StoreValue(uint64_t value, unsigned size) {
    return Store(address_, &value, size) ? Emulated::kDone : Emulated::kFault;
  }

  // memory OP= value (`keep`: only compared or tested).
  Emulated Change(Alu operation, uint64_t value, unsigned size, bool keep,
                  uint64_t flags_set = kArithmetic) {
    uint64_t old = 0, flags = 0;
    if (!Load(address_, &old, size)) return Emulated::kFault;
    const uint64_t result = Compute(operation, old, value, size, &flags);
    if (!keep && !Store(address_, &result, size)) return Emulated::kFault;
    SetFlags(flags, flags_set);
    return Emulated::kDone;
  }

  int64_t Immediate(unsigned size) {
    if (size == 1) return Take<int8_t>();
    if (size == 2) return Take<int16_t>();
    return Take<int32_t>();
  }

  Emulated Opcode() {
    const uint8_t op = Byte();
    if (op == 0x0f) return Opcode0f();
    if (op < 0x40 && (op & 7) < 4) return Arithmetic(op);
    const bool byte = (op & 1) == 0;
    const unsigned size = byte ? 1 : OperandSize();
    switch (op) {
      case 0x63:  // movsxd
        return TakeModrm() ? LoadInto(4, OperandSize(), true) : Emulated::kUnknown;
      case 0x80:
      case 0x81:
      case 0x83:
        return Group1(op);
      case 0x84:
      case 0x85:  // test memory, register
        return TakeModrm() ? Change(Alu::kAnd, Register(reg_, size), size, true)
                           : Emulated::kUnknown;
      case 0x88:
      case 0x89:
        return TakeModrm() ? StoreValue(Register(reg_, size), size) : Emulated::kUnknown;
      case 0x8a:
      case 0x8b:
        return TakeModrm() ? LoadInto(size, size, false) : Emulated::kUnknown;
      case 0xa4:
      case 0xa5:
      case 0xaa:
      case 0xab:
        return String(op, size);
      case 0xc6:
      case 0xc7: {
        const unsigned bytes = size == 8 ? 4 : size;
        if (!TakeModrm(bytes) || (reg_ & 7) != 0) return Emulated::kUnknown;
        return StoreValue(static_cast<uint64_t>(Immediate(bytes)), size);
      }
      case 0xf6:
      case 0xf7: {
        const unsigned bytes = size == 8 ? 4 : size;
        if (!TakeModrm(bytes) || (reg_ & 7) > 1) return Emulated::kUnknown;  // test; not, neg, ...
        return Change(Alu::kAnd, static_cast<uint64_t>(Immediate(bytes)), size, true);
      }
      case 0xfe:
      case 0xff:
        if (!TakeModrm() || (reg_ & 7) > 1) return Emulated::kUnknown;
        return Change((reg_ & 7) == 0 ? Alu::kAdd : Alu::kSub, 1, size, false,
                      kArithmetic & ~kCarry);
      default:
        return Emulated::kUnknown;
    }
  }

  // op memory, register (0, 1) and op register, memory (2, 3).
  Emulated Arithmetic(uint8_t op) {
    const auto operation = static_cast<Alu>(op >> 3);
    if (operation == Alu::kAdc || operation == Alu::kSbb) return Emulated::kUnknown;
    const unsigned size = (op & 1) == 0 ? 1 : OperandSize();
    if (!TakeModrm()) return Emulated::kUnknown;
    if ((op & 2) == 0) {
      return Change(operation, Register(reg_, size), size, operation == Alu::kCmp);
    }
    uint64_t value = 0, flags = 0;
    if (!Load(address_, &value, size)) return Emulated::kFault;
    const uint64_t result = Compute(operation, Register(reg_, size), value, size, &flags);
    if (operation != Alu::kCmp) SetRegister(reg_, result, size);
    SetFlags(flags);
    return Emulated::kDone;
  }

  Emulated Group1(uint8_t op) {
    const unsigned size = op == 0x80 ? 1 : OperandSize();
    const unsigned bytes = op != 0x81 ? 1 : size == 8 ? 4 : size;
    if (!TakeModrm(bytes)) return Emulated::kUnknown;
    const auto operation = static_cast<Alu>(reg_ & 7);
    if (operation == Alu::kAdc || operation == Alu::kSbb) return Emulated::kUnknown;
    return Change(operation, static_cast<uint64_t>(Immediate(bytes)), size, operation == Alu::kCmp);
  }

  Emulated Opcode0f() {
    const uint8_t op = Byte();
    switch (op) {
      case 0xb6:
      case 0xb7:
      case 0xbe:
      case 0xbf:
        return TakeModrm() ? LoadInto((op & 1) == 0 ? 1 : 2, OperandSize(), (op & 8) != 0)
                           : Emulated::kUnknown;
      case 0xc3:  // movnti
        return TakeModrm() ? StoreValue(Register(reg_, OperandSize()), OperandSize())
                           : Emulated::kUnknown;
      case 0x10:
      case 0x28:
      case 0x6f:
      case 0x6e:
        return TakeModrm() ? VectorLoad(op) : Emulated::kUnknown;
      case 0x7e:
        if (!TakeModrm()) return Emulated::kUnknown;
        return rep_ ? VectorLoad(op) : VectorStore(op);
      case 0x11:
      case 0x29:
      case 0x2b:
      case 0x7f:
      case 0xd6:
      case 0xe7:
        return TakeModrm() ? VectorStore(op) : Emulated::kUnknown;
      default:
        return Emulated::kUnknown;
    }
  }

  // Bytes that a move of an SSE register has in memory; 0: it is none.
  unsigned VectorSize(uint8_t op) const {
    switch (op) {
      case 0x10:
      case 0x11:  // movups, movupd, movss, movsd
        return rep_ ? 4 : repne_ ? 8 : 16;
      case 0x28:
      case 0x29:
      case 0x2b:  // movaps, movapd, movntps, movntpd
        return rep_ || repne_ ? 0 : 16;
      case 0x6f:
      case 0x7f:  // movdqa, movdqu; without a prefix MMX
        return operand16_ || rep_ ? 16 : 0;
      case 0x6e:  // movd, movq
        return operand16_ ? ((rex_ & 8) != 0 ? 8 : 4) : 0;
      case 0x7e:
        return rep_ ? 8 : operand16_ ? ((rex_ & 8) != 0 ? 8 : 4) : 0;
      case 0xd6:
        return operand16_ ? 8 : 0;
      case 0xe7:
        return operand16_ ? 16 : 0;
      default:
        return 0;
    }
  }
  Emulated VectorLoad(uint8_t op) {
    const unsigned size = VectorSize(op);
    if (size == 0 || context_->uc_mcontext.fpregs == nullptr) return Emulated::kUnknown;
    unsigned char value[16] = {};
    if (!Load(address_, value, size)) return Emulated::kFault;
    memcpy(&context_->uc_mcontext.fpregs->_xmm[reg_], value, sizeof value);
    return Emulated::kDone;
  }
  Emulated VectorStore(uint8_t op) {
    const unsigned size = VectorSize(op);
    if (size == 0 || context_->uc_mcontext.fpregs == nullptr) return Emulated::kUnknown;
    unsigned char value[16];
    memcpy(value, &context_->uc_mcontext.fpregs->_xmm[reg_], sizeof value);
    return Store(address_, value, size) ? Emulated::kDone : Emulated::kFault;
  }

  // movs and stos, one element at a time: the instruction runs again until the count is 0.
  Emulated String(uint8_t op, unsigned size) {
    const bool repeat = rep_ || repne_;
    greg_t& count = Whole(1);
    if (repeat && count == 0) return Emulated::kDone;
    const bool moves = op < 0xa8;
    uint64_t value = 0;
    if (moves) {
      if (!Load(static_cast<uint64_t>(Whole(6)), &value, size)) return Emulated::kFault;
    } else {
      value = Register(0, size);
    }
    if (!Store(static_cast<uint64_t>(Whole(7)), &value, size)) return Emulated::kFault;
    const bool down =
        (static_cast<uint64_t>(context_->uc_mcontext.gregs[REG_EFL]) & kDirection) != 0;
    const greg_t step = down ? -static_cast<greg_t>(size) : static_cast<greg_t>(size);
    if (moves) Whole(6) += step;
    Whole(7) += step;
    if (repeat && --count != 0) again_ = true;
    return Emulated::kDone;
  }

  ucontext_t* const context_;
  const AccessPort& port_;
  const uint8_t* const begin_;
  const uint8_t* at_;
  bool operand16_ = false, rep_ = false, repne_ = false;
  uint8_t rex_ = 0;
  unsigned reg_ = 0;
  uint64_t address_ = 0, fault_ = 0;
  bool again_ = false;
};

}  // namespace

Emulated EmulateAccess(ucontext_t* context, const AccessPort& port, uint64_t* address) {
  return Emulation(context, port).Run(address);
}

}  // namespace drydock::live
