// Programs that know nothing of Drydock (cases*.c), on a live machine with the driver probe.c: what
// they print is what they would print on a kernel.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "live/tests/live_session.h"

namespace drydock::live {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Live : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(session.error(), ""); }

  Ended Case(const std::string& name, const std::vector<std::string>& arguments = {}) {
    std::vector<std::string> command = {Parts().cases, name};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return session.Run(command);
  }
  int StartCase(const std::string& name, const std::string& argument) {
    return session.Start({Parts().cases, name, argument});
  }
  // The machine is clean and ends clean.
  void ExpectClean() {
    EXPECT_THAT(session.Violations(), IsEmpty());
    EXPECT_EQ(session.Stop(), 0);
    EXPECT_THAT(session.Lines("left"), ElementsAre("true"));
  }
  LiveSession session{Parts().driver};
};

TEST_F(Live, ReadsWritesAndDuplicatesDescriptors) {
  const Ended ended = Case("files");
  EXPECT_EQ(ended.output,
            "write 10\n"
            "lseek 2\n"
            "read 8 mulated\n"
            "pread 10 simulated\n"
            "pwrite 1\n"
            "readv 9 Simu lated\n"
            "dup 1, F_DUPFD 100, position 9\n"
            "files 1, mappings 0\n"
            "closed: read EBADF\n"
            "dup2 1\n"
            "files 1, mappings 0\n"
            "O_NONBLOCK 0 then 1, access mode 1\n"
            "raw read EBADF\n"
            "raw write EBADF\n"
            "raw mmap EBADF\n"
            "ftruncate EBADF\n"
            "reused 1, read 0\n"
            "files 1, mappings 0\n"
            "write to O_RDONLY EBADF\n"
            "unknown ioctl ENOTTY\n"
            "read into nothing EFAULT\n");
  EXPECT_EQ(ended.errors, "");
  EXPECT_EQ(ended.status, 0);
  ExpectClean();
}

TEST_F(Live, AnswersForTheNodeAsForACharacterDevice) {
  EXPECT_EQ(Case("status").output,
            "stat ok, character device 1, mode 640, major 10\n"
            "fstat ok, character device 1, major 10\n"
            "access ok\n"
            "access to execute EACCES\n"
            "isatty 0\n"
            "relative ok\n"
            "detour ok\n"
            "files 1, mappings 0\n");
  ExpectClean();
}

TEST_F(Live, WaitsForADeviceAmongOtherDescriptors) {
  EXPECT_EQ(Case("poll").output,
            "poll 1: out\n"
            "poll in vain 0\n"
            "poll with a pipe 1: 0 1\n"
            "select in vain 0\n"
            "epoll_ctl ok\n"
            "again EEXIST\n"
            "epoll_wait in vain 0\n"
            "epoll_wait 1, data 42\n"
            "poll 1\n"
            "select 1\n"
            "EPOLL_CTL_DEL ok\n");
  ExpectClean();
}

TEST_F(Live, NodeThatNoDriverRegisteredIsNotThere) {
  EXPECT_EQ(Case("nodes", {"/dev/drydock_probe", "/dev/drydock_other", "/dev/null"}).output,
            "/dev/drydock_probe ok\n"
            "/dev/drydock_other ENOENT\n"
            "/dev/null ok\n");
  ExpectClean();
}

TEST_F(Live, SecondDeviceOfTheSameNameIsRefused) {
  EXPECT_EQ(Case("oops", {"second"}).output, "calls\ncame back: EEXIST\n");
  EXPECT_EQ(Case("nodes", {"/dev/drydock_probe"}).output, "/dev/drydock_probe ok\n");
}

TEST_F(Live, DescriptorGoesOnIntoTheNextProgramAndTheMappingDoesNot) {
  EXPECT_EQ(Case("exec").output,
            "files 2, mappings 1\n"
            "read 6 behind\n"
            "files 1, mappings 0\n");
  ExpectClean();
}

TEST_F(Live, ShellReadsAndWritesDevices) {
  EXPECT_EQ(session.Run({"/bin/sh", "-c", "echo from a shell >/dev/drydock_probe"}).status, 0);
  EXPECT_EQ(session.Run({"/bin/sh", "-c", "head -c 12 </dev/drydock_probe | tr a-z A-Z"}).output,
            "FROM A SHELL");
  ExpectClean();
}

TEST_F(Live, MappingIsTheDevicesMemory) {
  EXPECT_EQ(Case("map").output,
            "the device sees 0x1122334455667788\n"
            "the program sees 77 and 77\n"
            "files 1, mappings 2\n"
            "after close 5\n"
            "files 2, mappings 1\n"
            "munmap ok\n"
            "files 1, mappings 0\n");
  ExpectClean();
}

