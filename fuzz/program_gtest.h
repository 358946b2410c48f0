// The GoogleTest form of a finding: a test that fails for as long as the driver has the mistake. It
// runs the program as `replay` does (program_findings.h) and builds as a cc_test in any workspace
// that has Drydock: docs/check.md says how.
#ifndef DRYDOCK_FUZZ_PROGRAM_GTEST_H_
#define DRYDOCK_FUZZ_PROGRAM_GTEST_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace drydock::fuzz {

struct GtestNotes {
  std::string title;       // "C02 range not checked in pump_mmap": the comment at the top
  std::string seen;        // what was seen, there too; may be empty
  std::string module;      // "pump": names the suite
  std::string class_id;    // "C02", and ...
  std::string class_name;  // ... "range not checked": name the test
  std::vector<std::pair<std::string, std::string>> params;  // of the driver
  std::string device_name;                                  // of a device file; "" for none
  std::string device_text;
  std::string policy_file;
};

// `program` is in text form, any header included. The source needs DRIVER, a string: where the
// driver's shared object lies.
std::string FormatGtest(std::string_view program, const GtestNotes& notes);

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_PROGRAM_GTEST_H_
