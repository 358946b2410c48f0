#include "sim/kernel/format.h"

#include <gtest/gtest.h>

#include <cstdarg>
#include <string>

#include "mocks/include/drydock/device_structs.h"
#include "sim/kernel/errno_name.h"

namespace drydock::kernel {
namespace {

std::string Text(const char* format, ...) {
  char buffer[256];
  va_list args;
  va_start(args, format);
  const int length = FormatText(buffer, sizeof buffer, format, args);
  va_end(args);
  EXPECT_EQ(static_cast<size_t>(length), std::string(buffer).size());
  return buffer;
}

TEST(FormatTest, PrintsIntegersAsC99) {
  EXPECT_EQ(Text("%d|%i|%u", -5, 7, 4000000000u), "-5|7|4000000000");
  EXPECT_EQ(Text("%ld %lu", -1L, -1L), "-1 18446744073709551615");
  EXPECT_EQ(Text("%lld %llu", -9223372036854775807LL - 1, 3ULL), "-9223372036854775808 3");
  EXPECT_EQ(Text("%zu %td %Lu", size_t{9}, ptrdiff_t{-3}, 8ULL), "9 -3 8");
  EXPECT_EQ(Text("%hhd %hhu %hd %hu", 0x1ff, 0x1ff, 0x1ffff, 0x1ffff), "-1 255 -1 65535");
  EXPECT_EQ(Text("%x %X %#x %#o %o", 255, 255, 255, 8, 8), "ff FF 0xff 010 10");
  EXPECT_EQ(Text("%+d % d %+d", 5, 5, -5), "+5  5 -5");
  EXPECT_EQ(Text("%5d|%-5d|%05d|%05d", 42, 42, 42, -42), "   42|42   |00042|-0042");
  EXPECT_EQ(Text("%.3d|%8.3x|%#010x", 7, 0xa, 0x1f), "007|     00a|0x0000001f");
  EXPECT_EQ(Text("%*d|%-*d|%*d", 4, 1, 4, 1, -4, 1), "   1|1   |1   ");
}

TEST(FormatTest, PrefixesZeroInHexWhereC99DoesNot) {
  EXPECT_EQ(Text("%#x", 0), "0x0");
  EXPECT_EQ(Text("%#o", 0), "0");
}

TEST(FormatTest, ZeroPrecisionStillPrintsZero) { EXPECT_EQ(Text("%.0d", 0), "0"); }

TEST(FormatTest, PrintsStringsWithinTheirPrecision) {
  EXPECT_EQ(Text("%s|%8s|%-8s|", "pump", "pump", "pump"), "pump|    pump|pump    |");
  EXPECT_EQ(Text("%.2s|%.*s", "pump", 3, "pump"), "pu|pum");
  const char unterminated[3] = {'a', 'b', 'c'};
  EXPECT_EQ(Text("%.3s", unterminated), "abc");
  EXPECT_EQ(Text("%c%c|%3c|%-3c|", 'a', 'b', 'c', 'd'), "ab|  c|d  |");
  EXPECT_EQ(Text("100%%"), "100%");
}

TEST(FormatTest, NamesPointersThatAreNoStrings) {
  EXPECT_EQ(Text("%s", static_cast<char*>(nullptr)), "(null)");
  EXPECT_EQ(Text("%s", reinterpret_cast<char*>(4095)), "(efault)");
  EXPECT_EQ(Text("%s", reinterpret_cast<char*>(-ENOMEM)), "(efault)");
}

TEST(FormatTest, EndsAtAnUnsupportedConversion) {
  int written = 77;
  EXPECT_EQ(Text("a%nb", &written), "a");
  EXPECT_EQ(written, 77);
  EXPECT_EQ(Text("a%fb", 1.0), "a");
  EXPECT_EQ(Text("a%"), "a");
}

TEST(FormatTest, NeverWritesBeyondTheBound) {
  for (size_t size = 0; size <= 12; ++size) {
    char buffer[16];
    std::fill(std::begin(buffer), std::end(buffer), '#');
    EXPECT_EQ(FormatTextOf(buffer, size, "%s=%04x", "size", 0xab), 9);
    if (size == 0) {
      EXPECT_EQ(buffer[0], '#');
    } else {
      EXPECT_EQ(std::string(buffer), std::string("size=00ab").substr(0, size - 1));
    }
    for (size_t i = size; i < sizeof buffer; ++i) EXPECT_EQ(buffer[i], '#');
  }
  EXPECT_EQ(FormatTextOf(nullptr, 0, "%10d", 1), 10);
  EXPECT_EQ(FormatTextOf(nullptr, size_t{1} << 32, "x"), 0);
}

TEST(FormatTest, HashesPlainPointersToSixteenDigits) {
  int a = 0;
  const std::string text = Text("%p", &a);
  EXPECT_EQ(text.size(), 16u);
  EXPECT_EQ(text.substr(0, 8), "00000000");
  EXPECT_EQ(Text("%p", &a), text);
  EXPECT_EQ(Text("%pK", &a), text);
  EXPECT_NE(Text("%p", reinterpret_cast<char*>(&a) + 1), text);
  EXPECT_NE(Text("%px", &a), text);
}

TEST(FormatTest, UnknownExtensionsPrintAsPlainPointers) {
  int a = 0;
  EXPECT_EQ(Text("%pZq!", &a), Text("%p!", &a));
  EXPECT_EQ(Text("%pCn", &a), Text("%p", &a));
}

TEST(FormatTest, LeavesNullAndErrorPointersUnhashed) {
  EXPECT_EQ(Text("%p", nullptr), "0000000000000000");
  EXPECT_EQ(Text("%p", reinterpret_cast<void*>(-22L)), "ffffffffffffffea");
  EXPECT_EQ(Text("%px", reinterpret_cast<void*>(0x1234)), "0000000000001234");
}

TEST(FormatTest, PrintsAddressesByReference) {
  const unsigned long long phys = 0x1234;
  EXPECT_EQ(Text("%pa %pap %pad", &phys, &phys, &phys),
            "0x0000000000001234 0x0000000000001234 0x0000000000001234");
  EXPECT_EQ(Text("%pad", nullptr), "(null)");
  EXPECT_EQ(Text("%pa", reinterpret_cast<void*>(8)), "(efault)");
}

TEST(FormatTest, PrintsErrorsByName) {
  EXPECT_EQ(Text("%pe", reinterpret_cast<void*>(-12L)), "-ENOMEM");
  EXPECT_EQ(Text("%pe", reinterpret_cast<void*>(-517L)), "-EPROBE_DEFER");
  EXPECT_EQ(Text("%pe", reinterpret_cast<void*>(-1234L)), "-1234");
  int a = 0;
  EXPECT_EQ(Text("%pe", &a), Text("%p", &a));
  EXPECT_EQ(Text("%pe", nullptr), Text("%p", nullptr));
}

TEST(FormatTest, PrintsResources) {
  resource res{};
  res.start = 0x80000000;
  res.end = 0x80000fff;
  res.flags = 0x200;
  EXPECT_EQ(Text("%pR", &res), "[mem 0x80000000-0x80000fff]");
  EXPECT_EQ(Text("%pr", &res), "[mem 0x80000000-0x80000fff flags 0x200]");
  res.flags = 0x200 | 0x100000 | 0x2000;
  EXPECT_EQ(Text("%pR", &res), "[mem 0x80000000-0x80000fff 64bit pref]");
  res.flags = 0x200 | 0x20000000;
  EXPECT_EQ(Text("%pR", &res), "[mem size 0x00001000]");
  res = {};
  res.start = res.end = 42;
  res.flags = 0x400;
  EXPECT_EQ(Text("%pR", &res), "[irq 42]");
  res.flags = 0x100;
  EXPECT_EQ(Text("%pR", &res), "[io  0x002a]");
  res.flags = 0;
  EXPECT_EQ(Text("%pR", &res), "[??? 0x0000002a flags 0x0]");
  EXPECT_EQ(Text("%pR", nullptr), "(null)");
}

TEST(FormatTest, PrintsBytesAndAddresses) {
  const unsigned char b[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  EXPECT_EQ(Text("%*ph", 3, b), "00 01 02");
  EXPECT_EQ(Text("%3phC|%3phD|%3phN|%ph", b, b, b, b), "00:01:02|00-01-02|000102|00");
  EXPECT_EQ(Text("%pM %pm %pMR %pMF %pmR", b, b, b, b, b),
            "00:01:02:03:04:05 000102030405 05:04:03:02:01:00 00-01-02-03-04-05 050403020100");
  EXPECT_EQ(Text("%pI4 %pi4 %pI4l", b + 1, b + 1, b + 1), "1.2.3.4 001.002.003.004 4.3.2.1");
  EXPECT_EQ(Text("%pI6", b), "0001:0203:0405:0607:0809:0a0b:0c0d:0e0f");
  EXPECT_EQ(Text("%pUb", b), "00010203-0405-0607-0809-0a0b0c0d0e0f");
  EXPECT_EQ(Text("%pUL", b), "03020100-0504-0706-0809-0A0B0C0D0E0F");
  EXPECT_EQ(Text("%pM", nullptr), "(null)");
}

TEST(FormatTest, PrintsNestedFormats) {
  struct {
    const char* format;
    va_list* args;
  } nested;
  const auto print = [&](const char* format, ...) {
    va_list args;
    va_start(args, format);
    nested = {format, &args};
    std::string text = Text("<%pV> %d", &nested, 5);
    va_end(args);
    return text;
  };
  EXPECT_EQ(print("%d %s", 3, "x"), "<3 x> 5");
}

TEST(FormatTest, PrintsTreeNodes) {
  property compatible{"compatible", 9, const_cast<char*>("a,b\0c,d\0"), nullptr};
  compatible.length = 8;
  device_node root{};
  root.name = root.full_name = "/";
  device_node node{};
  node.name = "pump";
  node.full_name = "pump@10";
  node.parent = &root;
  node.phandle = 3;
  node.properties = &compatible;
  EXPECT_EQ(Text("%pOF %pOF", &node, &root), "/pump@10 /");
  EXPECT_EQ(Text("%pOFn %pOFP %pOFfp", &node, &node, &node), "pump pump@10 /pump@10:3");
  EXPECT_EQ(Text("%pOFc %pOFC", &node, &node), "a,b \"a,b\",\"c,d\"");
  EXPECT_EQ(Text("%pOF", nullptr), "(null)");
  EXPECT_EQ(Text("%pOx", &node), "(%pO?)");
}

TEST(FormatTest, PrintsFileNames) {
  dentry entry{nullptr, "/dev/pump"};
  file opened{};
  opened.f_path.dentry = &entry;
  EXPECT_EQ(Text("%pd %pD", &entry, &opened), "pump pump");
  EXPECT_EQ(Text("%pd", nullptr), "(null)");
}

TEST(ErrnoNameTest, HasNoNameForGaps) {
  EXPECT_EQ(ErrnoName(0), nullptr);
  EXPECT_EQ(ErrnoName(41), nullptr);
  EXPECT_EQ(ErrnoName(400), nullptr);
  EXPECT_EQ(ErrnoName(520), nullptr);
  EXPECT_EQ(ErrnoName(-100000), nullptr);
  EXPECT_STREQ(ErrnoName(-22), "EINVAL");
  EXPECT_STREQ(ErrnoName(133), "EHWPOISON");
}

}  // namespace
}  // namespace drydock::kernel
