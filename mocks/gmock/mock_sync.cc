// Constructors, compiled once: they are what costs when a test includes the header.
#include "mocks/gmock/mock_sync.h"

namespace drydock::mocks {

MockSyncApi::MockSyncApi() = default;
MockSyncApi::MockSyncApi(SyncApi& real) {
  ON_CALL(*this, LockInit).WillByDefault(::testing::Invoke(&real, &SyncApi::LockInit));
  ON_CALL(*this, LockAcquire).WillByDefault(::testing::Invoke(&real, &SyncApi::LockAcquire));
  ON_CALL(*this, LockTry).WillByDefault(::testing::Invoke(&real, &SyncApi::LockTry));
  ON_CALL(*this, LockRelease).WillByDefault(::testing::Invoke(&real, &SyncApi::LockRelease));
  ON_CALL(*this, LockIsHeld).WillByDefault(::testing::Invoke(&real, &SyncApi::LockIsHeld));
  ON_CALL(*this, MightSleep).WillByDefault(::testing::Invoke(&real, &SyncApi::MightSleep));
  ON_CALL(*this, Jiffies).WillByDefault(::testing::Invoke(&real, &SyncApi::Jiffies));
  ON_CALL(*this, KtimeNs).WillByDefault(::testing::Invoke(&real, &SyncApi::KtimeNs));
  ON_CALL(*this, RandomBytes).WillByDefault(::testing::Invoke(&real, &SyncApi::RandomBytes));
  ON_CALL(*this, CurrentPid).WillByDefault(::testing::Invoke(&real, &SyncApi::CurrentPid));
  ON_CALL(*this, LockAcquireOrSignal)
      .WillByDefault(::testing::Invoke(&real, &SyncApi::LockAcquireOrSignal));
  ON_CALL(*this, LocalIrq).WillByDefault(::testing::Invoke(&real, &SyncApi::LocalIrq));
  ON_CALL(*this, IrqsOff).WillByDefault(::testing::Invoke(&real, &SyncApi::IrqsOff));
  ON_CALL(*this, LocalBh).WillByDefault(::testing::Invoke(&real, &SyncApi::LocalBh));
  ON_CALL(*this, Preempt).WillByDefault(::testing::Invoke(&real, &SyncApi::Preempt));
  ON_CALL(*this, RcuRead).WillByDefault(::testing::Invoke(&real, &SyncApi::RcuRead));
  ON_CALL(*this, LockNested).WillByDefault(::testing::Invoke(&real, &SyncApi::LockNested));
  ON_CALL(*this, LockSetClass).WillByDefault(::testing::Invoke(&real, &SyncApi::LockSetClass));
  ON_CALL(*this, Capable).WillByDefault(::testing::Invoke(&real, &SyncApi::Capable));
}
MockSyncApi::~MockSyncApi() = default;

MockLogApi::MockLogApi() = default;
MockLogApi::MockLogApi(LogApi& real) {
  ON_CALL(*this, Printk).WillByDefault(::testing::Invoke(&real, &LogApi::Printk));
  ON_CALL(*this, DevPrintk).WillByDefault(::testing::Invoke(&real, &LogApi::DevPrintk));
  ON_CALL(*this, Vsnprintf).WillByDefault(::testing::Invoke(&real, &LogApi::Vsnprintf));
  ON_CALL(*this, Warn).WillByDefault(::testing::Invoke(&real, &LogApi::Warn));
  ON_CALL(*this, Bug).WillByDefault(::testing::Invoke(&real, &LogApi::Bug));
  ON_CALL(*this, TryModuleGet).WillByDefault(::testing::Invoke(&real, &LogApi::TryModuleGet));
  ON_CALL(*this, ModulePut).WillByDefault(::testing::Invoke(&real, &LogApi::ModulePut));
}
MockLogApi::~MockLogApi() = default;

}  // namespace drydock::mocks
