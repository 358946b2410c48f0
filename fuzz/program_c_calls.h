// The functions of a C reproducer that make one kind of call each, where a step is more than a call
// of libc's. Each is written only if a step needs it. Private to program_c.cc.
#ifndef DRYDOCK_FUZZ_PROGRAM_C_CALLS_H_
#define DRYDOCK_FUZZ_PROGRAM_C_CALLS_H_

namespace drydock::fuzz {

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

}  // namespace drydock::fuzz

#endif  // DRYDOCK_FUZZ_PROGRAM_C_CALLS_H_