TEST_F(Live, RefusesWhatTheKernelRefuses) {
  EXPECT_EQ(Case("refusals").output,
            "a page: ok\n"
            "nothing: EINVAL\n"
            "within a page: EINVAL\n"
            "beyond the end: EINVAL\n"
            "a page too many: EINVAL\n"
            "private: EINVAL\n"
            "neither: EINVAL\n"
            "1 TiB: EINVAL\n"
            "128 TiB: ENOMEM\n"
            "2^63: ENOMEM\n"
            "an offset of 2^62: ENXIO\n"
            "MAP_SHARED_VALIDATE | MAP_SYNC: EOPNOTSUPP\n"
            "writable of O_RDONLY: EACCES\n"
            "closed: EBADF\n"
            "1 TiB of faults: ok\n"
            "files 1, mappings 1\n");
  ExpectClean();
}

TEST_F(Live, ProtectionChangesWhatMayBeTouched) {
  EXPECT_EQ(Case("protect").output,
            "read-only ok\n"
            "load ok, store SIGSEGV 2, beside ok\n"
            "files 2, mappings 3\n"
            "nothing ok\n"
            "load SIGSEGV 2\n"
            "all again ok\n"
            "store ok\n"
            "raise EACCES\n"
            "madvise EINVAL\n");
  ExpectClean();
}

TEST_F(Live, PartsOfAMappingGoByThemselves) {
  EXPECT_EQ(Case("parts").output,
            "munmap ok\n"
            "files 1, mappings 2\n"
            "ab SIGSEGV 1 fgh\n"
            "in the hole 1\n"
            "munmap all ok\n"
            "SIGSEGV 1 SIGSEGV 1\n"
            "files 1, mappings 0\n"
            "nothing there ok\n"
            "unaligned EINVAL\n");
  ExpectClean();
}

TEST_F(Live, MappingMovesShrinksAndGrows) {
  EXPECT_EQ(Case("move").output,
            "grow EFAULT\n"
            "shrink 1 ok SIGSEGV 1\n"
            "move 1 moved SIGSEGV 1\n"
            "the device sees 1\n"
            "files 1, mappings 1\n"
            "0 1\n"
            "grown ok 1 5\n"
            "onto ordinary memory 1 2\n"
            "files 1, mappings 2\n");
  ExpectClean();
}

TEST_F(Live, MappingsCoverAndAreCovered) {
  EXPECT_EQ(Case("over").output,
            "over ordinary memory 1 p 0 p\n"
            "noreplace EEXIST\n"
            "over itself 1 0 0\n"
            "files 1, mappings 2\n"
            "refused EINVAL SIGSEGV 1\n"
            "ordinary over it 1 0\n"
            "files 1, mappings 0\n"
            "bad arguments EINVAL 0\n");
  ExpectClean();
}

TEST_F(Live, FaultsBringPages) {
  EXPECT_EQ(Case("faults").output, "3 5 333\nfaults 3\n");
  ExpectClean();
}

TEST_F(Live, FirstStoreIsToldToTheDriver) {
  EXPECT_EQ(Case("notified").output, "0 1\nfirst stores 0\nfirst stores 1\n");
  ExpectClean();
}

TEST_F(Live, PrivateMappingCopiesOnWrite) {
  EXPECT_EQ(Case("private").output, "2 99 98, shared 2 4\n");
}

TEST_F(Live, TouchBeyondTheObjectIsSigbus) {
  const Ended ended = Case("beyond");
  EXPECT_EQ(ended.output, "ok SIGBUS 2\n");
  EXPECT_EQ(ended.status, 128 + SIGBUS);
  ExpectClean();
}

TEST_F(Live, WhatTheDriverTakesAwayIsGone) {
  EXPECT_EQ(Case("zap").output,
            "ok ok\n"
            "zap ok\n"
            "SIGBUS 2 ok\n"
            "write from it EFAULT\n"
            "remove ok\n"
            "SIGBUS 2\n"
            "read 4\n"
            "files 1, mappings 2\n");
  ExpectClean();
}

TEST_F(Live, FaultsThatAreNoDevicesAreTheProgramsOwn) {
  const Ended ended = Case("handler");
  EXPECT_EQ(ended.output, "kept 1\n1\n");
  // (Blocked, so that not even the handler could help.)
  EXPECT_EQ(ended.status, 128 + SIGSEGV);
  ExpectClean();
}

TEST_F(Live, KernelCopiesReachMappingsAndOrdinaryMemory) {
  EXPECT_EQ(Case("kernel_copies").output,
            "pwrite 15 from a mapping\n"
            "pwrite 4104\n"
            "pread 4096 AAAABB\n"
            "short 4096\n"
            "nothing EFAULT\n");
  ExpectClean();
}

TEST_F(Live, ForkSharesAndCopies) {
  EXPECT_EQ(Case("fork").output,
            "child sees p and 10\n"
            "files 1, mappings 5\n"
            "child has c and 20\n"
            "child: status 0\n"
            "parent has c and 10\n"
            "then 11, and 1\n"
            "files 1, mappings 3\n"
            "child: status 4\n"
            "files 1, mappings 3\n");
}

TEST_F(Live, NothingIsLeftOfKilledProcesses) {
  EXPECT_EQ(Case("killed").output, "child: signal 9\nfiles 1, mappings 0\n");
  EXPECT_EQ(Case("map").status, 0);
  ExpectClean();
}

TEST_F(Live, ThreadsMapAndFaultAtTheSameTime) {
  EXPECT_EQ(Case("threads").output, "rounds 1\nfiles 1, mappings 1\n");
  ExpectClean();
}

