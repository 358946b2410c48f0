// The frame of a C reproducer: what holds the state of its program, says what was seen, and runs
// the steps in their processes. None of it depends on the program. Private to program_c.cc.
#ifndef DRYDOCK_FUZZ_PROGRAM_C_FRAME_H_
#define DRYDOCK_FUZZ_PROGRAM_C_FRAME_H_

namespace drydock::fuzz {

inline constexpr char kCFormIncludes[] = R"C(#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

)C";

inline constexpr char kCFormState[] = R"C(
/* Shared by all processes of this program; a result that failed is -1 or MAP_FAILED. */
static struct state {
  int fd[16];
  char *m[16];
  pid_t pid[17];
  int current, differences;
  char device[8][128], driver[8][256]; /* by node: what was taken from its driver */
} *s;

static sigjmp_buf on_signal;
static volatile sig_atomic_t in_access;

static inline void *at(int mapping, unsigned long offset) { return s->m[mapping] + offset; }

static void caught(int number)
{
  if (!in_access)
    _exit(128 + number);
  siglongjmp(on_signal, number);
}

static void say(int step, const char *seen)
{
  const char *simulated = steps_text[step].simulated;
  const int differs = *simulated && strcmp(simulated, seen) && strcmp(seen, "skipped");

  printf("%2d  %s = %s", step + 1, steps_text[step].call, seen);
  if (*seen == 'E')
    printf(" (%s)", strerror(errno));
  if (differs)
    printf("   <- simulated: %s", simulated);
  putchar('\n');
  fflush(stdout);
  s->differences += differs;
}

static const char *errno_name(void)
{
  static char number[24];

  switch (errno) {
  case EPERM: return "EPERM";
  case ENOENT: return "ENOENT";
  case ESRCH: return "ESRCH";
  case EIO: return "EIO";
  case ENXIO: return "ENXIO";
  case EBADF: return "EBADF";
  case EAGAIN: return "EAGAIN";
  case ENOMEM: return "ENOMEM";
  case EACCES: return "EACCES";
  case EFAULT: return "EFAULT";
  case EBUSY: return "EBUSY";
  case EEXIST: return "EEXIST";
  case ENODEV: return "ENODEV";
  case EINVAL: return "EINVAL";
  case ENOTTY: return "ENOTTY";
  case EFBIG: return "EFBIG";
  case ENOSPC: return "ENOSPC";
  case ESPIPE: return "ESPIPE";
  case EROFS: return "EROFS";
  case ERANGE: return "ERANGE";
  case ENOSYS: return "ENOSYS";
  case EOVERFLOW: return "EOVERFLOW";
  case EOPNOTSUPP: return "EOPNOTSUPP";
  }
  snprintf(number, sizeof number, "errno %d", errno);
  return number;
}

/* A result of -1 means that errno says why; -2 - N means that signal N came. */
static inline void show(int step, long result)
{
  if (result == -2 - SIGSEGV)
    say(step, "SIGSEGV");
  else if (result == -2 - SIGBUS)
    say(step, "SIGBUS");
  else
    say(step, result < 0 ? errno_name() : "ok");
}

static inline void skip(int step) { say(step, "skipped"); }
)C";

inline constexpr char kCFormExit[] = R"C(
static void leave(void) { exit(s->differences != 0); }
)C";

inline constexpr char kCFormFork[] = R"C(
/* Each process of the program waits for its turns; main() hands them out. */
static int turn[17][2], done[2];
static void (*const steps[])(void);

static void serve(int self)
{
  unsigned char step;

  while (read(turn[self][0], &step, 1) == 1 && step != 255) {
    steps[step]();
    if (write(done[1], &step, 1) != 1)
      break;
  }
  _exit(0);
}

static void fork_process(int step, int number)
{
  const pid_t pid = fork();

  if (pid == 0)
    serve(number);
  s->pid[number] = pid > 0 ? pid : 0;
  show(step, pid < 0 ? -1 : 0);
}
)C";

inline constexpr char kCFormLeave[] = R"C(
static void leave(void) { _exit(0); }
)C";

inline constexpr char kCFormSetUp[] = R"C(
static void set_up(void)
{
  struct sigaction action;
  int i;

  s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (s == MAP_FAILED) {
    perror("mmap");
    exit(2);
  }
  for (i = 0; i < 16; i++) {
    s->fd[i] = -1;
    s->m[i] = MAP_FAILED;
  }
  memset(&action, 0, sizeof action);
  action.sa_handler = caught;
  action.sa_flags = SA_NODEFER;
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
}
)C";

inline constexpr char kCFormMain[] = R"C(
int main(void)
{
  unsigned i;

  set_up();
  s->pid[0] = getpid();
  for (i = 0; i < sizeof steps / sizeof *steps; i++)
    steps[i]();
  return s->differences != 0;
}
)C";

inline constexpr char kCFormForkingMain[] = R"C(
static int gone(pid_t pid) { return kill(pid, 0) < 0 && errno == ESRCH; }

/* The current process, or the first one alive if that has gone; -1 if none is left. */
static int whose_turn(void)
{
  int i;

  if (s->pid[s->current])
    return s->current;
  for (i = 0; i < 17; i++)
    if (s->pid[i])
      return s->current = i;
  return -1;
}

static int run(int process, unsigned char step)
{
  struct pollfd answer = {.fd = done[0], .events = POLLIN};
  const pid_t pid = s->pid[process];
  int waited;

  if (write(turn[process][1], &step, 1) != 1)
    return -1;
  for (waited = 0; waited < 10000; waited += 10) {
    if (poll(&answer, 1, 10) > 0)
      return read(done[0], &step, 1) == 1 ? 0 : -1;
    if (gone(pid)) { /* It has exited, or the kernel has killed it. */
      s->pid[process] = 0;
      return 0;
    }
  }
  printf("%2d  no answer for 10 seconds\n", step + 1);
  return -1;
}

int main(void)
{
  unsigned i;
  pid_t pid;
  int process;

  set_up();
  signal(SIGCHLD, SIG_IGN); /* No zombies: a process that is gone is gone. */
  for (i = 0; i < 17; i++)
    if (pipe(turn[i]) < 0)
      return perror("pipe"), 2;
  if (pipe(done) < 0)
    return perror("pipe"), 2;
  fflush(stdout);
  pid = fork();
  if (pid < 0)
    return perror("fork"), 2;
  if (pid == 0)
    serve(0);
  s->pid[0] = pid;
  for (i = 0; i < sizeof steps / sizeof *steps; i++) {
    process = whose_turn();
    if (process < 0)
      say(i, "skipped");
    else if (run(process, i) < 0)
      break;
  }
  for (i = 0; i < 17; i++)
    if (s->pid[i])
      run(i, 255);
  return s->differences != 0;
}
)C";

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_PROGRAM_C_FRAME_H_
