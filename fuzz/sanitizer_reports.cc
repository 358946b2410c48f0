#include "fuzz/sanitizer_reports.h"

#include <unwind.h>

#include <cstddef>
#include <cstdint>

#include "fuzz/violation_classes.h"

// The sanitizers' public interface, as far as it is used; absent in builds without them.
extern "C" {
__attribute__((weak)) void __asan_set_error_report_callback(void (*callback)(const char*));
__attribute__((weak)) void* __asan_get_report_pc();
__attribute__((weak)) void* __asan_get_report_address();
__attribute__((weak)) int __asan_get_report_access_type();
__attribute__((weak)) size_t __asan_get_report_access_size();
__attribute__((weak)) const char* __asan_get_report_description();
__attribute__((weak)) void __ubsan_get_current_report_data(const char** kind, const char** message,
                                                           const char** file, unsigned* line,
                                                           unsigned* column, char** address);
// Called by UndefinedBehaviorSanitizer on each report.
void __ubsan_on_report();
}

namespace drydock::fuzz {
namespace {

constexpr uint8_t kDeviceOwned = 56;  // what Dma::ReportIfDeviceOwned() reports

kernel::Verdicts* verdicts;
kernel::Kernel* watched;
std::atomic<uint64_t>* fault_pc;

void OnAddressReport(const char*) {
  if (verdicts == nullptr) return;
  const void* pc = __asan_get_report_pc();
  if (verdicts->InDriver(pc)) {
    verdicts->NoteCaller(pc);
    if (fault_pc != nullptr) *fault_pc = verdicts->DriverPc(pc);
  }
  const bool write = __asan_get_report_access_type() != 0;
  // A loop over a buffer is one mistake.
  if (verdicts->count() != 0 && verdicts->Last().class_number == kDeviceOwned &&
      verdicts->Last().driver_pc == verdicts->DriverPc(pc)) {
    return;
  }
  if (watched->dma().ReportIfDeviceOwned(__asan_get_report_address(),
                                         __asan_get_report_access_size(), write, "the driver")) {
    return;
  }
  verdicts->TrapNow(kernel::Trap::kSanitizer, kSanitizerReport, 14,
                    "no access outside of live memory", "AddressSanitizer: %s, %s of %zu bytes",
                    __asan_get_report_description(), write ? "write" : "read",
                    __asan_get_report_access_size());
}

// The innermost frame of the driver: where it called the sanitizer.
_Unwind_Reason_Code NoteDriverFrame(_Unwind_Context* frame, void*) {
  const auto* pc = reinterpret_cast<const void*>(_Unwind_GetIP(frame));
  if (!verdicts->InDriver(pc)) return _URC_NO_REASON;
  verdicts->NoteCaller(pc);
  return _URC_END_OF_STACK;
}

}  // namespace

void CatchSanitizerReports(kernel::Kernel* kernel, std::atomic<uint64_t>* pc) {
  watched = kernel;
  verdicts = kernel != nullptr ? &kernel->verdicts() : nullptr;
  fault_pc = pc;
  if (__asan_set_error_report_callback != nullptr) {
    __asan_set_error_report_callback(OnAddressReport);
  }
}

}  // namespace drydock::fuzz

void __ubsan_on_report() {
  using drydock::fuzz::verdicts;
  if (verdicts == nullptr || __ubsan_get_current_report_data == nullptr) return;
  const char *kind = "", *message = "", *file = "";
  unsigned line = 0, column = 0;
  char* address = nullptr;
  __ubsan_get_current_report_data(&kind, &message, &file, &line, &column, &address);
  _Unwind_Backtrace(drydock::fuzz::NoteDriverFrame, nullptr);
  verdicts->Report(drydock::fuzz::kSanitizerReport, 14, "no undefined behaviour",
                   "UndefinedBehaviorSanitizer: %s, line %u: %s", kind, line, message);
}