TEST_F(Live, ProgramsShareTheMachine) {
  const int first = StartCase("two_programs", "first");
  const int second = StartCase("two_programs", "second");
  EXPECT_EQ(session.Wait(second).output, "second sees f\n");
  EXPECT_EQ(session.Wait(first).output, "first wrote\nfirst sees s\n");
  ExpectClean();
}

TEST_F(Live, DeviceThatIsRemovedByOneProcessIsSigbusForTheOther) {
  const int victim = StartCase("gone", "victim");
  usleep(200'000);
  EXPECT_EQ(Case("gone", {"remover"}).output, "remove ok\n");
  const Ended ended = session.Wait(victim);
  EXPECT_EQ(ended.output, "victim touches\n");
  EXPECT_EQ(ended.status, 128 + SIGBUS);
  ExpectClean();
}

TEST_F(Live, StoppedProcessDoesNotStopTheMachine) {
  const int victim = StartCase("gone", "victim");
  usleep(200'000);
  session.Kill(victim, SIGSTOP);
  EXPECT_EQ(Case("gone", {"remover"}).output, "remove ok\n");
  EXPECT_THAT(session.Lines("note"), ElementsAre(HasSubstr("is stopped")));
  EXPECT_EQ(Case("files").status, 0);
  session.Kill(victim, SIGCONT);
  EXPECT_EQ(session.Wait(victim).status, 128 + SIGBUS);
  ExpectClean();
}

TEST_F(Live, DriverThatCrashesKillsItsCallerAlone) {
  const Ended ended = Case("survivor");
  EXPECT_EQ(ended.output,
            "child: signal 11\n"
            "goes on: ENOTTY\n"
            "files 1, mappings 1\n");
  EXPECT_EQ(session.Violations().size(), 1u);
  EXPECT_THAT(session.Lines("seen"), ElementsAre(HasSubstr("segmentation fault")));
  EXPECT_THAT(session.Lines("function"), ElementsAre("probe_ioctl"));
  EXPECT_THAT(session.Lines("call"), ElementsAre(HasSubstr("ioctl(command")));
  EXPECT_THAT(session.Lines("stack"), ElementsAre(HasSubstr("cases")));
  EXPECT_EQ(session.Stop(), 1);
}

TEST_F(Live, BugKillsAsAnOopsDoes) {
  const Ended ended = Case("oops", {"bug"});
  EXPECT_EQ(ended.output, "calls\n");
  EXPECT_EQ(ended.status, 128 + SIGSEGV);
  EXPECT_EQ(session.Violations().size(), 1u);
  EXPECT_EQ(Case("map").status, 0);
  EXPECT_EQ(session.Stop(), 1);
}

TEST_F(Live, UnmodelledSymbolIsALimitAndIsNamed) {
  const Ended ended = Case("oops", {"unmodelled"});
  EXPECT_EQ(ended.output, "calls\n");
  EXPECT_EQ(ended.status, 128 + SIGKILL);
  EXPECT_THAT(session.Lines("weight"), ElementsAre("limit"));
  EXPECT_THAT(session.Lines("seen"), ElementsAre(HasSubstr("bus_register")));
  EXPECT_EQ(session.Stop(), 2);
}

TEST_F(Live, ServerThatDiesEndsNoProgram) {
  const int victim = StartCase("two_programs", "first");
  usleep(200'000);
  session.KillServer();
  session.Kill(victim, SIGTERM);
  EXPECT_EQ(session.Wait(victim).status, 128 + SIGTERM);
  const Ended late = Case("files");
  EXPECT_EQ(late.output, "open: ECONNREFUSED\n");
  EXPECT_THAT(late.errors, HasSubstr("the simulated machine does not answer"));
}

TEST(LiveRegisters, AreAskedOneAccessAtATime) {
  const std::string device = testing::TempDir() + "/probe.device";
  // Less than a page: what is beside it answers as an empty bus does.
  std::ofstream(device) << "device drydock_probe_registers\n    mem 0xa0000000 0x100 registers\n";
  LiveSession session(Parts().driver, {"--device=" + device, "--param=regs=0xa0000000"});
  ASSERT_EQ(session.error(), "");
  const Ended ended = session.Run({Parts().cases, "registers"});
  EXPECT_EQ(ended.output,
            "0x12345678 0x56 0x1234\n"
            "0x92345678 1\n"
            "0x92345603\n"
            "0x1122334455667789 1\n"
            "-2\n"
            "1 2 7\n"
            "where no register is: 0xffffffff\n"
            "pwrite 8 0x100000000\n");
  EXPECT_EQ(ended.errors, "");
}

TEST(LiveDriver, ThatCannotBeLoadedIsSaidSo) {
  LiveSession unknown(Parts().driver, {"--param=nothing=1"});
  EXPECT_THAT(unknown.error(), HasSubstr("nothing"));
  EXPECT_EQ(unknown.Stop(), 2);
}

}  // namespace
}  // namespace drydock::live

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  drydock::live::TakeParts(&argc, argv);
  return RUN_ALL_TESTS();
}
