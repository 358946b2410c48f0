#include "mocks/shims/shim_fixture.h"

namespace drydock::mocks {

page shim_frames[8];
alignas(4096) char shim_memory[8 * 4096];

}  // namespace drydock::mocks

// The simulation defines these. The module's own record is here too, since the snippet is linked in
// and not loaded.
extern "C" {
page* drydock_vmemmap = drydock::mocks::shim_frames;
char* drydock_direct_map = drydock::mocks::shim_memory;
module __this_module = {"shim_test_driver", {0}, 0};
}
