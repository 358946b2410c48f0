#include "kmod/confirm/evidence.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "fuzz/violation_classes.h"

namespace drydock::kmod {
namespace {

TEST(EvidenceRows, EachClassThatIsTheDriversHasOne) {
  std::set<std::string_view> rows;
  for (const EvidenceRow& row : EvidenceRows()) {
    EXPECT_TRUE(rows.insert(row.class_id).second) << row.class_id;
    const fuzz::ViolationClass* kind = fuzz::FindClass(row.class_id);
    ASSERT_NE(kind, nullptr) << row.class_id;
    EXPECT_NE(kind->weight, fuzz::Weight::kLimit) << row.class_id;
  }
  for (const fuzz::ViolationClass& one : fuzz::ViolationClasses()) {
    EXPECT_TRUE(rows.contains(one.id)) << one.id;
  }
  for (const char* trap : {"X00", "X01", "X02", "X04", "X05", "X06"}) {
    EXPECT_TRUE(rows.contains(trap)) << trap;
  }
}

// A kernel that shows nothing either refutes or has a reason.
TEST(EvidenceRows, SilenceMeansOneThing) {
  for (const EvidenceRow& row : EvidenceRows()) {
    EXPECT_EQ(row.silence_refutes, row.why.empty()) << row.class_id;
    EXPECT_FALSE(row.evidence == Evidence::kNone && row.silence_refutes) << row.class_id;
  }
}

TEST(EvidenceOf, AnUnknownClassIsNotObservable) {
  EXPECT_EQ(EvidenceOf("U01").evidence, Evidence::kNone);
  EXPECT_FALSE(EvidenceOf("C99").why.empty());
}

// docs/check.md: "| entry | C01 C02 ... | what |".
TEST(EvidenceRows, AreThoseOfTheDocumentation) {
  std::ifstream file("docs/check.md");
  ASSERT_TRUE(file.is_open());
  std::map<std::string, std::string> documented;  // class -> evidence
  std::string line;
  bool there = false;
  while (std::getline(file, line)) {
    if (line.starts_with("| evidence |")) there = true;
    if (!there || line.empty()) {
      there = false;
      continue;
    }
    std::stringstream cells(line);
    std::string cell, name, classes, word;
    std::getline(cells, cell, '|');
    std::getline(cells, name, '|');
    std::getline(cells, classes, '|');
    name = name.substr(1, name.size() - 2);
    std::stringstream words(classes);
    while (words >> word) documented[word] = name;
  }
  for (const EvidenceRow& row : EvidenceRows()) {
    EXPECT_EQ(documented[std::string(row.class_id)], EvidenceName(row.evidence)) << row.class_id;
  }
}

}  // namespace
}  // namespace drydock::kmod
