// Constructors, compiled once: they are what costs when a test includes the header.
#include "mocks/gmock/mock_tasks.h"

namespace drydock::mocks {

MockTaskApi::MockTaskApi() = default;
MockTaskApi::MockTaskApi(TaskApi& real) {
  ON_CALL(*this, CurrentTask).WillByDefault(::testing::Invoke(&real, &TaskApi::CurrentTask));
  ON_CALL(*this, Schedule).WillByDefault(::testing::Invoke(&real, &TaskApi::Schedule));
  ON_CALL(*this, ScheduleTimeout)
      .WillByDefault(::testing::Invoke(&real, &TaskApi::ScheduleTimeout));
  ON_CALL(*this, Sleep).WillByDefault(::testing::Invoke(&real, &TaskApi::Sleep));
  ON_CALL(*this, Yield).WillByDefault(::testing::Invoke(&real, &TaskApi::Yield));
  ON_CALL(*this, BusyWait).WillByDefault(::testing::Invoke(&real, &TaskApi::BusyWait));
  ON_CALL(*this, WakeUpProcess).WillByDefault(::testing::Invoke(&real, &TaskApi::WakeUpProcess));
  ON_CALL(*this, AddWait).WillByDefault(::testing::Invoke(&real, &TaskApi::AddWait));
  ON_CALL(*this, RemoveWait).WillByDefault(::testing::Invoke(&real, &TaskApi::RemoveWait));
  ON_CALL(*this, PrepareToWait).WillByDefault(::testing::Invoke(&real, &TaskApi::PrepareToWait));
  ON_CALL(*this, PrepareToWaitEvent)
      .WillByDefault(::testing::Invoke(&real, &TaskApi::PrepareToWaitEvent));
  ON_CALL(*this, FinishWait).WillByDefault(::testing::Invoke(&real, &TaskApi::FinishWait));
  ON_CALL(*this, WakeUpQueue).WillByDefault(::testing::Invoke(&real, &TaskApi::WakeUpQueue));
  ON_CALL(*this, DefaultWake).WillByDefault(::testing::Invoke(&real, &TaskApi::DefaultWake));
  ON_CALL(*this, PollWait).WillByDefault(::testing::Invoke(&real, &TaskApi::PollWait));
  ON_CALL(*this, WaitOn).WillByDefault(::testing::Invoke(&real, &TaskApi::WaitOn));
  ON_CALL(*this, WakeOn).WillByDefault(::testing::Invoke(&real, &TaskApi::WakeOn));
  ON_CALL(*this, Context).WillByDefault(::testing::Invoke(&real, &TaskApi::Context));
}
MockTaskApi::~MockTaskApi() = default;

MockTimerApi::MockTimerApi() = default;
MockTimerApi::MockTimerApi(TimerApi& real) {
  ON_CALL(*this, ModTimer).WillByDefault(::testing::Invoke(&real, &TimerApi::ModTimer));
  ON_CALL(*this, DeleteTimer).WillByDefault(::testing::Invoke(&real, &TimerApi::DeleteTimer));
  ON_CALL(*this, TimerPending).WillByDefault(::testing::Invoke(&real, &TimerApi::TimerPending));
  ON_CALL(*this, HrtimerStart).WillByDefault(::testing::Invoke(&real, &TimerApi::HrtimerStart));
  ON_CALL(*this, HrtimerCancel).WillByDefault(::testing::Invoke(&real, &TimerApi::HrtimerCancel));
  ON_CALL(*this, HrtimerActive).WillByDefault(::testing::Invoke(&real, &TimerApi::HrtimerActive));
}
MockTimerApi::~MockTimerApi() = default;

MockWorkApi::MockWorkApi() = default;
MockWorkApi::MockWorkApi(WorkApi& real) {
  ON_CALL(*this, AllocWorkqueue).WillByDefault(::testing::Invoke(&real, &WorkApi::AllocWorkqueue));
  ON_CALL(*this, DestroyWorkqueue)
      .WillByDefault(::testing::Invoke(&real, &WorkApi::DestroyWorkqueue));
  ON_CALL(*this, QueueWork).WillByDefault(::testing::Invoke(&real, &WorkApi::QueueWork));
  ON_CALL(*this, QueueDelayedWork)
      .WillByDefault(::testing::Invoke(&real, &WorkApi::QueueDelayedWork));
  ON_CALL(*this, ModDelayedWork).WillByDefault(::testing::Invoke(&real, &WorkApi::ModDelayedWork));
  ON_CALL(*this, FlushWork).WillByDefault(::testing::Invoke(&real, &WorkApi::FlushWork));
  ON_CALL(*this, FlushDelayedWork)
      .WillByDefault(::testing::Invoke(&real, &WorkApi::FlushDelayedWork));
  ON_CALL(*this, CancelWork).WillByDefault(::testing::Invoke(&real, &WorkApi::CancelWork));
  ON_CALL(*this, CancelDelayedWork)
      .WillByDefault(::testing::Invoke(&real, &WorkApi::CancelDelayedWork));
  ON_CALL(*this, FlushWorkqueue).WillByDefault(::testing::Invoke(&real, &WorkApi::FlushWorkqueue));
  ON_CALL(*this, WorkPending).WillByDefault(::testing::Invoke(&real, &WorkApi::WorkPending));
}
MockWorkApi::~MockWorkApi() = default;

MockIrqApi::MockIrqApi() = default;
MockIrqApi::MockIrqApi(IrqApi& real) {
  ON_CALL(*this, RequestThreadedIrq)
      .WillByDefault(::testing::Invoke(&real, &IrqApi::RequestThreadedIrq));
  ON_CALL(*this, FreeIrq).WillByDefault(::testing::Invoke(&real, &IrqApi::FreeIrq));
  ON_CALL(*this, EnableIrq).WillByDefault(::testing::Invoke(&real, &IrqApi::EnableIrq));
  ON_CALL(*this, DisableIrq).WillByDefault(::testing::Invoke(&real, &IrqApi::DisableIrq));
  ON_CALL(*this, SynchronizeIrq).WillByDefault(::testing::Invoke(&real, &IrqApi::SynchronizeIrq));
}
MockIrqApi::~MockIrqApi() = default;

}  // namespace drydock::mocks
