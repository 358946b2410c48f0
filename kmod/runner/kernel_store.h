// The kernels that `./drydock kernel get` has put into the cache.
#ifndef DRYDOCK_KMOD_RUNNER_KERNEL_STORE_H_
#define DRYDOCK_KMOD_RUNNER_KERNEL_STORE_H_

#include <map>
#include <string>
#include <string_view>

namespace drydock::kmod {

struct StoredKernel {
  std::string name;     // "6.1-small"
  std::string release;  // "6.1.192"
  std::string version;  // of the package that it comes of
  std::string image;    // path: what boots
  std::string build;    // path: what modules are built against
  int profile = 0;      // 601, 612, 703
};

// Looks `name` up below `folder` and checks the image. On failure *error is one line that says what
// to do.
StoredKernel FindKernel(const std::string& folder, const std::string& name, std::string* error);

// "field: value" lines.
std::map<std::string, std::string> ParseStamp(std::string_view text);

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_RUNNER_KERNEL_STORE_H_
