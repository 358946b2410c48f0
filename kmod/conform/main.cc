// The command `./drydock conform`; the launcher script starts it.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "kmod/conform/conform.h"
#include "tools/command/command_main.h"
#include "tools/command/subprocess.h"

namespace {

constexpr size_t kRandom = 1000;  // when nothing is asked for

int Run(int argc, char** argv) {
  CLI::App app{
      "Runs programs in the simulation and in real kernels and compares what they show.\n"
      "Exit status: 0 no difference, 1 differences, 2 could not run"};
  app.name("drydock conform");
  drydock::kmod::ConformOptions options;
  app.add_option("--kernel", options.kernels, "Kernel (see: drydock kernel list); may be repeated")
      ->expected(1)
      ->take_all();
  app.add_option("--programs", options.programs,
                 "Folder of programs in text form (.prog); may be repeated")
      ->expected(1)
      ->take_all();
  app.add_option("--random", options.random, "How many random programs, over all drivers");
  app.add_option("--seed", options.seed, "Seed of the random programs")->capture_default_str();
  app.add_option("--driver", options.drivers, "Driver of kmod/conform/drivers.txt; none: all")
      ->expected(1)
      ->take_all();
  app.add_option("--show", options.show, "How many differences are printed in full")
      ->capture_default_str();
  app.add_option("--tries", options.tries,
                 "How many shorter programs are tried of one that shows a difference")
      ->capture_default_str();
  app.add_option("--risky-boots", options.risky_boots,
                 "How many programs that stop the simulated driver get a boot of their own")
      ->capture_default_str();
  app.add_option("--out", options.out, "Folder for programs that differ")->capture_default_str();
  app.add_flag("--coverage", options.coverage,
               "Compare which functions and lines of the drivers are reached");
  app.add_flag("--record", options.record,
               "Note in kmod/conform/confirmed.tsv which programs ran without a difference");
  const auto cannot_run = [](const std::string& why) {
    std::fprintf(stderr, "drydock: conform: %s\n", why.c_str());
    return 2;
  };
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& wrong) {
    const std::string text = wrong.what();
    return cannot_run(text.substr(0, text.find('\n')) +
                      " (drydock conform --help says what there is)");
  }
  if (options.kernels.empty()) options.kernels = {"6.1-small"};
  const std::string wrong = ReadLaunch(&options.launch);
  if (!wrong.empty()) return cannot_run(wrong);
  if (options.programs.empty() && options.random == 0) {
    const std::string& root = options.launch.installation.root;
    options.programs = {root + "/fuzz/corpus", root + "/kmod/conform/programs"};
    options.random = kRandom;
  }
  drydock::command::CatchInterrupts();
  return drydock::kmod::Conform(options);
}

}  // namespace

int main(int argc, char** argv) { return drydock::command::CommandMain(Run, argc, argv); }
