// The parts of a C reproducer that do not depend on its program. Private to program_c.cc.
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

inline constexpr char kCFormLoad[] = R"C(
static long load(const volatile char *from, unsigned long size)
{
  const int number = sigsetjmp(on_signal, 1);
  unsigned long i;

  if (number)
    return in_access = 0, -2 - number;
  in_access = 1;
  printf("    bytes:");
  for (i = 0; i < size; i++) {
    const unsigned char byte = from[i];

    if (i < 16)
      printf(" %02x", byte);
  }
  puts(size > 16 ? " ..." : "");
  in_access = 0;
  return 0;
}
)C";

inline constexpr char kCFormStore[] = R"C(
static long store(volatile char *to, unsigned long size, int step)
{
  const int number = sigsetjmp(on_signal, 1);
  unsigned long i;

  if (number)
    return in_access = 0, -2 - number;
  in_access = 1;
  for (i = 0; i < size; i++)
    to[i] = (char)(0x5a + 37 * step + 7 * i + (i >> 8));
  in_access = 0;
  return 0;
}
)C";

inline constexpr char kCFormResident[] = R"C(
static long resident(void *from, unsigned long size)
{
  static unsigned char pages[4096];
  unsigned long i;

  if (mincore(from, size, pages) < 0)
    return -1;
  printf("    pages: ");
  for (i = 0; i < 64 && i < (size + 4095) / 4096; i++)
    putchar('0' + (pages[i] & 1));
  putchar('\n');
  return 0;
}
)C";

inline constexpr char kCFormPoll[] = R"C(
static long poll_now(int fd, int events)
{
  struct pollfd one = {.fd = fd, .events = (short)events};
  const int ready = poll(&one, 1, 0);

  if (ready >= 0)
    printf("    events: 0x%x\n", (unsigned)one.revents & 0xffff);
  return ready;
}
)C";

inline constexpr char kCFormSeal[] = R"C(
static long seal(void *from, unsigned long size, unsigned long flags)
{
  return syscall(462 /* mseal */, from, size, flags);
}
)C";

inline constexpr char kCFormBytes[] = R"C(
static unsigned char bytes[4096]; /* to or from another process */
)C";

inline constexpr char kCFormTell[] = R"C(
static long tell(long count)
{
  long i;

  if (count >= 0)
    printf("    %ld bytes:", count);
  for (i = 0; i < count && i < 16; i++)
    printf(" %02x", bytes[i]);
  if (count >= 0)
    puts(count > 16 ? " ..." : "");
  return count;
}
)C";

inline constexpr char kCFormFill[] = R"C(
static void fill(unsigned long size, int step)
{
  unsigned long i;

  for (i = 0; i < size; i++)
    bytes[i] = (unsigned char)(0x5a + 37 * step + 7 * i + (i >> 8));
}
)C";

inline constexpr char kCFormVmRead[] = R"C(
static long vm_read(pid_t pid, void *from, unsigned long size)
{
  struct iovec local = {bytes, size}, remote = {from, size};

  return tell(process_vm_readv(pid, &local, 1, &remote, 1, 0));
}
)C";

inline constexpr char kCFormVmWrite[] = R"C(
static long vm_write(pid_t pid, void *to, unsigned long size, int step)
{
  struct iovec local = {bytes, size}, remote = {to, size};

  fill(size, step);
  return process_vm_writev(pid, &local, 1, &remote, 1, 0);
}
)C";

inline constexpr char kCFormOpenMem[] = R"C(
static int open_mem(pid_t pid)
{
  char path[32];

  snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
  return open(path, O_RDWR);
}

static long close_mem(int fd, long result)
{
  const int error = errno;

  close(fd);
  errno = error;
  return result;
}
)C";

inline constexpr char kCFormMemRead[] = R"C(
static long mem_read(pid_t pid, void *from, unsigned long size)
{
  const int fd = open_mem(pid);

  if (fd < 0)
    return -1;
  return close_mem(fd, tell(pread(fd, bytes, size, (off_t)(unsigned long)from)));
}
)C";

inline constexpr char kCFormMemWrite[] = R"C(
static long mem_write(pid_t pid, void *to, unsigned long size, int step)
{
  const int fd = open_mem(pid);

  if (fd < 0)
    return -1;
  fill(size, step);
  return close_mem(fd, pwrite(fd, bytes, size, (off_t)(unsigned long)to));
}
)C";

inline constexpr char kCFormFindDevice[] = R"C(
/* The device behind a node and its driver's folder, as sysfs links them; 0: there is none. */
static int find_device(int index, const char *node)
{
  char link[64], to[256];
  struct stat about;
  const char *part;
  ssize_t got;

  if (stat(node, &about) < 0)
    return 0;
  snprintf(link, sizeof link, "/sys/dev/char/%u:%u/device", major(about.st_rdev),
           minor(about.st_rdev));
  got = readlink(link, to, sizeof to - 1);
  if (got < 0)
    return 0;
  to[got] = 0;
  part = strrchr(to, '/');
  snprintf(s->device[index], sizeof s->device[index], "%.127s", part ? part + 1 : to);
  strcat(link, "/driver");
  got = readlink(link, to, sizeof to - 1);
  to[got < 0 ? 0 : got] = 0;
  part = strstr(to, "/bus/");
  if (!part)
    return s->device[index][0] = 0;
  snprintf(s->driver[index], sizeof s->driver[index], "/sys%.200s", part);
  return 1;
}
)C";

inline constexpr char kCFormTellDriver[] = R"C(
static long tell_driver(int index, const char *what)
{
  char path[300];
  long result;
  int fd, error;

  snprintf(path, sizeof path, "%s/%s", s->driver[index], what);
  fd = open(path, O_WRONLY);
  if (fd < 0)
    return -1;
  result = write(fd, s->device[index], strlen(s->device[index]));
  error = errno;
  close(fd);
  errno = error;
  return result < 0 ? -1 : 0;
}
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
