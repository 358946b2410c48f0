#include "kmod/conform/conform.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "kmod/conform/comparison.h"
#include "kmod/conform/driver_table.h"
#include "kmod/conform/fidelity.h"
#include "kmod/conform/kernel_run.h"
#include "kmod/cover/coverage.h"
#include "kmod/runner/kernel_store.h"

namespace drydock::kmod {
namespace {

namespace fs = std::filesystem;

int CannotRun(const std::string& why) {
  std::fprintf(stderr, "drydock: conform: %s\n", why.c_str());
  return 2;
}

std::string ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

struct TemporaryFolder {
  std::string path;
  TemporaryFolder() {
    const char* parent = std::getenv("TMPDIR");
    std::string name = std::string(parent != nullptr ? parent : "/tmp") + "/drydock-conform.XXXXXX";
    if (mkdtemp(name.data()) != nullptr) path = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path.empty()) fs::remove_all(path, ignored);
  }
};

// The rows that were asked for. "" or what is wrong.
std::string ChooseRows(const ConformOptions& options, std::vector<DriverRow>* rows) {
  const std::string path = options.launch.installation.root + "/kmod/conform/drivers.txt";
  const DriverTable table = ParseDriverTable(ReadWhole(path), path);
  if (!table.error.empty()) return table.error;
  if (options.drivers.empty()) {
    *rows = table.rows;
    return {};
  }
  for (const std::string& name : options.drivers) {
    const auto found = std::find_if(table.rows.begin(), table.rows.end(),
                                    [&](const DriverRow& row) { return row.name == name; });
    if (found == table.rows.end()) {
      std::string names;
      for (const DriverRow& row : table.rows) names += " " + row.name;
      return "no driver " + name + "; there are:" + names;
    }
    rows->push_back(*found);
  }
  return {};
}

// What was equal goes into the record of the checkout, what was not goes out of it.
std::string WriteDown(const ConformOptions& options, const StoredKernel& kernel,
                      const std::map<std::string, bool>& equal) {
  const std::string path = options.launch.installation.root + "/" + kRecordsFile;
  Records records = ParseRecords(ReadWhole(path), path);
  if (!records.error.empty()) return records.error;
  const std::time_t now = std::time(nullptr);
  char date[16];
  std::strftime(date, sizeof date, "%F", std::gmtime(&now));
  const size_t count =
      NoteConfirmed(ReadRulePrograms(options.launch.installation.root), equal,
                    {"", "", kernel.name, kernel.release, date, ""}, &records.list);
  std::ofstream file(path);
  file << FormatRecords(records.list);
  file.close();
  if (!file) return path + ": cannot be written, see to the space there";
  std::printf("  %zu programs that show rules are recorded\n", count);
  return {};
}

// Which code of the drivers do both worlds reach?
int Cover(const ConformOptions& options, const std::vector<DriverRow>& rows,
          const std::vector<StoredKernel>& kernels) {
  CoverageTally tally;
  for (const StoredKernel& kernel : kernels) {
    for (const DriverRow& row : rows) {
      if (!row.RunsOn(kernel.name)) continue;
      const TemporaryFolder folder;
      if (folder.path.empty()) return CannotRun("no temporary folder can be made; set TMPDIR");
      CoverageOptions one = {.installation = options.launch.installation,
                             .guest = options.launch.guest,
                             .kernel = kernel,
                             .programs = options.programs,
                             .random = row.only_programs ? 0 : options.random / rows.size(),
                             .seed = options.seed};
      one.guest.folder = folder.path;
      const std::string wrong = CoverDriver(one, row, &tally);
      if (!wrong.empty()) return CannotRun(wrong);
    }
  }
  std::printf("%zu drivers, %zu programs, %zu functions, %zu lines, %zu differences\n",
              tally.drivers, tally.programs, tally.functions, tally.lines, tally.differences);
  return tally.differences == 0 ? 0 : 1;
}

}  // namespace

int Conform(const ConformOptions& options) {
  std::vector<DriverRow> rows;
  std::string wrong = ChooseRows(options, &rows);
  if (!wrong.empty()) return CannotRun(wrong);
  std::vector<StoredKernel> kernels;
  for (const std::string& name : options.kernels) {
    kernels.push_back(FindKernel(options.launch.kernels_folder, name, &wrong));
    if (!wrong.empty()) return CannotRun(wrong);
  }
  if (options.coverage) return Cover(options, rows, kernels);
  const std::string known_path =
      options.launch.installation.root + "/kmod/conform/known_differences.txt";
  KnownDifferences known = ParseKnownDifferences(ReadWhole(known_path), known_path);
  if (!known.error.empty()) return CannotRun(known.error);

  Tally all;
  for (const StoredKernel& kernel : kernels) {
    const TemporaryFolder folder;
    if (folder.path.empty()) return CannotRun("no temporary folder can be made; set TMPDIR");
    KernelRun run(options, kernel, folder.path, &known);
    std::vector<DriverRow> of_kernel;
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(of_kernel),
                 [&](const DriverRow& row) { return row.RunsOn(kernel.name); });
    if (of_kernel.empty()) {
      return CannotRun(rows[0].name + " is for kernels " + rows[0].kernels + ", not for " +
                       kernel.name + ": see kmod/conform/drivers.txt");
    }
    wrong = run.Prepare(of_kernel);
    if (wrong.empty()) wrong = run.Run();
    if (!wrong.empty()) return CannotRun(wrong);
    run.Report();
    if (options.record) wrong = WriteDown(options, kernel, run.equal());
    if (!wrong.empty()) return CannotRun(wrong);
    all.programs += run.tally().programs;
    all.observations += run.tally().observations;
    all.differences += run.tally().differences;
    all.known += run.tally().known;
  }
  for (const KnownDifference& one : known.list) {
    std::printf("known: %s, %zu times: %s\n", one.name.c_str(), one.seen, one.why.c_str());
  }
  std::printf("%zu programs, %zu observations, %zu differences\n", all.programs, all.observations,
              all.differences);
  return all.differences == 0 ? 0 : 1;
}

}  // namespace drydock::kmod
