// The command `./drydock conform`; the launcher script starts it.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "kmod/conform/conform.h"
#include "tools/command/command_main.h"
#include "tools/command/subprocess.h"

namespace {

constexpr size_t kRandom = 1000;  // when nothing is asked for

std::string Variable(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? "" : text;
}

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
  if (options.programs.empty() && options.random == 0) {
    const std::string root = Variable("DRYDOCK_ROOT");
    options.programs = {root + "/fuzz/corpus", root + "/kmod/conform/programs"};
    options.random = kRandom;
  }
  options.installation.root = Variable("DRYDOCK_ROOT");
  options.installation.flags = Variable("DRYDOCK_FLAGS");
  options.installation.worker = "/proc/self/exe";
  options.kernels_folder = Variable("DRYDOCK_KERNELS");
  options.modules_cache = Variable("DRYDOCK_MODULES");
  options.agent = Variable("DRYDOCK_AGENT");
  options.pack = Variable("DRYDOCK_PACK");
  options.built_modules = Variable("DRYDOCK_BUILT_MODULES");
  if (!Variable("DRYDOCK_QEMU").empty()) options.qemu = Variable("DRYDOCK_QEMU");
  if (!Variable("QEMU_ACCEL").empty()) options.accelerator = Variable("QEMU_ACCEL");
  for (const std::string& one :
       {options.installation.root, options.installation.flags, options.kernels_folder,
        options.modules_cache, options.agent, options.pack}) {
    if (one.empty()) return cannot_run("start ./drydock in the checkout, it sets what is needed");
  }
  drydock::command::CatchInterrupts();
  return drydock::kmod::Conform(options);
}

}  // namespace

int main(int argc, char** argv) { return drydock::command::CommandMain(Run, argc, argv); }
