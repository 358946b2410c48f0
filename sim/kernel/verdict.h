// What the emulated kernel has to say about the driver under test, apart from errnos.
//
// A Violation is the product: a broken rule, with class and oracle. A trap ends the driver's run at
// once (BUG, an unmodelled symbol, ...); it is a violation too, or a harness limit that says so.
// Recording neither allocates nor formats unless something is wrong.
#ifndef DRYDOCK_SIM_KERNEL_VERDICT_H_
#define DRYDOCK_SIM_KERNEL_VERDICT_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace drydock::kernel {

enum class Trap : uint8_t {
  kNone,
  kBug,         // BUG(), BUG_ON(), or a kernel function's own BUG on what it was given
  kOops,        // a wild access: signal in driver code
  kUnmodelled,  // a declared symbol that is not modelled: not the driver's fault
  kDeadlock,    // waits for what can never happen
  kBudget,      // step or time budget used up: loops for ever
  kSanitizer,   // the run cannot go on after a sanitizer's report
};

// Bug classes are C01..C99, as numbers; 0 = none fits (an oops, a BUG without a class).
struct Violation {
  uint8_t class_number = 0;
  uint8_t oracle = 0;  // O1..O19, as a number
  Trap trap = Trap::kNone;
  uint8_t step = 0;     // filled by the executor
  uint8_t variant = 0;  // tells cases of one class apart that may have different causes
  // Shown by a page-table entry that is wrong already: who looks at the tables names the mistake.
  bool of_entry = false;
  uint8_t reserved[2] = {};
  uint64_t driver_pc = 0;     // offset of the driver's code in its image; 0 when none ran
  uint64_t object_pages = 0;  // size of the object that was meant, where an oracle knows it
  uint64_t pgoff = 0;         // and the mapping that was asked for, in pages
  uint64_t pages = 0;
  char expected[96] = {};
  char seen[240] = {};
};

// Told when a trap begins and when it is cleared.
class TrapListener {
 public:
  virtual ~TrapListener() = default;
  virtual void OnTrap(bool pending) = 0;
};

class Verdicts {
 public:
  Verdicts() = default;
  Verdicts(const Verdicts&) = delete;
  Verdicts& operator=(const Verdicts&) = delete;

  static constexpr size_t kCapacity = 16;  // per program; later ones are counted only

  // Records a violation. printf-style text of what was seen; `expected` is literal text. (Cold: the
  // compiler moves the code of what is wrong out of the way of what is run always.)
  void Report(int class_number, int oracle, const char* expected, const char* seen_format, ...)
      __attribute__((format(printf, 5, 6), cold));
  // Records a violation that ends the driver's run. The caller returns at once; shims do the rest.
  void TrapNow(Trap trap, int class_number, int oracle, const char* expected,
               const char* seen_format, ...) __attribute__((format(printf, 6, 7), cold));

  Trap pending_trap() const { return pending_; }
  void ClearTrap() {
    pending_ = Trap::kNone;
    if (listener_ != nullptr) listener_->OnTrap(false);
  }
  // As if a trap were pending, without a verdict: whoever is in the middle of something returns.
  // Until ClearTrap().
  void BeginUnwinding() {
    pending_ = Trap::kBudget;
    if (listener_ != nullptr) listener_->OnTrap(true);
  }
  void SetListener(TrapListener* listener) { listener_ = listener; }

  size_t count() const { return count_; }
  size_t dropped() const { return dropped_; }
  const Violation& operator[](size_t i) const { return list_[i]; }
  // The one recorded last, for who knows more of it. Precondition: count() > 0.
  Violation& Last() { return dropped_ > 0 ? overflow_ : list_[count_ - 1]; }
  void SetStep(uint8_t step) { step_ = step; }
  void Clear();

  // Where the driver was when it last crossed the seam (an address of the host process).
  void NoteCaller(const void* return_address) { *caller_ = return_address; }
  const void* caller() const { return *caller_; }
  // Shims note it in a place of their own, which then serves here too.
  void SetCallerSlot(const void** slot) { caller_ = slot; }
  // The driver's code lies at [begin, end): addresses are recorded relative to `begin`.
  void SetDriverImage(const void* begin, const void* end);
  bool InDriver(const void* pc) const { return pc >= image_begin_ && pc < image_end_; }
  uint64_t DriverPc(const void* pc) const;
  // For a violation of a whole function of the driver. Not its first byte: places are looked for
  // before an address, as the call is before the address it returns to. 0 if it is not the
  // driver's.
  uint64_t EntryPc(const void* function) const {
    const uint64_t pc = DriverPc(function);
    return pc == 0 ? 0 : pc + 1;
  }

 private:
  Violation& Next();
  std::array<Violation, kCapacity> list_{};
  size_t count_ = 0;
  size_t dropped_ = 0;
  Violation overflow_{};
  Trap pending_ = Trap::kNone;
  uint8_t step_ = 0;
  const void* own_caller_ = nullptr;
  const void** caller_ = &own_caller_;
  TrapListener* listener_ = nullptr;
  const void* image_begin_ = nullptr;
  const void* image_end_ = nullptr;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_VERDICT_H_
