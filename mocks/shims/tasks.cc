// Symbols of kernel/sched: wait queues, sleeping, letting time pass.
#include "mocks/shims/shim.h"

using drydock::mocks::Cross;
using drydock::mocks::TaskApi;

extern "C" {

task_struct* drydock_current() { return Cross<&TaskApi::CurrentTask>(); }
unsigned int drydock_preempt_count() { return Cross<&TaskApi::Context>(); }
void schedule() { Cross<&TaskApi::Schedule>("schedule"); }
long schedule_timeout(long timeout) {
  return Cross<&TaskApi::ScheduleTimeout>(timeout, "schedule_timeout");
}
void yield() { Cross<&TaskApi::Yield>("yield"); }
int __cond_resched() {
  Cross<&TaskApi::Yield>("cond_resched");
  return 0;
}
int wake_up_process(task_struct* task) { return Cross<&TaskApi::WakeUpProcess>(task, TASK_NORMAL); }

int default_wake_function(wait_queue_entry* entry, unsigned int mode, int flags, void* key) {
  return Cross<&TaskApi::DefaultWake>(entry, mode, flags, key, false);
}
int autoremove_wake_function(wait_queue_entry* entry, unsigned int mode, int flags, void* key) {
  return Cross<&TaskApi::DefaultWake>(entry, mode, flags, key, true);
}
void add_wait_queue(wait_queue_head* queue, wait_queue_entry* entry) {
  Cross<&TaskApi::AddWait>(queue, entry, false);
}
void add_wait_queue_exclusive(wait_queue_head* queue, wait_queue_entry* entry) {
  Cross<&TaskApi::AddWait>(queue, entry, true);
}
void remove_wait_queue(wait_queue_head* queue, wait_queue_entry* entry) {
  Cross<&TaskApi::RemoveWait>(queue, entry);
}
void prepare_to_wait(wait_queue_head* queue, wait_queue_entry* entry, int state) {
  Cross<&TaskApi::PrepareToWait>(queue, entry, static_cast<unsigned int>(state));
}
long prepare_to_wait_event(wait_queue_head* queue, wait_queue_entry* entry, int state) {
  return Cross<&TaskApi::PrepareToWaitEvent>(queue, entry, static_cast<unsigned int>(state));
}
void finish_wait(wait_queue_head* queue, wait_queue_entry* entry) {
  Cross<&TaskApi::FinishWait>(queue, entry);
}
int __wake_up(wait_queue_head* queue, unsigned int mode, int exclusive, void* key) {
  return Cross<&TaskApi::WakeUpQueue>(queue, mode, exclusive, key, "wake_up");
}
int drydock_wake_up_locked(wait_queue_head* queue, unsigned int mode, int exclusive) {
  return Cross<&TaskApi::WakeUpQueue>(queue, mode, exclusive, static_cast<void*>(nullptr),
                                      static_cast<const char*>(nullptr));
}
// The poll_table's function, which poll_wait() calls.
void drydock_poll_wait(file* file, wait_queue_head* queue, poll_table_struct* table) {
  Cross<&TaskApi::PollWait>(file, queue, table);
}

void msleep(unsigned int ms) {
  Cross<&TaskApi::Sleep>(uint64_t{ms} * 1000000, TASK_UNINTERRUPTIBLE, "msleep");
}
unsigned long msleep_interruptible(unsigned int ms) {
  return Cross<&TaskApi::Sleep>(uint64_t{ms} * 1000000, TASK_INTERRUPTIBLE,
                                "msleep_interruptible") /
         1000000;
}
void usleep_range_state(unsigned long min_us, unsigned long, unsigned int state) {
  Cross<&TaskApi::Sleep>(uint64_t{min_us} * 1000, state, "usleep_range");
}
void __udelay(unsigned long us) { Cross<&TaskApi::BusyWait>(uint64_t{us} * 1000); }
void __ndelay(unsigned long ns) { Cross<&TaskApi::BusyWait>(uint64_t{ns}); }
void drydock_cpu_relax() { Cross<&TaskApi::BusyWait>(uint64_t{50}); }

}  // extern "C"
