// One job of the supervisor: its worker process, restarted as often as it dies, until its time is
// over.
#ifndef DRYDOCK_TOOLS_COMMAND_WORKER_RUN_H_
#define DRYDOCK_TOOLS_COMMAND_WORKER_RUN_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "fuzz/worker_page.h"
#include "tools/command/supervisor.h"

namespace drydock::command {

class WorkerRun {
 public:
  WorkerRun(const Job& job, DriverReport* report) : job_(job), report_(*report) {}
  ~WorkerRun();
  WorkerRun(const WorkerRun&) = delete;
  WorkerRun& operator=(const WorkerRun&) = delete;

  // Starts the worker if it is not there yet, looks after it, takes in what it wrote. False once
  // the job is over.
  bool Tick();
  // Ends the worker before its time and takes in what it wrote.
  void Interrupt();
  uint64_t executions() const;  // of the worker that runs now

 private:
  bool Start();
  void Stop();
  void Restart();
  void End();  // the worker process is gone
  bool Hangs();
  bool IsAmidFinding() const;
  void TakeLines();
  void TakeEdges();
  void Add(Finding finding);
  // The program that ran last ended the worker: minimises it and adds it.
  void AddDeath(int status, bool hang);
  bool MinimiseDeath(const std::string& program_file, Finding* finding, int* signal);
  bool LastProgram(std::string* text) const;
  void ForgetLastInput() const;
  void CannotRun(const std::string& why);
  std::vector<std::string> Arguments() const;

  const Job& job_;
  DriverReport& report_;
  fuzz::WorkerPage* page_ = nullptr;
  pid_t worker_ = -1;
  bool over_ = false;
  int deaths_ = 0;
  double begun_ = 0;  // the first worker
  double started_ = 0, used_ = 0, ran_since_ = 0;
  double progress_at_ = 0, cpu_at_ = 0;      // when it last made progress
  double idle_since_ = 0, busy_at_cpu_ = 0;  // when it last did anything
  uint64_t progress_ = 0;
  fuzz::WorkerState last_state_ = fuzz::WorkerState::kStarting;
  uint64_t object_pages_ = 0;
  size_t lines_read_ = 0;  // bytes of the report file
};

}  // namespace drydock::command

#endif  // DRYDOCK_TOOLS_COMMAND_WORKER_RUN_H_
