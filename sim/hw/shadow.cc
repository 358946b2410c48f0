#include "sim/hw/shadow.h"

#include <sys/mman.h>

#include "sim/hw/address.h"

extern "C" {
__attribute__((weak)) void __asan_poison_memory_region(const volatile void* address, size_t size);
__attribute__((weak)) void __asan_unpoison_memory_region(const volatile void* address, size_t size);
__attribute__((weak)) void __asan_get_shadow_mapping(size_t* scale, size_t* offset);
__attribute__((weak)) void* __asan_region_is_poisoned(void* address, size_t size);
}

namespace drydock::hw::shadow {
namespace {

// Shadow has no shadow of its own: code that reads or writes it must not be instrumented, nor call
// memcpy, which the sanitizer intercepts. Hence the attribute and the volatile words.
#define DRYDOCK_NO_ASAN __attribute__((no_sanitize("address"), noinline))

constexpr uint64_t kPoisonedWord = 0xf7f7f7f7f7f7f7f7;  // kAsanUserPoisonedMemoryMagic
constexpr size_t kWordsPerPage = kBytesPerPage / sizeof(uint64_t);

struct Mapping {
  bool present = false;
  size_t offset = 0;
};

Mapping FindMapping() {
  Mapping mapping;
  if (__asan_poison_memory_region == nullptr || __asan_unpoison_memory_region == nullptr ||
      __asan_get_shadow_mapping == nullptr) {
    return mapping;
  }
  size_t scale = 0;
  __asan_get_shadow_mapping(&scale, &mapping.offset);
  mapping.present = scale == 3;
  return mapping;
}

const Mapping& TheMapping() {
  static const Mapping mapping = FindMapping();
  return mapping;
}

volatile uint64_t* WordsOf(const void* page) {
  return reinterpret_cast<volatile uint64_t*>((reinterpret_cast<uintptr_t>(page) >> 3) +
                                              TheMapping().offset);
}

DRYDOCK_NO_ASAN void FillWords(volatile uint64_t* words, size_t count, uint64_t value) {
#if defined(__x86_64__)
  asm volatile("rep stosq" : "+D"(words), "+c"(count) : "a"(value) : "memory");
#else
  for (size_t i = 0; i < count; ++i) words[i] = value;
#endif
}

}  // namespace

bool Present() { return TheMapping().present; }

void Poison(const void* address, size_t size_bytes) {
  if (Present() && size_bytes != 0) __asan_poison_memory_region(address, size_bytes);
}

void Unpoison(const void* address, size_t size_bytes) {
  if (Present() && size_bytes != 0) __asan_unpoison_memory_region(address, size_bytes);
}

void PoisonPages(const void* page, size_t pages) {
  if (Present()) FillWords(WordsOf(page), pages * kWordsPerPage, kPoisonedWord);
}

void UnpoisonPages(const void* page, size_t pages) {
  if (Present()) FillWords(WordsOf(page), pages * kWordsPerPage, 0);
}

DRYDOCK_NO_ASAN void Save(const void* page, void* bytes) {
  if (!Present()) return;
  const volatile uint64_t* words = WordsOf(page);
  auto* to = static_cast<volatile uint64_t*>(bytes);
  for (size_t i = 0; i < kWordsPerPage; ++i) to[i] = words[i];
}

DRYDOCK_NO_ASAN void Load(const void* page, const void* bytes) {
  if (!Present()) return;
  volatile uint64_t* words = WordsOf(page);
  const auto* from = static_cast<const volatile uint64_t*>(bytes);
  for (size_t i = 0; i < kWordsPerPage; ++i) words[i] = from[i];
}

DRYDOCK_NO_ASAN bool Equal(const void* page, const void* bytes) {
  if (!Present()) return true;
  const volatile uint64_t* words = WordsOf(page);
  const auto* other = static_cast<const volatile uint64_t*>(bytes);
  for (size_t i = 0; i < kWordsPerPage; ++i) {
    if (words[i] != other[i]) return false;
  }
  return true;
}

DRYDOCK_NO_ASAN bool AllPoisoned(const void* page) {
  if (!Present()) return true;
  const volatile uint64_t* words = WordsOf(page);
  for (size_t i = 0; i < kWordsPerPage; ++i) {
    if (words[i] != kPoisonedWord) return false;
  }
  return true;
}

void Forget(const void* address, size_t size_bytes) {
  if (!Present()) return;
  const auto first = reinterpret_cast<uintptr_t>(WordsOf(address));
  const uintptr_t last = first + size_bytes / 8;
  const uintptr_t whole_first = PageAlignUp(first);
  const uintptr_t whole_last = last & ~kPageMask;
  if (whole_first >= whole_last) {
    FillWords(WordsOf(address), size_bytes / 64, 0);
    return;
  }
  FillWords(reinterpret_cast<volatile uint64_t*>(first), (whole_first - first) / 8, 0);
  madvise(reinterpret_cast<void*>(whole_first), whole_last - whole_first, MADV_DONTNEED);
  FillWords(reinterpret_cast<volatile uint64_t*>(whole_last), (last - whole_last) / 8, 0);
}

const void* FirstPoisoned(const void* address, size_t size_bytes) {
  if (!Present() || __asan_region_is_poisoned == nullptr || size_bytes == 0) return nullptr;
  return __asan_region_is_poisoned(const_cast<void*>(address), size_bytes);
}

}  // namespace drydock::hw::shadow
