// Symbols of kernel/workqueue.c.
#include "mocks/shims/shim.h"

using drydock::mocks::Cross;
using drydock::mocks::LogApi;
using drydock::mocks::WorkApi;

extern "C" {

workqueue_struct* system_wq = reinterpret_cast<workqueue_struct*>(WorkApi::kSystemQueue);
workqueue_struct* system_highpri_wq = reinterpret_cast<workqueue_struct*>(WorkApi::kSystemQueue);
workqueue_struct* system_long_wq = reinterpret_cast<workqueue_struct*>(WorkApi::kSystemQueue);
workqueue_struct* system_unbound_wq = reinterpret_cast<workqueue_struct*>(WorkApi::kSystemQueue);

workqueue_struct* alloc_workqueue(const char* format, unsigned int flags, int max_active, ...) {
  char name[32];
  va_list args;
  va_start(args, max_active);
  Cross<&LogApi::Vsnprintf>(static_cast<char*>(name), sizeof name, format, args);
  va_end(args);
  return Cross<&WorkApi::AllocWorkqueue>(static_cast<const char*>(name), flags, max_active);
}
void destroy_workqueue(workqueue_struct* queue) { Cross<&WorkApi::DestroyWorkqueue>(queue); }
bool queue_work_on(int, workqueue_struct* queue, work_struct* work) {
  return Cross<&WorkApi::QueueWork>(queue, work);
}
bool queue_delayed_work_on(int, workqueue_struct* queue, delayed_work* work, unsigned long delay) {
  return Cross<&WorkApi::QueueDelayedWork>(queue, work, delay);
}
bool mod_delayed_work_on(int, workqueue_struct* queue, delayed_work* work, unsigned long delay) {
  return Cross<&WorkApi::ModDelayedWork>(queue, work, delay);
}
bool flush_work(work_struct* work) { return Cross<&WorkApi::FlushWork>(work); }
bool flush_delayed_work(delayed_work* work) { return Cross<&WorkApi::FlushDelayedWork>(work); }
bool cancel_work(work_struct* work) { return Cross<&WorkApi::CancelWork>(work, false); }
bool cancel_work_sync(work_struct* work) { return Cross<&WorkApi::CancelWork>(work, true); }
bool cancel_delayed_work(delayed_work* work) {
  return Cross<&WorkApi::CancelDelayedWork>(work, false);
}
bool cancel_delayed_work_sync(delayed_work* work) {
  return Cross<&WorkApi::CancelDelayedWork>(work, true);
}
void __flush_workqueue(workqueue_struct* queue) { Cross<&WorkApi::FlushWorkqueue>(queue); }
void drain_workqueue(workqueue_struct* queue) { Cross<&WorkApi::FlushWorkqueue>(queue); }
bool drydock_work_pending(const work_struct* work) { return Cross<&WorkApi::WorkPending>(work); }

}  // extern "C"
