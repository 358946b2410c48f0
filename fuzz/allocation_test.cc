// LLVMFuzzerTestOneInput allocates nothing once it is warm: every way to the heap is counted.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {
// (One thread.)
volatile uint64_t allocations = 0;
}  // namespace

#if defined(__SANITIZE_ADDRESS__) && !defined(DRYDOCK_COUNTS_BY_HOOK)
#define DRYDOCK_COUNTS_BY_HOOK
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(DRYDOCK_COUNTS_BY_HOOK)
#define DRYDOCK_COUNTS_BY_HOOK
#endif
#endif

#ifdef DRYDOCK_COUNTS_BY_HOOK
// AddressSanitizer is the allocator; it tells of each allocation.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void*,
                                                                           size_t),
                                                         void (*on_free)(const volatile void*));
namespace {
const bool kInstalled = __sanitizer_install_malloc_and_free_hooks(
                            [](const volatile void*, size_t) { allocations = allocations + 1; },
                            [](const volatile void*) {}) != 0;
}  // namespace
#else
// The C library's own are behind these; operator new calls malloc, aligned new aligned_alloc.
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* old, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

void* malloc(size_t size) {
  allocations = allocations + 1;
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  allocations = allocations + 1;
  return __libc_calloc(count, size);
}
void* realloc(void* old, size_t size) {
  allocations = allocations + 1;
  return __libc_realloc(old, size);
}
void* memalign(size_t alignment, size_t size) {
  allocations = allocations + 1;
  return __libc_memalign(alignment, size);
}
void* aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
int posix_memalign(void** out, size_t alignment, size_t size) {
  *out = memalign(alignment, size);
  return *out == nullptr ? 12 /* ENOMEM */ : 0;
}
}
namespace {
const bool kInstalled = true;
}  // namespace
#endif

namespace drydock::fuzz {
namespace {

namespace fs = std::filesystem;

using Bytes = std::vector<uint8_t>;

// The seeds as bytes for the driver; loads it on the first call.
const std::vector<Bytes>& Corpus() {
  static const std::vector<Bytes> corpus = [] {
    const std::string folder = testing::TempDir() + "/corpus_of_allocation_test";
    fs::create_directories(folder);
    std::string to = "--corpus=" + folder;
    std::string name = "test", driver = "--driver=driver_core/dma_buffer.so",
                from = "--seeds=fuzz/corpus";
    char* arguments[] = {name.data(), driver.data(), from.data(), to.data(), nullptr};
    int count = 4;
    char** argv = arguments;
    LLVMFuzzerInitialize(&count, &argv);
    std::vector<Bytes> read;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      std::ifstream file(entry.path(), std::ios::binary);
      read.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return read;
  }();
  return corpus;
}

std::vector<Bytes> RandomInputs(size_t count) {
  std::mt19937 random(5);
  std::vector<Bytes> inputs(count);
  for (Bytes& input : inputs) {
    input.resize(random() % 128);
    for (uint8_t& byte : input) byte = static_cast<uint8_t>(random());
  }
  return inputs;
}

uint64_t AllocationsOf(const std::vector<Bytes>& inputs) {
  const uint64_t before = allocations;
  for (const Bytes& input : inputs) LLVMFuzzerTestOneInput(input.data(), input.size());
  return allocations - before;
}

TEST(AllocationTest, CountingAllocatorCounts) {
  ASSERT_TRUE(kInstalled);
  const uint64_t before = allocations;
  int* volatile one = new int(1);
  void* volatile two = std::malloc(10);
  EXPECT_EQ(allocations - before, 2u);
  std::free(two);
  delete one;
}

TEST(AllocationTest, WarmCorpusRunAllocatesNothing) {
  ASSERT_GE(Corpus().size(), 15u);
  AllocationsOf(Corpus());
  for (int round = 0; round < 10; ++round) EXPECT_EQ(AllocationsOf(Corpus()), 0u);
}

TEST(AllocationTest, InputsNeverSeenBeforeAllocateNothingOnceWarm) {
  AllocationsOf(Corpus());
  EXPECT_EQ(AllocationsOf(RandomInputs(5000)), 0u);
}

}  // namespace
}  // namespace drydock::fuzz
