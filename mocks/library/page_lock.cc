// mm/filemap.c, include/linux/pagemap.h: the lock of a page, which whoever waits for it sleeps for.
#include <climits>

#include "mocks/library/structs.h"
#include "mocks/shims/shim.h"

using drydock::mocks::AllocApi;
using drydock::mocks::Cross;
using drydock::mocks::SyncApi;
using drydock::mocks::TaskApi;

namespace {

constexpr int kEintr = 4;

// What is waited for: the first page of the block.
const void* KeyOf(const page* page) {
  return page->compound_head != nullptr ? page->compound_head : page;
}

DRYDOCK_SHIM_INLINE int Lock(page* page, unsigned int state, const char* function) {
  Cross<&SyncApi::MightSleep>(function);
  while (!Cross<&AllocApi::TrylockPage>(page)) {
    long forever = LONG_MAX;
    if (Cross<&TaskApi::WaitOn>(KeyOf(page), state, &forever, function) < 0) return -kEintr;
  }
  return 0;
}

}  // namespace

extern "C" {

void drydock_lock_page(page* page) { Lock(page, TASK_UNINTERRUPTIBLE, "lock_page"); }
int drydock_lock_page_killable(page* page) {
  return Lock(page, TASK_KILLABLE, "lock_page_killable");
}
bool drydock_trylock_page(page* page) { return Cross<&AllocApi::TrylockPage>(page); }
void unlock_page(page* page) {
  Cross<&AllocApi::UnlockPage>(page);
  Cross<&TaskApi::WakeOn>(KeyOf(page), 1u);
}

}  // extern "C"
