#include "tools/command/driver_file.h"

#include <gtest/gtest.h>

namespace drydock::command {
namespace {

constexpr char kObject[] = "/tmp/drydock-x/0/pump.so";

TEST(DriverFileTest, NamesTheFileForTheObject) {
  EXPECT_EQ(NameFile("/tmp/drydock-x/0/pump.so: has no module_init", kObject, "src/pump.c"),
            "src/pump.c: has no module_init");
}

TEST(DriverFileTest, LeavesOtherLinesAlone) {
  for (const char* line : {"", "pump.device:3: no such window", "pump.so: is something else",
                           "cannot start /tmp/drydock-x/0/pump.so"}) {
    EXPECT_EQ(NameFile(line, kObject, "pump.c"), line);
  }
}

}  // namespace
}  // namespace drydock::command
