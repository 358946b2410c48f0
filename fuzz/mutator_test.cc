#include "fuzz/mutator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <set>
#include <vector>

namespace drydock::fuzz {
namespace {

TEST(Mutator, StaysInItsBufferAndNeverEndsEmpty) {
  std::mt19937 random(3);
  for (int i = 0; i < 20000; ++i) {
    std::vector<uint8_t> data(1 + random() % 100);  // exact: a sanitizer sees a byte too much
    for (uint8_t& byte : data) byte = static_cast<uint8_t>(random());
    const size_t size = random() % (data.size() + 1);
    const size_t after = Mutate(data, size, random(), {});
    ASSERT_GE(after, 1u);
    ASSERT_LE(after, data.size());
  }
}

TEST(Mutator, IsDeterministicInItsSeed) {
  std::array<uint8_t, 64> a = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, b = a;
  for (uint32_t seed = 1; seed < 200; seed += 2) {
    ASSERT_EQ(Mutate(a, 10, seed, {}), Mutate(b, 10, seed, {}));
    ASSERT_EQ(a, b);
  }
}

TEST(Mutator, ReachesEveryCallFromNothing) {
  std::set<Call> calls;
  std::vector<uint8_t> data(160);
  size_t size = 0;
  for (uint32_t i = 0; i < 20000; ++i) {
    size = Mutate(data, i % 40 == 0 ? 0 : size, i * 2 + 1, {});
    const Program program = Decode({data.data(), size}, {});
    for (size_t k = 0; k < program.step_count; ++k) calls.insert(program.steps[k].call);
  }
  EXPECT_EQ(calls.size(), kCallCount);
}

}  // namespace
}  // namespace drydock::fuzz
