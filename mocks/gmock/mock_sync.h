// GoogleMock over the roles of locks and the log. How to use them: mocks/gmock/mock_kernel.h.
#ifndef DRYDOCK_MOCKS_GMOCK_MOCK_SYNC_H_
#define DRYDOCK_MOCKS_GMOCK_MOCK_SYNC_H_

#include "gmock/gmock.h"
#include "mocks/kernel_api.h"

namespace drydock::mocks {

class MockSyncApi : public SyncApi {
 public:
  MockSyncApi();
  explicit MockSyncApi(SyncApi& real);
  ~MockSyncApi() override;

  MOCK_METHOD(void, LockInit, (drydock_lock * lock, LockKind kind, const char* name), (override));
  MOCK_METHOD(void, LockAcquire, (drydock_lock * lock, LockKind kind, const char* function),
              (override));
  MOCK_METHOD(bool, LockTry, (drydock_lock * lock, LockKind kind, const char* function),
              (override));
  MOCK_METHOD(void, LockRelease, (drydock_lock * lock, LockKind kind, const char* function),
              (override));
  MOCK_METHOD(bool, LockIsHeld, (const drydock_lock* lock), (override));
  MOCK_METHOD(void, MightSleep, (const char* function), (override));
  MOCK_METHOD(unsigned long, Jiffies, (), (override));
  MOCK_METHOD(uint64_t, KtimeNs, (), (override));
  MOCK_METHOD(void, RandomBytes, (void* to, size_t size_bytes), (override));
  MOCK_METHOD(int, CurrentPid, (), (override));
  MOCK_METHOD(bool, Capable, (int capability), (override));
  MOCK_METHOD(int, LockAcquireOrSignal,
              (drydock_lock * lock, LockKind kind, unsigned int state, const char* function),
              (override));
  MOCK_METHOD(void, LocalIrq, (bool off), (override));
  MOCK_METHOD(bool, IrqsOff, (), (override));
  MOCK_METHOD(void, LocalBh, (bool off), (override));
  MOCK_METHOD(void, Preempt, (bool off), (override));
  MOCK_METHOD(void, RcuRead, (bool begin), (override));
  MOCK_METHOD(void, LockNested, (unsigned int subclass), (override));
  MOCK_METHOD(void, LockSetClass, (drydock_lock * lock, const void* key, const char* name),
              (override));
};

class MockLogApi : public LogApi {
 public:
  MockLogApi();
  explicit MockLogApi(LogApi& real);
  ~MockLogApi() override;

  MOCK_METHOD(int, Printk, (const char* format, va_list args), (override));
  MOCK_METHOD(void, DevPrintk,
              (const char* level, const device* dev, const char* format, va_list args), (override));
  MOCK_METHOD(int, Vsnprintf, (char* to, size_t size_bytes, const char* format, va_list args),
              (override));
  MOCK_METHOD(void, Warn,
              (const char* file, int line, const char* function, const char* format, va_list args),
              (override));
  MOCK_METHOD(void, Bug, (const char* file, int line, const char* function), (override));
  MOCK_METHOD(bool, TryModuleGet, (module * module), (override));
  MOCK_METHOD(void, ModulePut, (module * module), (override));
};

}  // namespace drydock::mocks

#endif  // DRYDOCK_MOCKS_GMOCK_MOCK_SYNC_H_
