#include "mocks/kernel_api.h"

#include <cstdio>
#include <cstdlib>

namespace drydock::mocks {

KernelApi* KernelApi::NoKernel() {
  std::fputs("drydock: driver code called the kernel, and none is installed (ScopedKernelApi)\n",
             stderr);
  std::abort();
}

}  // namespace drydock::mocks
