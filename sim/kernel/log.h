// The kernel log, WARN and BUG, module references: kernel/printk, lib/bug.c, kernel/module/main.c.
#ifndef DRYDOCK_SIM_KERNEL_LOG_H_
#define DRYDOCK_SIM_KERNEL_LOG_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "mocks/kernel_api.h"
#include "sim/hw/tracked.h"
#include "sim/kernel/verdict.h"

namespace drydock::kernel {

// Keeps the last kRingBytes of text. The ring is no state of the machine: it is not in the state
// hash, and Reset() of the world is followed by Clear(), which costs nothing.
//
//  WARN(), WARN_ON()            class 0, O10, "WARN at FILE:LINE ..."; the run goes on
//  BUG(), BUG_ON()              Trap::kBug, class 0, O10
//  module_put() without a get   C44, O6
class Log final : public mocks::LogApi {
 public:
  static constexpr size_t kRingBytes = 64 * 1024;
  static constexpr size_t kLineBytes = 1024;  // as the kernel: longer messages are cut
  static constexpr int kDefaultLevel = 4;     // KERN_WARNING, as CONFIG_MESSAGE_LOGLEVEL_DEFAULT

  Log(hw::ResetList& list, Verdicts& verdicts);

  // Returns the length of the message, level prefix apart.
  int Printk(const char* format, va_list args) override;
  void DevPrintk(const char* level, const device* dev, const char* format, va_list args) override;
  int Vsnprintf(char* to, size_t size_bytes, const char* format, va_list args) override;
  void Warn(const char* file, int line, const char* function, const char* format,
            va_list args) override;
  void Bug(const char* file, int line, const char* function) override;
  // NULL is the kernel itself: always true. False once the module is going away.
  bool TryModuleGet(module* module) override;
  void ModulePut(module* module) override;

  // The kernel's own messages ("probe of pump failed with error -22").
  void Say(int level, const char* format, ...);

  // Complete lines, oldest first. A line that was continued by KERN_CONT is one line.
  size_t line_count() const;
  std::string_view line(size_t index) const;
  int level(size_t index) const;
  void Clear();

  // printk_ratelimited(): true if a message of `site` may pass at `now_ns`: ten in five seconds.
  bool RateLimit(const void* site, uint64_t now_ns);

 private:
  struct Line {
    uint64_t position;  // counts bytes ever stored; the ring's index is its remainder
    uint32_t size;
    int32_t level;
  };
  struct Site {
    uint64_t key;
    uint64_t begin_ns;
    uint64_t passed;
  };
  static constexpr size_t kMaxLines = 2048;
  static constexpr size_t kMaxSites = 32;

  int Store(int level, const char* format, va_list args);
  void Append(int level, bool continued, const char* text, size_t size_bytes);

  Verdicts& verdicts_;
  std::unique_ptr<char[]> ring_;
  std::unique_ptr<Line[]> lines_;
  size_t first_line_ = 0;  // both count lines ever stored
  size_t next_line_ = 0;
  size_t next_byte_ = 0;  // counts bytes ever stored, and skipped at the ring's end
  bool open_ = false;     // the newest line has no '\n' yet
  hw::TrackedArray<Site> sites_;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_LOG_H_
