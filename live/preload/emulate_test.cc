// Each instruction is carried out twice on equal registers and memory: by the processor and by
// EmulateAccess(). Afterwards all must be equal again.
#include "live/preload/emulate.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace drydock::live {
namespace {

// Index 0..15 as in the instruction set: rax rcx rdx rbx rsp rbp rsi rdi r8..r15. rsp is nobody's;
// r15 points to the state while the processor runs.
struct State {
  uint64_t registers[16] = {};
  uint64_t flags = 0;
  uint64_t code = 0;
  alignas(16) unsigned char xmm[2][16] = {};
};
static_assert(offsetof(State, flags) == 128 && offsetof(State, code) == 136 &&
              offsetof(State, xmm) == 144);

extern "C" void drydock_run_native(State* state);
asm(R"(
.text
.globl drydock_run_native
.type drydock_run_native, @function
drydock_run_native:
  pushq %rbx
  pushq %rbp
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  subq $8, %rsp
  movq %rdi, %r15
  movdqa 144(%r15), %xmm0
  movdqa 160(%r15), %xmm1
  pushq 128(%r15)
  popfq
  movq 0(%r15), %rax
  movq 8(%r15), %rcx
  movq 16(%r15), %rdx
  movq 24(%r15), %rbx
  movq 40(%r15), %rbp
  movq 48(%r15), %rsi
  movq 56(%r15), %rdi
  movq 64(%r15), %r8
  movq 72(%r15), %r9
  movq 80(%r15), %r10
  movq 88(%r15), %r11
  movq 96(%r15), %r12
  movq 104(%r15), %r13
  movq 112(%r15), %r14
  call *136(%r15)
  movq %rax, 0(%r15)
  movq %rcx, 8(%r15)
  movq %rdx, 16(%r15)
  movq %rbx, 24(%r15)
  movq %rbp, 40(%r15)
  movq %rsi, 48(%r15)
  movq %rdi, 56(%r15)
  movq %r8, 64(%r15)
  movq %r9, 72(%r15)
  movq %r10, 80(%r15)
  movq %r11, 88(%r15)
  movq %r12, 96(%r15)
  movq %r13, 104(%r15)
  movq %r14, 112(%r15)
  pushfq
  popq 128(%r15)
  cld
  movdqa %xmm0, 144(%r15)
  movdqa %xmm1, 160(%r15)
  addq $8, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbp
  popq %rbx
  ret
.size drydock_run_native, .-drydock_run_native
)");

struct Instruction {
  const char* text;
  const unsigned char* begin;
  const unsigned char* end;
};

#define INSTRUCTION(number, text)                                                    \
  asm(".pushsection .rodata\n.hidden instruction_" #number                           \
      "\n"                                                                           \
      ".hidden instruction_end_" #number "\n.globl instruction_" #number             \
      "\n.globl instruction_end_" #number "\ninstruction_" #number ":\n" text        \
      "\ninstruction_end_" #number ":\n.popsection");                                \
  extern "C" const unsigned char instruction_##number[], instruction_end_##number[]; \
  constexpr const char* text_##number = text;

// rsi points into the memory, rdi into its second half; rcx is 3, the rest are arbitrary.
INSTRUCTION(1, "movl (%rsi), %eax")
INSTRUCTION(2, "movq 8(%rsi), %r9")
INSTRUCTION(3, "movw 2(%rsi), %dx")
INSTRUCTION(4, "movb 3(%rsi), %ah")
INSTRUCTION(5, "movb 3(%rsi), %bpl")
INSTRUCTION(6, "movl %ebx, 4(%rsi)")
INSTRUCTION(7, "movq %r12, 16(%rsi,%rcx,8)")
INSTRUCTION(8, "movw %r8w, 128(%rsi)")
INSTRUCTION(9, "movb %bh, (%rsi)")
INSTRUCTION(10, "movb %sil, 1(%rsi)")
INSTRUCTION(11, "movl $0x12345678, 8(%rsi)")
INSTRUCTION(12, "movq $-2, 8(%rsi)")
INSTRUCTION(13, "movw $0x1234, 8(%rsi)")
INSTRUCTION(14, "movb $0x7f, 8(%rsi)")
INSTRUCTION(15, "movzbl 5(%rsi), %eax")
INSTRUCTION(16, "movzwl 6(%rsi), %r10d")
INSTRUCTION(17, "movsbl 7(%rsi), %eax")
INSTRUCTION(18, "movswq 6(%rsi), %rbx")
INSTRUCTION(19, "movslq 4(%rsi), %r14")
INSTRUCTION(20, "movsbw 7(%rsi), %ax")
INSTRUCTION(21, "testl $0x80000000, 4(%rsi)")
INSTRUCTION(22, "testb $1, 4(%rsi)")
INSTRUCTION(23, "testl %eax, 4(%rsi)")
INSTRUCTION(24, "testq %rbx, (%rsi)")
INSTRUCTION(25, "cmpl $5, (%rsi)")
INSTRUCTION(26, "cmpb $-1, 9(%rsi)")
INSTRUCTION(27, "cmpq %rax, 8(%rsi)")
INSTRUCTION(28, "cmpl 8(%rsi), %edx")
INSTRUCTION(29, "cmpl $0x11223344, (%rsi)")
INSTRUCTION(30, "orl $0x80000000, 4(%rsi)")
INSTRUCTION(31, "andl $-256, 4(%rsi)")
INSTRUCTION(32, "xorb %dl, 4(%rsi)")
INSTRUCTION(33, "addl $3, 4(%rsi)")
INSTRUCTION(34, "addq %rax, (%rsi)")
INSTRUCTION(35, "subw $0x1234, 4(%rsi)")
INSTRUCTION(36, "addl (%rsi), %eax")
INSTRUCTION(37, "subq 8(%rsi), %rbx")
INSTRUCTION(38, "andb 8(%rsi), %bh")
INSTRUCTION(39, "orw 8(%rsi), %r9w")
INSTRUCTION(40, "xorl 8(%rsi), %r11d")
INSTRUCTION(41, "incl 4(%rsi)")
INSTRUCTION(42, "decq 8(%rsi)")
INSTRUCTION(43, "incb 15(%rsi)")
INSTRUCTION(44, "movsb")
INSTRUCTION(45, "movsq")
INSTRUCTION(46, "rep movsl")
INSTRUCTION(47, "rep movsb")
INSTRUCTION(48, "stosl")
INSTRUCTION(49, "rep stosq")
INSTRUCTION(50, "movups (%rsi), %xmm1")
INSTRUCTION(51, "movdqu 3(%rsi), %xmm0")
INSTRUCTION(52, "movaps %xmm1, (%rsi)")
INSTRUCTION(53, "movdqu %xmm0, 5(%rsi)")
INSTRUCTION(54, "movq 8(%rsi), %xmm1")
INSTRUCTION(55, "movd 8(%rsi), %xmm1")
INSTRUCTION(56, "movq %xmm0, 8(%rsi)")
INSTRUCTION(57, "movd %xmm0, 8(%rsi)")
INSTRUCTION(58, "movss 4(%rsi), %xmm0")
INSTRUCTION(59, "movsd %xmm1, 8(%rsi)")
INSTRUCTION(60, "movnti %rax, 8(%rsi)")
INSTRUCTION(61, "movl (%rsi,%r13), %eax")
INSTRUCTION(62, "movl -4(%r12,%r13,2), %eax")
INSTRUCTION(63, "movl %eax, (%rbp,%r13,4)")
INSTRUCTION(64, "movb $1, (%r14)")
INSTRUCTION(65, "addb $0x80, (%rsi)")
INSTRUCTION(66, "subl %eax, (%rsi)")
INSTRUCTION(67, "movntdq %xmm0, 16(%rsi)")
INSTRUCTION(68, "movdqa 16(%rsi), %xmm0")

#define ENTRY(number) {text_##number, instruction_##number, instruction_end_##number}
const Instruction kInstructions[] = {
    ENTRY(1),  ENTRY(2),  ENTRY(3),  ENTRY(4),  ENTRY(5),  ENTRY(6),  ENTRY(7),  ENTRY(8),
    ENTRY(9),  ENTRY(10), ENTRY(11), ENTRY(12), ENTRY(13), ENTRY(14), ENTRY(15), ENTRY(16),
    ENTRY(17), ENTRY(18), ENTRY(19), ENTRY(20), ENTRY(21), ENTRY(22), ENTRY(23), ENTRY(24),
    ENTRY(25), ENTRY(26), ENTRY(27), ENTRY(28), ENTRY(29), ENTRY(30), ENTRY(31), ENTRY(32),
    ENTRY(33), ENTRY(34), ENTRY(35), ENTRY(36), ENTRY(37), ENTRY(38), ENTRY(39), ENTRY(40),
    ENTRY(41), ENTRY(42), ENTRY(43), ENTRY(44), ENTRY(45), ENTRY(46), ENTRY(47), ENTRY(48),
    ENTRY(49), ENTRY(50), ENTRY(51), ENTRY(52), ENTRY(53), ENTRY(54), ENTRY(55), ENTRY(56),
    ENTRY(57), ENTRY(58), ENTRY(59), ENTRY(60), ENTRY(61), ENTRY(62), ENTRY(63), ENTRY(64),
    ENTRY(65), ENTRY(66), ENTRY(67), ENTRY(68)};

constexpr size_t kMemoryBytes = 512;
constexpr uint64_t kArithmeticFlags = 0x8d5;
constexpr int kNumbers[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                            REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

using Memory = std::array<unsigned char, kMemoryBytes>;
alignas(64) Memory memory;

bool LoadPlain(void* self, uint64_t address, void* to, unsigned size) {
  ++*static_cast<int*>(self);
  std::memcpy(to, reinterpret_cast<void*>(address), size);
  return true;
}
bool StorePlain(void* self, uint64_t address, const void* from, unsigned size) {
  ++*static_cast<int*>(self);
  std::memcpy(reinterpret_cast<void*>(address), from, size);
  return true;
}
bool Refuse(void*, uint64_t, void*, unsigned) { return false; }
bool RefuseStore(void*, uint64_t, const void*, unsigned) { return false; }

State Start(unsigned seed, uint64_t flags) {
  State state;
  uint64_t word = 0x9e3779b97f4a7c15 * (seed + 1);
  for (uint64_t& r : state.registers) r = word = word * 6364136223846793005 + 1442695040888963407;
  for (size_t i = 0; i < kMemoryBytes; ++i) {
    word = word * 6364136223846793005 + 1442695040888963407;
    memory[i] = static_cast<unsigned char>(word >> 56);
  }
  for (auto& xmm : state.xmm) {
    for (unsigned char& byte : xmm) byte = static_cast<unsigned char>(word >>= 1);
  }
  if (seed == 1) memory.fill(0);
  if (seed == 2) memory.fill(0xff);
  if (seed == 3) std::memset(state.registers, 0, sizeof state.registers);
  const auto base = reinterpret_cast<uint64_t>(memory.data());
  state.registers[1] = 3;            // rcx
  state.registers[5] = base + 8;     // rbp
  state.registers[6] = base + 64;    // rsi
  state.registers[7] = base + 256;   // rdi
  state.registers[12] = base + 40;   // r12
  state.registers[13] = 12;          // r13
  state.registers[14] = base + 100;  // r14
  state.flags = 0x202 | flags;
  return state;
}

class NativeCode {
 public:
  NativeCode()
      : page_(mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                   -1, 0)) {}
  ~NativeCode() { munmap(page_, 4096); }
  void* Put(const Instruction& instruction) {
    const auto size = static_cast<size_t>(instruction.end - instruction.begin);
    std::memcpy(page_, instruction.begin, size);
    static_cast<unsigned char*>(page_)[size] = 0xc3;  // ret
    return page_;
  }

 private:
  void* page_;
};

void ToContext(const State& state, const void* code, ucontext_t* context, _libc_fpstate* floats) {
  *context = {};
  *floats = {};
  context->uc_mcontext.fpregs = floats;
  for (int i = 0; i < 16; ++i) {
    context->uc_mcontext.gregs[kNumbers[i]] = static_cast<greg_t>(state.registers[i]);
  }
  context->uc_mcontext.gregs[REG_EFL] = static_cast<greg_t>(state.flags);
  context->uc_mcontext.gregs[REG_RIP] = reinterpret_cast<greg_t>(code);
  std::memcpy(&floats->_xmm[0], state.xmm, sizeof state.xmm);
}

TEST(Emulate, DoesWhatTheProcessorDoes) {
  NativeCode code;
  for (const Instruction& instruction : kInstructions) {
    for (unsigned seed = 0; seed < 24; ++seed) {
      const uint64_t direction = seed % 6 == 5 ? 0x400 : 0;
      SCOPED_TRACE(std::string(instruction.text) + ", seed " + std::to_string(seed));
      State native = Start(seed, direction);
      native.code = reinterpret_cast<uint64_t>(code.Put(instruction));
      drydock_run_native(&native);
      const Memory native_memory = memory;

      const State start = Start(seed, direction);
      ucontext_t context;
      _libc_fpstate floats;
      ToContext(start, instruction.begin, &context, &floats);
      int accesses = 0;
      const AccessPort port = {LoadPlain, StorePlain, &accesses};
      uint64_t fault = 0;
      const auto end = reinterpret_cast<greg_t>(instruction.end);
      int rounds = 0;
      while (context.uc_mcontext.gregs[REG_RIP] != end && ++rounds < 10) {
        ASSERT_EQ(EmulateAccess(&context, port, &fault), Emulated::kDone);
      }

      ASSERT_EQ(context.uc_mcontext.gregs[REG_RIP], end);
      ASSERT_GT(accesses, 0);
      for (int i = 0; i < 15; ++i) {
        if (i == 4) continue;
        ASSERT_EQ(static_cast<uint64_t>(context.uc_mcontext.gregs[kNumbers[i]]),
                  native.registers[i])
            << "register " << i;
      }
      // test, and, or and xor leave the auxiliary carry undefined.
      constexpr uint64_t kDefined = kArithmeticFlags & ~uint64_t{0x10};
      ASSERT_EQ(static_cast<uint64_t>(context.uc_mcontext.gregs[REG_EFL]) & kDefined,
                native.flags & kDefined);
      ASSERT_EQ(std::memcmp(&floats._xmm[0], native.xmm, sizeof native.xmm), 0);
      ASSERT_EQ(memory, native_memory);
    }
  }
}

TEST(Emulate, ChangesNothingWhenTheAccessFaults) {
  for (const Instruction& instruction : kInstructions) {
    SCOPED_TRACE(instruction.text);
    const State start = Start(0, 0);
    ucontext_t context;
    _libc_fpstate floats;
    ToContext(start, instruction.begin, &context, &floats);
    const Memory before = memory;
    const AccessPort port = {Refuse, RefuseStore, nullptr};
    uint64_t fault = 0;

    EXPECT_EQ(EmulateAccess(&context, port, &fault), Emulated::kFault);

    for (int i = 0; i < 16; ++i) {
      EXPECT_EQ(static_cast<uint64_t>(context.uc_mcontext.gregs[kNumbers[i]]), start.registers[i]);
    }
    EXPECT_EQ(context.uc_mcontext.gregs[REG_RIP], reinterpret_cast<greg_t>(instruction.begin));
    EXPECT_EQ(static_cast<uint64_t>(context.uc_mcontext.gregs[REG_EFL]), start.flags);
    EXPECT_GE(fault, reinterpret_cast<uint64_t>(memory.data()));
    EXPECT_LT(fault, reinterpret_cast<uint64_t>(memory.data()) + kMemoryBytes);
    EXPECT_EQ(memory, before);
  }
}

TEST(Emulate, AddressesRelativeToTheInstructionCountFromItsEnd) {
  // movl $1, 16(%rip): the immediate stands behind the displacement.
  static const unsigned char kCode[] = {0xc7, 0x05, 0x10, 0, 0, 0, 1, 0, 0, 0};
  const State start = Start(0, 0);
  ucontext_t context;
  _libc_fpstate floats;
  ToContext(start, kCode, &context, &floats);
  const AccessPort port = {Refuse, RefuseStore, nullptr};
  uint64_t fault = 0;

  EXPECT_EQ(EmulateAccess(&context, port, &fault), Emulated::kFault);

  EXPECT_EQ(fault, reinterpret_cast<uint64_t>(kCode) + sizeof kCode + 16);
}

TEST(Emulate, KnowsWhatItDoesNotKnow) {
  const std::vector<std::vector<unsigned char>> codes = {
      {0xf0, 0x0f, 0xb1, 0x0e},  // lock cmpxchg %ecx, (%rsi)
      {0x87, 0x06},              // xchg %eax, (%rsi)
      {0x11, 0x06},              // adc %eax, (%rsi)
      {0xf7, 0x16},              // notl (%rsi)
      {0xff, 0x36},              // push (%rsi)
      {0xc5, 0xfe, 0x6f, 0x06},  // vmovdqu (%rsi), %ymm0
      {0x64, 0x8b, 0x06},        // movl %fs:(%rsi), %eax
      {0x8b, 0xc6},              // movl %esi, %eax: no access
      {0x0f, 0x6f, 0x06},        // movq (%rsi), %mm0
      {0x90},
  };
  for (const std::vector<unsigned char>& code : codes) {
    const State start = Start(0, 0);
    ucontext_t context;
    _libc_fpstate floats;
    std::vector<unsigned char> padded = code;
    padded.resize(16);
    ToContext(start, padded.data(), &context, &floats);
    int accesses = 0;
    const AccessPort port = {LoadPlain, StorePlain, &accesses};
    uint64_t fault = 0;

    EXPECT_EQ(EmulateAccess(&context, port, &fault), Emulated::kUnknown) << unsigned{code[0]};
    EXPECT_EQ(accesses, 0);
    EXPECT_EQ(context.uc_mcontext.gregs[REG_RIP], reinterpret_cast<greg_t>(padded.data()));
  }
}

}  // namespace
}  // namespace drydock::live
