#include "sim/kernel/format.h"

#include <climits>
#include <cstdint>

#include "sim/kernel/errno_name.h"
#include "sim/kernel/format_output.h"

namespace drydock::kernel {
namespace format {
namespace {

constexpr int kWidthMax = (1 << 23) - 1;
constexpr int kPrecisionMax = (1 << 15) - 1;

enum class Length { kInt, kChar, kShort, kLong, kLongLong, kSize, kPtrdiff };

int ReadNumber(const char** format) {
  int64_t value = 0;
  for (; IsDigit(**format); ++*format) {
    if (value <= kWidthMax) value = value * 10 + (**format - '0');
  }
  return static_cast<int>(value > kWidthMax ? kWidthMax : value);
}

int Clamp(int value, int low, int high) {
  return value < low ? low : (value > high ? high : value);
}

Form ReadFlags(const char** format) {
  Form form;
  for (;; ++*format) {
    switch (**format) {
      case '-':
        form.flags |= kLeft;
        continue;
      case '+':
        form.flags |= kPlus;
        continue;
      case ' ':
        form.flags |= kSpace;
        continue;
      case '#':
        form.flags |= kSpecial;
        continue;
      case '0':
        form.flags |= kZeroPad;
        continue;
      default:
        return form;
    }
  }
}

void ReadWidthAndPrecision(const char** format, Form* form, va_list args) {
  if (IsDigit(**format)) {
    form->width = ReadNumber(format);
  } else if (**format == '*') {
    ++*format;
    form->width = Clamp(va_arg(args, int), -kWidthMax, kWidthMax);
    if (form->width < 0) {
      form->width = -form->width;
      form->flags |= kLeft;
    }
  }
  if (**format != '.') return;
  ++*format;
  // A '.' alone leaves the precision open: where C99 says 0, the kernel does not.
  if (IsDigit(**format)) {
    form->precision = Clamp(ReadNumber(format), 0, kPrecisionMax);
  } else if (**format == '*') {
    ++*format;
    form->precision = Clamp(va_arg(args, int), 0, kPrecisionMax);
  }
}

Length ReadLength(const char** format) {
  switch (**format) {
    case 'h':
      ++*format;
      if (**format != 'h') return Length::kShort;
      ++*format;
      return Length::kChar;
    case 'l':
      ++*format;
      if (**format != 'l') return Length::kLong;
      ++*format;
      return Length::kLongLong;
    case 'L':
      ++*format;
      return Length::kLongLong;
    case 'z':
      ++*format;
      return Length::kSize;
    case 't':
      ++*format;
      return Length::kPtrdiff;
    default:
      return Length::kInt;
  }
}

uint64_t ReadInteger(Length length, bool is_signed, va_list args) {
  switch (length) {
    case Length::kLong:
    case Length::kSize:
    case Length::kPtrdiff:
      return va_arg(args, unsigned long);
    case Length::kLongLong:
      return va_arg(args, unsigned long long);
    default:
      break;
  }
  const int value = va_arg(args, int);
  if (length == Length::kChar) {
    return is_signed ? static_cast<uint64_t>(static_cast<signed char>(value))
                     : static_cast<unsigned char>(value);
  }
  if (length == Length::kShort) {
    return is_signed ? static_cast<uint64_t>(static_cast<short>(value))
                     : static_cast<unsigned short>(value);
  }
  return is_signed ? static_cast<uint64_t>(static_cast<int64_t>(value))
                   : static_cast<unsigned int>(value);
}

void PutChar(Output& out, char c, Form form) {
  if ((form.flags & kLeft) == 0) out.Fill(' ', form.width - 1);
  out.Put(c);
  if ((form.flags & kLeft) != 0) out.Fill(' ', form.width - 1);
}

// One conversion, `*format` behind the '%'. False: not supported, the text ends here.
bool Convert(Output& out, const char** format, va_list args) {
  Form form = ReadFlags(format);
  ReadWidthAndPrecision(format, &form, args);
  const Length length = ReadLength(format);
  const char conversion = **format;
  if (conversion != '\0') ++*format;
  switch (conversion) {
    case 'c':
      PutChar(out, static_cast<char>(va_arg(args, int)), form);
      return true;
    case 's':
      PutString(out, va_arg(args, const char*), form);
      return true;
    case 'p':
      PutPointer(out, va_arg(args, const void*), *format, form);
      while (IsAlnum(**format)) ++*format;
      return true;
    case '%':
      out.Put('%');
      return true;
    case 'o':
      form.base = 8;
      break;
    case 'x':
      form.base = 16;
      form.flags |= kSmall;
      break;
    case 'X':
      form.base = 16;
      break;
    case 'd':
    case 'i':
      form.flags |= kSigned;
      break;
    case 'u':
      break;
    default:
      return false;
  }
  PutNumber(out, ReadInteger(length, (form.flags & kSigned) != 0, args), form);
  return true;
}

void PutAll(Output& out, const char* format, va_list args) {
  while (*format != '\0') {
    if (*format != '%') {
      out.Put(*format++);
      continue;
    }
    ++format;
    if (!Convert(out, &format, args)) return;
  }
}

}  // namespace

void PutNumber(Output& out, uint64_t value, Form form) {
  char digits[24];
  int count = 0;
  if ((form.flags & kLeft) != 0) form.flags &= ~static_cast<unsigned>(kZeroPad);
  char sign = 0;
  if ((form.flags & kSigned) != 0) {
    if (static_cast<int64_t>(value) < 0) {
      sign = '-';
      value = uint64_t{0} - value;
    } else if ((form.flags & kPlus) != 0) {
      sign = '+';
    } else if ((form.flags & kSpace) != 0) {
      sign = ' ';
    }
  }
  const bool hex_prefix = (form.flags & kSpecial) != 0 && form.base == 16;  // of zero too
  const bool octal_prefix = (form.flags & kSpecial) != 0 && form.base == 8 && value != 0;
  const char* alphabet = (form.flags & kSmall) != 0 ? "0123456789abcdef" : "0123456789ABCDEF";
  do {
    digits[count++] = alphabet[value % form.base];
    value /= form.base;
  } while (value != 0);

  const int precision = form.precision > count ? form.precision : count;
  const long padding =
      long{form.width} - (sign != 0) - (hex_prefix ? 2 : 0) - (octal_prefix ? 1 : 0) - precision;
  const bool zeros = (form.flags & kZeroPad) != 0;
  if (!zeros && (form.flags & kLeft) == 0) out.Fill(' ', padding);
  if (sign != 0) out.Put(sign);
  if (hex_prefix || octal_prefix) out.Put('0');
  if (hex_prefix) out.Put((form.flags & kSmall) != 0 ? 'x' : 'X');
  if (zeros) out.Fill('0', padding);
  out.Fill('0', precision - count);
  for (int i = count; i > 0; --i) out.Put(digits[i - 1]);
  if ((form.flags & kLeft) != 0) out.Fill(' ', padding);
}

void PutText(Output& out, const char* text, Form form) {
  long length = 0;
  while (length != form.precision && text[length] != '\0') ++length;
  if ((form.flags & kLeft) == 0) out.Fill(' ', form.width - length);
  for (long i = 0; i < length; ++i) out.Put(text[i]);
  if ((form.flags & kLeft) != 0) out.Fill(' ', form.width - length);
}

void PutString(Output& out, const char* text, Form form) {
  const auto address = reinterpret_cast<uintptr_t>(text);
  if (address >= 4096 && !IsErrorPointer(text)) {
    PutText(out, text, form);
    return;
  }
  if (form.precision == -1) form.precision = 2 * sizeof(void*);
  PutText(out, text == nullptr ? "(null)" : "(efault)", form);
}

void PutNested(Output& out, const char* format, void* args) {
  va_list copy;
  va_copy(copy, *static_cast<va_list*>(args));
  PutAll(out, format, copy);
  va_end(copy);
}

}  // namespace format

int FormatText(char* to, size_t size_bytes, const char* format, va_list args) {
  if (size_bytes > INT_MAX) return 0;
  format::Output out(to, size_bytes);
  va_list copy;
  va_copy(copy, args);
  format::PutAll(out, format, copy);
  va_end(copy);
  out.Terminate();
  return static_cast<int>(out.count());
}

int FormatTextOf(char* to, size_t size_bytes, const char* format, ...) {
  va_list args;
  va_start(args, format);
  const int length = FormatText(to, size_bytes, format, args);
  va_end(args);
  return length;
}

}  // namespace drydock::kernel
