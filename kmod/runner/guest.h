// A kernel in QEMU with the agent in it: boots it, gives it programs, takes what they showed, and
// knows when it has died, hangs or floods its console. Only a guest that ended by itself, with exit
// status 33, has ended well.
#ifndef DRYDOCK_KMOD_RUNNER_GUEST_H_
#define DRYDOCK_KMOD_RUNNER_GUEST_H_

#include <sys/types.h>

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/program.h"
#include "kmod/agent/channel.h"
#include "kmod/observe/shown.h"

namespace drydock::kmod {

struct GuestOptions {
  std::string qemu = "qemu-system-x86_64";
  std::string accelerator = "tcg";
  std::string image;              // vmlinux or bzImage
  std::string initramfs;          // holds the agent as /init, drydock_ptdump.ko and the driver
  std::string folder;             // for the channel, the console's log
  std::string kernel_words = {};  // for the end of the kernel's command line, " word" each
  int memory_megabytes = 256;
  int boot_seconds = 60;            // until the agent is ready
  int silence_seconds = 30;         // without a sign of life
  int step_ms = 3000;               // for one step of a program
  int end_seconds = 10;             // to end when it is asked to
  bool (*interrupted)() = nullptr;  // true: give up
};

struct DriverInGuest {
  std::string file;        // in the initramfs: "drydock_dma_buffer.ko"
  std::string parameters;  // "method=remap cache=wc"
  std::vector<std::string> nodes;
};

class Guest {
 public:
  explicit Guest(GuestOptions options);
  ~Guest();  // ends QEMU
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  // Boots and waits until the agent is ready. "" or one line that says what happened.
  std::string Boot();
  // The same in two, for who has something else to do meanwhile.
  std::string Start();
  std::string AwaitReady();

  // Runs the programs one after another and appends what each showed. "" if all of them ran; else
  // one line that says what happened to the guest, which is then of no more use. If a program did
  // it, it is the last one that was appended, with Ending::kHung; if not (a driver that does not
  // load), those that were appended ended well. `driver`: loaded anew before the first program, if
  // given.
  std::string Run(std::span<const fuzz::Program> programs, const DriverInGuest* driver,
                  std::vector<Shown>* shown);

  // Asks the agent to end the guest. "" if it ended with status 33.
  std::string End();

  double boot_seconds() const { return boot_seconds_; }
  double waited_seconds() const { return waited_seconds_; }  // for it, in AwaitReady()
  // How often the guest's clock was seen to leap while ours went on, or the other way round. No
  // harm is done: nobody waits by it.
  size_t clock_jumps() const { return clock_jumps_; }

 private:
  // What is wrong with the guest, if anything is: it has ended, is silent, floods its console.
  std::string Trouble();
  std::string WhyEnded(int status);
  void WatchClock();
  std::string ConsoleComplaint() const;
  std::string RunChunk(std::span<const fuzz::Program> programs, std::vector<Shown>* shown);
  void Stop();

  const GuestOptions options_;
  std::string console_;
  Header* channel_ = nullptr;
  pid_t qemu_ = -1;
  uint64_t seen_alive_ = 0;
  double alive_at_ = 0;
  double started_at_ = 0, boot_seconds_ = 0, waited_seconds_ = 0;
  uint64_t clock_ms_ = 0;  // the guest's, when it was last looked at, and when that was
  double clock_at_ = 0;
  size_t clock_jumps_ = 0;
};

// What the guest wrote of one program. `at` is moved behind it. False: it is not whole.
bool ReadResult(std::span<const uint8_t> results, size_t* at, Shown* shown);

// The line of a kernel's console that tells best what it complains of; "" if it does not.
std::string ComplaintIn(const std::string& console);

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_RUNNER_GUEST_H_
