// The kernel's vsnprintf: lib/vsprintf.c, as Documentation/core-api/printk-formats.rst describes
// it.
//
// Never allocates and never calls libc's printf. What differs from the kernel, on purpose:
//  - %p and %pK print a hash keyed by a constant, so that the same address prints the same in every
//  run;
//  - %pS, %ps and %pB know the driver's exported symbols; any other address of a loaded image
//  prints as
//    "FILE.so+0xOFFSET", and what is in no image prints in hex;
//  - %pE, %pt, %pC, %pg, %pG, %pN, %p4cc, %pf, %pIS and extensions that the kernel does not have
//    print as plain %p.
// An unsupported conversion (%n, %f) ends the text there, as in the kernel.
#ifndef DRYDOCK_SIM_KERNEL_FORMAT_H_
#define DRYDOCK_SIM_KERNEL_FORMAT_H_

#include <cstdarg>
#include <cstddef>

namespace drydock::kernel {

// Writes at most `size_bytes` bytes, NUL included (nothing when 0). Returns the length that the
// whole text has, as vsnprintf(9); 0 when `size_bytes` exceeds INT_MAX.
int FormatText(char* to, size_t size_bytes, const char* format, va_list args);

// The same with arguments in place.
int FormatTextOf(char* to, size_t size_bytes, const char* format, ...);

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_FORMAT_H_
