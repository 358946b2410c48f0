// Symbols of kernel/printk, drivers/base/core.c's messages, kernel/module and the BUG family.
#include "mocks/shims/shim.h"

using drydock::mocks::Cross;
using drydock::mocks::LogApi;

#define DRYDOCK_DEV_LEVEL(symbol, level)                        \
  void symbol(const device* dev, const char* format, ...) {     \
    va_list args;                                               \
    va_start(args, format);                                     \
    Cross<&LogApi::DevPrintk>("\001" level, dev, format, args); \
    va_end(args);                                               \
  }

extern "C" {

int _printk(const char* format, ...) {
  va_list args;
  va_start(args, format);
  int length = Cross<&LogApi::Printk>(format, args);
  va_end(args);
  return length;
}
int vprintk(const char* format, va_list args) { return Cross<&LogApi::Printk>(format, args); }
void _dev_printk(const char* level, const device* dev, const char* format, ...) {
  va_list args;
  va_start(args, format);
  Cross<&LogApi::DevPrintk>(level, dev, format, args);
  va_end(args);
}
DRYDOCK_DEV_LEVEL(_dev_emerg, "0")
DRYDOCK_DEV_LEVEL(_dev_alert, "1")
DRYDOCK_DEV_LEVEL(_dev_crit, "2")
DRYDOCK_DEV_LEVEL(_dev_err, "3")
DRYDOCK_DEV_LEVEL(_dev_warn, "4")
DRYDOCK_DEV_LEVEL(_dev_notice, "5")
DRYDOCK_DEV_LEVEL(_dev_info, "6")
int dev_err_probe(const device* dev, int error, const char* format, ...) {
  va_list args;
  va_start(args, format);
  // A deferred probe is no error: it goes to the debug level.
  Cross<&LogApi::DevPrintk>(error == -517 ? "\0017" : "\0013", dev, format, args);
  va_end(args);
  return error;
}

// WARN() and BUG() are inline in a kernel; here they cross.
void drydock_warn(const char* file, int line, const char* function, const char* format, ...) {
  va_list args;
  va_start(args, format);
  Cross<&LogApi::Warn>(file, line, function, format, args);
  va_end(args);
}
[[noreturn]] void drydock_bug(const char* file, int line, const char* function) {
  Cross<&LogApi::Bug>(file, line, function);
  __builtin_trap();  // a kernel that returns from Bug() without a trap pending is a harness bug
}
[[noreturn]] void panic(const char*, ...) {
  Cross<&LogApi::Bug>("panic", 0, "panic");
  __builtin_trap();
}

bool try_module_get(module* module) {
  return module == nullptr || Cross<&LogApi::TryModuleGet>(module);
}
void __module_get(module* module) {
  if (module != nullptr) Cross<&LogApi::TryModuleGet>(module);
}
void module_put(module* module) {
  if (module != nullptr) Cross<&LogApi::ModulePut>(module);
}

}  // extern "C"
