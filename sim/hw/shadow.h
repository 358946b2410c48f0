// AddressSanitizer's shadow of memory that the simulation hands out itself.
//
// The sanitizer's runtime is looked for when the program starts: the engine may be compiled without
// -fsanitize=address and linked into a program whose driver is compiled with it. Without the
// runtime every function here does nothing.
#ifndef DRYDOCK_SIM_HW_SHADOW_H_
#define DRYDOCK_SIM_HW_SHADOW_H_

#include <cstddef>
#include <cstdint>

namespace drydock::hw::shadow {

inline constexpr size_t kBytesPerPage = 512;  // of shadow, for a page of memory

bool Present();
// Any range. Granules are 8 bytes: only a range that ends with its granule's last used byte is
// exact.
void Poison(const void* address, size_t size_bytes);
void Unpoison(const void* address, size_t size_bytes);
// `page` and all below: page-aligned.
void PoisonPages(const void* page, size_t pages);
void UnpoisonPages(const void* page, size_t pages);
// Copies the shadow of one page out and in. `bytes`: kBytesPerPage, 8-byte aligned.
void Save(const void* page, void* bytes);
void Load(const void* page, const void* bytes);
bool Equal(const void* page, const void* bytes);
bool AllPoisoned(const void* page);
// Gives the shadow of a range that is about to be unmapped back to the host: unpoisoned, no memory.
void Forget(const void* address, size_t size_bytes);
// The first poisoned byte of the range, or nullptr.
const void* FirstPoisoned(const void* address, size_t size_bytes);

}  // namespace drydock::hw::shadow

#endif  // DRYDOCK_SIM_HW_SHADOW_H_
