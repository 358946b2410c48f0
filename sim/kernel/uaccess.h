// copy_to_user() and its kin.
//
// Models: include/linux/uaccess.h, lib/usercopy.c, lib/strncpy_from_user.c, mm/usercopy.c
// (HARDENED_USERCOPY). Each copy may sleep. The kernel side of a copy is checked against the object
// it lies in: a kmalloc object that is too small is the BUG that a kernel with
// CONFIG_HARDENED_USERCOPY (Debian's) gives; anything else ends the run as KASAN would report it
// (O14). Nothing was copied then.
#ifndef DRYDOCK_SIM_KERNEL_UACCESS_H_
#define DRYDOCK_SIM_KERNEL_UACCESS_H_

#include "mocks/kernel_api.h"
#include "sim/kernel/allocator.h"
#include "sim/kernel/dma.h"
#include "sim/kernel/user_memory.h"
#include "sim/kernel/verdict.h"

namespace drydock::kernel {

class Uaccess final : public mocks::UaccessApi {
 public:
  Uaccess(Allocator& allocator, Verdicts& verdicts, UserMemory& user)
      : allocator_(allocator), verdicts_(verdicts), user_(user) {}

  void SetSync(mocks::SyncApi* sync) { sync_ = sync; }  // told of copies, which may sleep
  void SetDma(Dma* dma) { dma_ = dma; }  // asked whether a device has the kernel's side (C56)

  // Return the bytes NOT copied: 0, or the rest from the first byte that faults; all of them if the
  // range is not the user's. copy_from_user() zeroes what it did not copy.
  unsigned long CopyToUser(void* user_to, const void* from, unsigned long size_bytes) override;
  unsigned long CopyFromUser(void* to, const void* user_from, unsigned long size_bytes) override;
  unsigned long ClearUser(void* user_to, unsigned long size_bytes) override;
  // The length without the NUL, `count` if there is no NUL in so many bytes, -EFAULT.
  long StrncpyFromUser(char* to, const char* user_from, long count) override;
  bool AccessOk(const void* user, unsigned long size_bytes) override;

 private:
  void MightSleep(const char* function) {
    if (sync_ != nullptr) sync_->MightSleep(function);
  }
  bool CheckKernelSide(const char* function, const void* address, unsigned long size_bytes,
                       bool write);

  Allocator& allocator_;
  Verdicts& verdicts_;
  UserMemory& user_;
  mocks::SyncApi* sync_ = nullptr;
  Dma* dma_ = nullptr;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_UACCESS_H_
