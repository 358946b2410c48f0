#include "kmod/conform/driver_table.h"

#include <gtest/gtest.h>

namespace drydock::kmod {
namespace {

TEST(DriverTable, HasNameFileAndParameters) {
  const DriverTable table = ParseDriverTable(
      "# NAME FILE KERNELS PARAMETERS\n\npump a/pump.c *\nwet  a/pump.c 6.12,7.3* size=3 "
      "mode=a=b\n",
      "drivers.txt");
  ASSERT_EQ(table.error, "");
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(table.rows[0].name, "pump");
  EXPECT_EQ(table.rows[0].file, "a/pump.c");
  EXPECT_EQ(table.rows[0].ParametersText(), "");
  EXPECT_EQ(table.rows[1].ParametersText(), "size=3 mode=a=b");
  for (const auto& [kernel, second] :
       {std::pair{"6.1", false}, {"6.1-small", false}, {"6.12", true}, {"7.3-small", true}}) {
    EXPECT_TRUE(table.rows[0].RunsOn(kernel)) << kernel;
    EXPECT_EQ(table.rows[1].RunsOn(kernel), second) << kernel;
  }
  EXPECT_FALSE(table.rows[1].only_programs);
  const DriverTable only = ParseDriverTable("pump a.c * only-programs size=3\n", "drivers.txt");
  ASSERT_EQ(only.error, "");
  EXPECT_TRUE(only.rows[0].only_programs);
  EXPECT_EQ(only.rows[0].ParametersText(), "size=3");
}

TEST(DriverTable, RefusesALineThatIsWrong) {
  const std::pair<const char*, const char*> rows[] = {
      {"pump\n", "drivers.txt:1: pump has no file"},
      {"pump a.c\n", "drivers.txt:1: pump has no kernels, write * for all"},
      {"pump a.c size=3\n", "drivers.txt:1: pump has no kernels, write * for all"},
      {"pump a.c *\npump b.c *\n", "drivers.txt:2: pump is there twice"},
      {"pump a.c * size\n", "drivers.txt:1: size: write NAME=VALUE"},
      {"pump a.c * =3\n", "drivers.txt:1: =3: write NAME=VALUE"},
  };
  for (const auto& [text, error] : rows) {
    EXPECT_EQ(ParseDriverTable(text, "drivers.txt").error, error) << text;
  }
}

}  // namespace
}  // namespace drydock::kmod
