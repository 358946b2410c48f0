// Shims of character devices, resources and properties.
#include <cerrno>

#include "mocks/shims/shim_fixture.h"
#include "mocks/shims/shim_test_driver.h"

namespace drydock::mocks {
namespace {

using ::testing::_;
using ::testing::InSequence;
using ::testing::Invoke;
using ::testing::Return;
using ::testing::StrEq;

TEST_F(ShimTest, RegisterChrdevTakesAllMinors) {
  EXPECT_CALL(chrdev_, RegisterChrdev(0, 0, 256, StrEq("drv"), _)).WillOnce(Return(240));
  EXPECT_EQ(drv_register_chrdev(), 240);
}

TEST_F(ShimTest, MiscRegister) {
  miscdevice misc{};
  EXPECT_CALL(chrdev_, MiscRegister(&misc)).WillOnce(Return(-EBUSY));
  EXPECT_EQ(drv_misc(&misc), -EBUSY);
}

TEST_F(ShimTest, CdevAllocIsAnInitialisedCdevThatItsLastPutFrees) {
  cdev made{};
  EXPECT_CALL(alloc_, Kmalloc(sizeof(cdev), kGfpKernel | ___GFP_ZERO)).WillOnce(Return(&made));
  EXPECT_CALL(chrdev_, CdevInit(&made, nullptr)).WillOnce([](cdev* cdev, const file_operations*) {
    cdev->kobj.drydock_state = DRYDOCK_CDEV_INITIALISED;
  });
  EXPECT_EQ(drv_cdev_alloc(), &made);
  EXPECT_EQ(made.kobj.drydock_state, DRYDOCK_CDEV_INITIALISED | DRYDOCK_CDEV_ALLOCATED);
}

TEST_F(ShimTest, CdevAllocWithoutMemoryIsNull) {
  EXPECT_CALL(alloc_, Kmalloc).WillOnce(Return(nullptr));
  EXPECT_CALL(chrdev_, CdevInit).Times(0);
  EXPECT_EQ(drv_cdev_alloc(), nullptr);
}

TEST_F(ShimTest, DevmIoremapResourceClaimsMapsAndKeepsBothToUndo) {
  resource res{};
  res.start = 0xfe000000;
  res.end = 0xfe000fff;
  res.name = "regs";
  res.flags = IORESOURCE_MEM;
  dev_.kobj.name = "pump";
  InSequence in_order;
  EXPECT_CALL(devices_, DevmKmalloc(&dev_, sizeof "pump regs", _))
      .WillOnce(Return(shim_memory + 8192));
  EXPECT_CALL(devices_, DevmKmalloc(&dev_, _, _)).WillOnce(Return(shim_memory));
  EXPECT_CALL(io_, RequestMemRegion(0xfe000000, 0x1000, StrEq("pump regs"))).WillOnce(Return(&res));
  EXPECT_CALL(devices_, DevmAddAction(&dev_, _, shim_memory)).WillOnce(Return(0));
  EXPECT_CALL(io_, Ioremap(0xfe000000, 0x1000, IoCache::kUncachedMinus))
      .WillOnce(Return(shim_memory + 4096));
  void (*undo)(void*) = nullptr;
  EXPECT_CALL(devices_, DevmAddAction(&dev_, _, shim_memory + 4096))
      .WillOnce(Invoke([&](device*, void (*action)(void*), void*) {
        undo = action;
        return 0;
      }));
  EXPECT_EQ(drv_devm_ioremap_resource(&dev_, &res), shim_memory + 4096);
  EXPECT_CALL(io_, Iounmap(shim_memory + 4096));
  undo(shim_memory + 4096);
}

TEST_F(ShimTest, DevmIoremapResourceWithoutMemoryForItsNameIsEnomem) {
  resource res{};
  res.end = 0xfff;
  res.flags = IORESOURCE_MEM;
  EXPECT_CALL(devices_, DevmKmalloc(&dev_, _, _)).WillOnce(Return(nullptr));
  EXPECT_CALL(log_, DevPrintk(StrEq("\0013"), &dev_, _, _));
  EXPECT_EQ(reinterpret_cast<long>(drv_devm_ioremap_resource(&dev_, &res)), -ENOMEM);
}

TEST_F(ShimTest, DevmIoremapResourceOfNothingIsEinval) {
  EXPECT_CALL(log_, DevPrintk(StrEq("\0013"), &dev_, _, _));
  EXPECT_EQ(reinterpret_cast<long>(drv_devm_ioremap_resource(&dev_, nullptr)), -EINVAL);
}

TEST_F(ShimTest, OfPropertyReadU32TurnsTheCell) {
  device_node node{};
  static const unsigned char cell[] = {0, 0, 1, 2};
  EXPECT_CALL(of_, GetProperty(&node, StrEq("reg-shift"), _))
      .WillOnce(Invoke([](const device_node*, const char*, int* length) -> const void* {
        *length = 4;
        return cell;
      }))
      .WillOnce(Return(nullptr));
  unsigned int value = 0;
  EXPECT_EQ(drv_read_cell(&node, &value), 0);
  EXPECT_EQ(value, 0x102u);
  EXPECT_EQ(drv_read_cell(&node, &value), -EINVAL);
}

TEST_F(ShimTest, InodesAreHeldAndPut) {
  inode inode{};
  EXPECT_CALL(chrdev_, Ihold(&inode));
  drv_hold_inode(&inode);
  EXPECT_CALL(chrdev_, Iput(nullptr));
  drv_put_inode(nullptr);
}

}  // namespace
}  // namespace drydock::mocks
