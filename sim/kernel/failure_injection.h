// Asked by whoever takes memory for the driver: is this the allocation that is to fail?
#ifndef DRYDOCK_SIM_KERNEL_FAILURE_INJECTION_H_
#define DRYDOCK_SIM_KERNEL_FAILURE_INJECTION_H_

namespace drydock::kernel {

class FailureInjection {
 public:
  virtual ~FailureInjection() = default;
  virtual bool FailAllocationNow() = 0;
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_FAILURE_INJECTION_H_
