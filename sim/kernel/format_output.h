// The parts that format.cc and format_pointer.cc share: a bounded output and one conversion's form.
#ifndef DRYDOCK_SIM_KERNEL_FORMAT_OUTPUT_H_
#define DRYDOCK_SIM_KERNEL_FORMAT_OUTPUT_H_

#include <cstddef>
#include <cstdint>

namespace drydock::kernel::format {

// Characters that fit are stored; all are counted.
class Output {
 public:
  Output(char* to, size_t size_bytes) : to_(to), size_(size_bytes) {}
  void Put(char c) {
    if (count_ < size_) to_[count_] = c;
    ++count_;
  }
  void Fill(char c, long count) {
    for (; count > 0; --count) Put(c);
  }
  size_t count() const { return count_; }
  void Terminate() {
    if (size_ != 0) to_[count_ < size_ ? count_ : size_ - 1] = '\0';
  }

 private:
  char* to_;
  size_t size_;
  size_t count_ = 0;
};

enum Flag : unsigned {
  kSigned = 1,    // the value is signed
  kLeft = 2,      // '-'
  kPlus = 4,      // '+'
  kSpace = 8,     // ' '
  kZeroPad = 16,  // '0'
  kSmall = 32,    // lower-case digits
  kSpecial = 64,  // '#': 0x, 0
};

struct Form {
  int width = -1;
  int precision = -1;
  unsigned flags = 0;
  unsigned base = 10;
};

void PutNumber(Output& out, uint64_t value, Form form);
// Also says (null) and (efault) as the kernel does. Precision bounds the characters read.
void PutString(Output& out, const char* text, Form form);
// Without the checks: the text is the emulated kernel's own.
void PutText(Output& out, const char* text, Form form = {});
// `extension` stands after the 'p'.
void PutPointer(Output& out, const void* pointer, const char* extension, Form form);
// The whole of vsnprintf, for %pV. `args` is a va_list*.
void PutNested(Output& out, const char* format, void* args);

inline bool IsDigit(char c) { return c >= '0' && c <= '9'; }
inline bool IsAlnum(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace drydock::kernel::format

#endif  // DRYDOCK_SIM_KERNEL_FORMAT_OUTPUT_H_
