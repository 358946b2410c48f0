#include "sim/kernel/log.h"

#include <cstring>

#include "sim/kernel/format.h"

namespace drydock::kernel {
namespace {

constexpr char kLevelMark = 1;  // KERN_SOH
constexpr uint64_t kRateIntervalNs = 5'000'000'000;
constexpr uint64_t kRateBurst = 10;

// What stands before the text: KERN_INFO is "\001" "6", KERN_CONT is "\001" "c".
struct Prefix {
  int level;
  bool continued;
  const char* text;
};

Prefix ReadPrefix(const char* format, int level) {
  Prefix prefix{level, false, format};
  while (prefix.text[0] == kLevelMark && prefix.text[1] != '\0') {
    const char mark = prefix.text[1];
    if (mark >= '0' && mark <= '7') prefix.level = mark - '0';
    if (mark == 'c') prefix.continued = true;
    prefix.text += 2;
  }
  return prefix;
}

const char* BaseName(const char* path) {
  if (path == nullptr) return "?";
  const char* slash = std::strrchr(path, '/');
  return slash != nullptr ? slash + 1 : path;
}

}  // namespace

Log::Log(hw::ResetList& list, Verdicts& verdicts)
    : verdicts_(verdicts),
      ring_(std::make_unique<char[]>(kRingBytes)),
      lines_(std::make_unique<Line[]>(kMaxLines)),
      sites_(list, "rate limits", kMaxSites) {}

int Log::Printk(const char* format, va_list args) { return Store(kDefaultLevel, format, args); }

int Log::Store(int level, const char* format, va_list args) {
  const Prefix prefix = ReadPrefix(format, level);
  char text[kLineBytes];
  int size = FormatText(text, sizeof text, prefix.text, args);
  if (size >= static_cast<int>(sizeof text)) size = sizeof text - 1;
  Append(prefix.level, prefix.continued, text, static_cast<size_t>(size));
  return size;
}

void Log::Append(int level, bool continued, const char* text, size_t size_bytes) {
  while (size_bytes > 0) {
    const auto* newline = static_cast<const char*>(std::memchr(text, '\n', size_bytes));
    size_t part = newline != nullptr ? static_cast<size_t>(newline - text) : size_bytes;
    const size_t left = kRingBytes - next_byte_ % kRingBytes;
    const bool joins = open_ && continued && part <= left &&
                       lines_[(next_line_ - 1) % kMaxLines].size + part <= kLineBytes;
    if (!joins) {
      if (part > left) next_byte_ += left;  // no line lies across the end
      lines_[next_line_++ % kMaxLines] = {next_byte_, 0, level};
    }
    std::memcpy(&ring_[next_byte_ % kRingBytes], text, part);
    next_byte_ += part;
    lines_[(next_line_ - 1) % kMaxLines].size += static_cast<uint32_t>(part);
    if (next_line_ - first_line_ > kMaxLines) first_line_ = next_line_ - kMaxLines;
    while (lines_[first_line_ % kMaxLines].position + kRingBytes < next_byte_) ++first_line_;
    open_ = newline == nullptr;
    if (newline != nullptr) ++part;
    text += part;
    size_bytes -= part;
    continued = false;
  }
}

void Log::DevPrintk(const char* level, const device* dev, const char* format, va_list args) {
  const Prefix prefix = ReadPrefix(level != nullptr ? level : "", kDefaultLevel);
  char text[kLineBytes];
  // drivers/base/core.c:__dev_printk(): driver or bus or class, then the device's name.
  int used = 0;
  if (dev == nullptr) {
    used = FormatTextOf(text, sizeof text, "(NULL device *): ");
  } else {
    const char* owner = dev->driver != nullptr                                   ? dev->driver->name
                        : dev->bus != nullptr                                    ? dev->bus->name
                        : dev->class_ != nullptr && dev->class_->name != nullptr ? dev->class_->name
                                                                                 : "";
    const char* name = dev->init_name != nullptr ? dev->init_name : dev->kobj.name;
    used = FormatTextOf(text, sizeof text, "%s %s: ", owner, name);
  }
  if (used >= static_cast<int>(sizeof text)) used = sizeof text - 1;
  const auto begin = static_cast<size_t>(used);
  int size = FormatText(text + begin, sizeof text - begin, format, args);
  if (size >= static_cast<int>(sizeof text - begin))
    size = static_cast<int>(sizeof text - begin) - 1;
  Append(prefix.level, false, text, begin + static_cast<size_t>(size));
}

int Log::Vsnprintf(char* to, size_t size_bytes, const char* format, va_list args) {
  return FormatText(to, size_bytes, format, args);
}

void Log::Say(int level, const char* format, ...) {
  va_list args;
  va_start(args, format);
  Store(level, format, args);
  va_end(args);
}

void Log::Warn(const char* file, int line, const char* function, const char* format, va_list args) {
  char text[128] = "";
  if (format != nullptr) {
    FormatText(text, sizeof text, ReadPrefix(format, kDefaultLevel).text, args);
    if (char* newline = std::strchr(text, '\n')) *newline = '\0';
  }
  const char* function_name = function != nullptr ? function : "?";
  Say(kDefaultLevel, "WARNING: at %s:%d %s()%s%s\n", BaseName(file), line, function_name,
      text[0] != '\0' ? ": " : "", text);
  verdicts_.Report(0, 10, "no WARN", "WARN at %s:%d in %s()%s%s", BaseName(file), line,
                   function_name, text[0] != '\0' ? ": " : "", text);
}

void Log::Bug(const char* file, int line, const char* function) {
  const char* function_name = function != nullptr ? function : "?";
  Say(0, "kernel BUG at %s:%d %s()!\n", BaseName(file), line, function_name);
  verdicts_.TrapNow(Trap::kBug, 0, 10, "no BUG", "BUG at %s:%d in %s()", BaseName(file), line,
                    function_name);
}

bool Log::TryModuleGet(module* module) {
  if (module == nullptr) return true;
  if (module->state == 2) return false;
  ++module->refcount.counter;
  return true;
}

void Log::ModulePut(module* module) {
  if (module == nullptr) return;
  if (module->refcount.counter <= 0) {
    verdicts_.Report(44, 6, "module_put() gives back what try_module_get() took",
                     "module %s: module_put() without a reference", module->name);
    return;
  }
  --module->refcount.counter;
}

size_t Log::line_count() const { return next_line_ - first_line_; }

std::string_view Log::line(size_t index) const {
  const Line& line = lines_[(first_line_ + index) % kMaxLines];
  return {&ring_[line.position % kRingBytes], line.size};
}

int Log::level(size_t index) const { return lines_[(first_line_ + index) % kMaxLines].level; }

void Log::Clear() {
  first_line_ = next_line_ = next_byte_ = 0;
  open_ = false;
}

bool Log::RateLimit(const void* site, uint64_t now_ns) {
  const auto key = reinterpret_cast<uint64_t>(site);
  for (size_t i = 0; i < kMaxSites; ++i) {
    if (sites_[i].key != key && sites_[i].key != 0) continue;
    Site& entry = sites_.Mut(i);
    if (entry.key == 0 || now_ns - entry.begin_ns >= kRateIntervalNs) entry = {key, now_ns, 0};
    return ++entry.passed <= kRateBurst;
  }
  return true;  // more sites than we keep: nothing is held back
}

}  // namespace drydock::kernel
