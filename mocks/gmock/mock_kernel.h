// GoogleMock over the roles of the seam, and a kernel that puts such mocks in front of a real one.
//
// (The mocks are in mock_mm.h, mock_memory.h, mock_dma.h, mock_devices.h, mock_sync.h and
// mock_tasks.h.) A mock made with a real role delegates to it until a test says otherwise, so a
// test names only the calls that are its subject:
//
//   NiceMock<MockMmApi> mm(world_kernel.mm());
//   MockKernel kernel(world_kernel);
//   kernel.Use(mm);
//   ScopedKernelApi installed(kernel);
//   EXPECT_CALL(mm, RemapPfnRange(_, 0x7000, 0x1234, 4096, _)).WillOnce(Return(-ENOMEM));
#ifndef DRYDOCK_MOCKS_GMOCK_MOCK_KERNEL_H_
#define DRYDOCK_MOCKS_GMOCK_MOCK_KERNEL_H_

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <utility>

#include "mocks/kernel_api.h"

namespace drydock::mocks {

// A kernel whose roles are another kernel's, except those replaced by Use(). A driver run is left
// as OnLeaveDriver() says, or as the real kernel does.
class MockKernel : public KernelApi {
 public:
  // No real kernel: every role that the driver uses has to be given.
  MockKernel() = default;
  explicit MockKernel(KernelApi& real) : real_(&real) { ShareCrossing(real); }

  void Use(MmApi& role) { mm_ = &role; }
  void Use(AllocApi& role) { alloc_ = &role; }
  void Use(DmaApi& role) { dma_ = &role; }
  void Use(UaccessApi& role) { uaccess_ = &role; }
  void Use(IoApi& role) { io_ = &role; }
  void Use(ChrdevApi& role) { chrdev_ = &role; }
  void Use(DeviceApi& role) { devices_ = &role; }
  void Use(OfApi& role) { of_ = &role; }
  void Use(SyncApi& role) { sync_ = &role; }
  void Use(LogApi& role) { log_ = &role; }
  void Use(TaskApi& role) { tasks_ = &role; }
  void Use(TimerApi& role) { timers_ = &role; }
  void Use(WorkApi& role) { works_ = &role; }
  void Use(IrqApi& role) { irqs_ = &role; }
  void Use(PciApi& role) { pci_ = &role; }

  // `leave` must not return: it throws or jumps.
  void OnLeaveDriver(std::function<void()> leave) { leave_ = std::move(leave); }
  // What a call of an unmodelled symbol does instead of asking the real kernel.
  void OnUnmodelled(std::function<void(const char*)> act) { unmodelled_ = std::move(act); }
  using KernelApi::set_trap_pending;

  MmApi& mm() override { return Of(mm_, &KernelApi::mm, "mm"); }
  AllocApi& alloc() override { return Of(alloc_, &KernelApi::alloc, "alloc"); }
  DmaApi& dma() override { return Of(dma_, &KernelApi::dma, "dma"); }
  UaccessApi& uaccess() override { return Of(uaccess_, &KernelApi::uaccess, "uaccess"); }
  IoApi& io() override { return Of(io_, &KernelApi::io, "io"); }
  ChrdevApi& chrdev() override { return Of(chrdev_, &KernelApi::chrdev, "chrdev"); }
  DeviceApi& devices() override { return Of(devices_, &KernelApi::devices, "devices"); }
  OfApi& of() override { return Of(of_, &KernelApi::of, "of"); }
  SyncApi& sync() override { return Of(sync_, &KernelApi::sync, "sync"); }
  LogApi& log() override { return Of(log_, &KernelApi::log, "log"); }
  TaskApi& tasks() override { return Of(tasks_, &KernelApi::tasks, "tasks"); }
  TimerApi& timers() override { return Of(timers_, &KernelApi::timers, "timers"); }
  WorkApi& works() override { return Of(works_, &KernelApi::works, "works"); }
  IrqApi& irqs() override { return Of(irqs_, &KernelApi::irqs, "irqs"); }
  PciApi& pci() override { return Of(pci_, &KernelApi::pci, "pci"); }

  void* LibraryState(size_t size_bytes) override {
    return real_ != nullptr ? real_->LibraryState(size_bytes) : library_state_;
  }

  void Unmodelled(const char* symbol) override {
    if (unmodelled_) {
      unmodelled_(symbol);
    } else {
      Real("Unmodelled").Unmodelled(symbol);
    }
  }

  void StackOverflow(size_t used_bytes) override {
    Real("StackOverflow").StackOverflow(used_bytes);
  }

  [[noreturn]] void LeaveDriver() override {
    if (leave_) {
      leave_();
      std::fputs("drydock: OnLeaveDriver's function returned\n", stderr);
      std::abort();
    }
    Real("LeaveDriver").LeaveDriver();
    std::abort();  // not reached
  }

 private:
  KernelApi& Real(const char* what) {
    if (real_ == nullptr) {
      std::fprintf(stderr, "drydock: the driver needs '%s', which this MockKernel was not given\n",
                   what);
      std::abort();
    }
    return *real_;
  }
  template <typename Role>
  Role& Of(Role* replaced, Role& (KernelApi::*get)(), const char* what) {
    return replaced != nullptr ? *replaced : (Real(what).*get)();
  }

  KernelApi* real_ = nullptr;
  alignas(16) char library_state_[512] = {};
  MmApi* mm_ = nullptr;
  AllocApi* alloc_ = nullptr;
  DmaApi* dma_ = nullptr;
  UaccessApi* uaccess_ = nullptr;
  IoApi* io_ = nullptr;
  ChrdevApi* chrdev_ = nullptr;
  DeviceApi* devices_ = nullptr;
  OfApi* of_ = nullptr;
  SyncApi* sync_ = nullptr;
  LogApi* log_ = nullptr;
  TaskApi* tasks_ = nullptr;
  TimerApi* timers_ = nullptr;
  WorkApi* works_ = nullptr;
  IrqApi* irqs_ = nullptr;
  PciApi* pci_ = nullptr;
  std::function<void()> leave_;
  std::function<void(const char*)> unmodelled_;
};

}  // namespace drydock::mocks

#endif  // DRYDOCK_MOCKS_GMOCK_MOCK_KERNEL_H_
