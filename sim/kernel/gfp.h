// The bits of gfp_t that the model looks at: include/linux/gfp_types.h, the same in 6.1, 6.12
// and 7.3's mock.
#ifndef DRYDOCK_SIM_KERNEL_GFP_H_
#define DRYDOCK_SIM_KERNEL_GFP_H_

namespace drydock::kernel {

inline constexpr unsigned kGfpDma = 0x01;
inline constexpr unsigned kGfpHighmem = 0x02;
inline constexpr unsigned kGfpDma32 = 0x04;
inline constexpr unsigned kGfpZero = 0x100;
inline constexpr unsigned kGfpDirectReclaim = 0x400;  // may sleep
inline constexpr unsigned kGfpComp = 0x40000;
inline constexpr unsigned kGfpKernel = 0xcc0;
inline constexpr unsigned kGfpAtomic = 0xa20;

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_GFP_H_
