// The part of `./drydock` that is C++: check, replay and run. The script at the root of the
// checkout builds it, says by DRYDOCK_* variables where everything is, and starts it.
#include <CLI/CLI.hpp>
#include <string>

#include "tools/command/check.h"
#include "tools/command/command_main.h"
#include "tools/command/output_files.h"
#include "tools/command/run.h"
#include "tools/command/subprocess.h"

namespace {

using drydock::command::CheckOptions;
using drydock::command::DriverOptions;
using drydock::command::ReplayOptions;
using drydock::command::RunOptions;

void AddDriverOptions(CLI::App* command, DriverOptions* options) {
  command->add_option("--device", options->device,
                      "Device description: resources, properties, ids");
  command->add_option("--policy", options->policy, "What offsets mean, what may only be read");
  command->add_option("--param", options->params, "Module parameter, NAME=VALUE; may be repeated")
      ->allow_extra_args(false);
}

// (CLI::Range lets "nan" through.)
std::string WhyNotSeconds(const std::string& text) {
  double seconds = 0;
  const bool number = CLI::detail::lexical_cast(text, seconds);
  return number && seconds >= 0.1 && seconds <= 1e6 ? "" : text + ": not a number from 0.1 to 1e6";
}

// (CLI11 takes -1 for 2^64 - 1.)
std::string WhyNotSeed(const std::string& text) {
  const bool number = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
  return number ? "" : text + ": not a number from 0 to 2^64 - 1";
}

// CLI11 writes several lines; the first says what is wrong.
std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

int Run(int argc, char** argv) {
  CLI::App app{
      "Runs a Linux character driver's mmap handler in user space and says what is wrong."};
  app.name("drydock");
  app.require_subcommand(1);
  std::string core_guards = "on";

  CheckOptions check;
  CLI::App* check_command = app.add_subcommand(
      "check", "Fuzz drivers. Exit status: 0 clean, 1 findings, 2 could not run");
  check_command->add_option("FILE", check.files, "Drivers; none: those of driver_core/");
  check_command->add_option("--seconds", check.seconds, "Time for each driver")
      ->check(CLI::Validator(WhyNotSeconds, "0.1 to 1e6"))
      ->capture_default_str();
  check_command->add_option("--seed", check.seed, "Seed of the fuzzer")
      ->check(CLI::Validator(WhyNotSeed, "UINT"))
      ->capture_default_str();
  check_command->add_option("--profile", check.profile, "Kernel whose rules hold: 6.1, 6.12 or 7.3")
      ->capture_default_str();
  check_command
      ->add_option("--platform", check.platforms,
                   "Machine; may be repeated; none: x86-64 and offset-dma")
      ->allow_extra_args(false);
  check_command->add_option("--core-guards", core_guards, "mmap(2)'s own check of offset + length")
      ->check(CLI::IsMember({"on", "off"}))
      ->capture_default_str();
  check_command->add_option("--json", check.json, "Write the results there, too");
  check_command->add_option("--out", check.out, "Folder for reproducers")->capture_default_str();
  check_command->add_flag("--advice", check.advice, "Print advice, too");
  check_command->add_option("--confirm", check.confirm,
                            "Run what is found on this kernel (see: drydock kernel list), too");
  AddDriverOptions(check_command, &check);

  ReplayOptions replay;
  CLI::App* replay_command = app.add_subcommand("replay", "Run one program and explain each step");
  replay_command->add_option("PROGRAM", replay.program, "Program in text form (.prog)")->required();
  replay_command->add_option("--driver", replay.driver, "The driver's C file")->required();
  replay_command->add_option("--confirm", replay.confirm, "Run the program on this kernel, too");
  AddDriverOptions(replay_command, &replay);

  RunOptions run;
  CLI::App* run_command = app.add_subcommand(
      "run",
      "Run a program on a driver's simulated machine: run --driver FILE.c -- PROGRAM ARGUMENT...\n"
      "Exit status: the program's, 1 findings, 2 could not run");
  run_command->add_option("--driver", run.drivers, "The driver's C file")->expected(1)->take_all();
  run_command->add_option("--platform", run.platform, "Machine")->capture_default_str();
  AddDriverOptions(run_command, &run);
  run_command->add_option("--screen", run.screen,
                          "File (.png, .ppm) for what the framebuffer shows at the end");
  run_command
      ->add_option("--fault", run.faults,
                   "DEVICE,FAULT[,COUNT]: what goes wrong in a simulated device: lost-interrupt, "
                   "bus-error, short-transfer")
      ->expected(1)
      ->take_all();
  // What follows -- is the program's, whatever it looks like.
  int own = argc;
  for (int i = 2; i < argc && argc > 1 && std::string(argv[1]) == "run"; ++i) {
    if (std::string(argv[i]) != "--") continue;
    own = i;
    run.program.assign(argv + i + 1, argv + argc);
    break;
  }

  try {
    app.parse(own, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForAllHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& wrong) {
    return drydock::command::CannotRun(FirstLine(wrong.what()) + " (drydock " +
                                       (argc > 1 ? std::string(argv[1]) + " " : "") +
                                       "--help says what there is)");
  }
  check.core_guards = core_guards == "on";
  std::string error;
  const drydock::command::Installation installation = drydock::command::FindInstallation(&error);
  if (!error.empty()) return drydock::command::CannotRun(error);
  if (run_command->parsed()) return drydock::command::Run(installation, run);
  drydock::command::CatchInterrupts();
  drydock::command::IgnoreWriteSignals();
  return check_command->parsed() ? drydock::command::Check(installation, check)
                                 : drydock::command::Replay(installation, replay);
}

}  // namespace

int main(int argc, char** argv) { return drydock::command::CommandMain(Run, argc, argv); }
