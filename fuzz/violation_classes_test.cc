#include "fuzz/violation_classes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

namespace drydock::fuzz {
namespace {

TEST(ViolationClasses, AllOfC01ToC64AreThereOnceAndInOrder) {
  std::set<std::string_view> ids;
  int number = 0;
  for (const ViolationClass& c : ViolationClasses()) {
    EXPECT_TRUE(ids.insert(c.id).second) << c.id;
    EXPECT_FALSE(c.name.empty());
    EXPECT_TRUE(c.meaning.ends_with('.')) << c.id;
    EXPECT_EQ(FindClass(c.id), &c);
    if (c.number > 99) continue;
    char id[16];
    std::snprintf(id, sizeof id, "C%02d", ++number);
    EXPECT_EQ(c.id, id);
    EXPECT_EQ(c.number, number);
  }
  EXPECT_EQ(number, 64);
}

TEST(ViolationClasses, AdviceIsAdvice) {
  EXPECT_EQ(ClassOf(25, kernel::Trap::kNone).weight, Weight::kAdvice);
  EXPECT_EQ(ClassOf(kAdvicePrivateWritable, kernel::Trap::kNone).weight, Weight::kAdvice);
  EXPECT_EQ(ClassOf(4, kernel::Trap::kNone).weight, Weight::kFinding);
}

TEST(ViolationClasses, TrapsWithoutAClassHaveAnIdOfTheirOwn) {
  EXPECT_EQ(ClassOf(0, kernel::Trap::kBug).id, "X01");
  EXPECT_EQ(ClassOf(0, kernel::Trap::kOops).id, "X02");
  EXPECT_EQ(ClassOf(0, kernel::Trap::kUnmodelled).weight, Weight::kLimit);
  EXPECT_EQ(ClassOf(0, kernel::Trap::kDeadlock).id, "X04");
  EXPECT_EQ(ClassOf(0, kernel::Trap::kBudget).id, "X05");
  EXPECT_EQ(ClassOf(0, kernel::Trap::kSanitizer).id, "X06");
  EXPECT_EQ(ClassOf(kSanitizerReport, kernel::Trap::kNone).id, "X06");
  EXPECT_EQ(ClassOf(52, kernel::Trap::kDeadlock).id, "C52") << "a class wins";
  EXPECT_EQ(ClassOf(99, kernel::Trap::kNone).id, "X00") << "a number that nobody knows";
}

TEST(ViolationClasses, TheDocumentedTableIsThisOne) {
  std::ifstream file("docs/violations.md");
  ASSERT_TRUE(file.is_open()) << "run in the root of the checkout";
  const std::string page{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};

  EXPECT_EQ(page, ViolationsMarkdown())
      << "run: bazel run //fuzz:violations_markdown > docs/violations.md";
}

}  // namespace
}  // namespace drydock::fuzz
