// Symbols of fs/char_dev.c, drivers/char/misc.c and fs/inode.c.
#include "mocks/shims/shim.h"

using drydock::mocks::ChrdevApi;
using drydock::mocks::Cross;

extern "C" {

int __register_chrdev(unsigned int major, unsigned int base_minor, unsigned int count,
                      const char* name, const file_operations* fops) {
  return Cross<&ChrdevApi::RegisterChrdev>(major, base_minor, count, name, fops);
}
void __unregister_chrdev(unsigned int major, unsigned int base_minor, unsigned int count,
                         const char* name) {
  Cross<&ChrdevApi::UnregisterChrdev>(major, base_minor, count, name);
}
int alloc_chrdev_region(unsigned int* dev, unsigned int base_minor, unsigned int count,
                        const char* name) {
  return Cross<&ChrdevApi::AllocChrdevRegion>(dev, base_minor, count, name);
}
int register_chrdev_region(unsigned int dev, unsigned int count, const char* name) {
  return Cross<&ChrdevApi::RegisterChrdevRegion>(dev, count, name);
}
void unregister_chrdev_region(unsigned int dev, unsigned int count) {
  Cross<&ChrdevApi::UnregisterChrdevRegion>(dev, count);
}
void cdev_init(cdev* cdev, const file_operations* fops) { Cross<&ChrdevApi::CdevInit>(cdev, fops); }
int cdev_add(cdev* cdev, unsigned int dev, unsigned int count) {
  return Cross<&ChrdevApi::CdevAdd>(cdev, dev, count);
}
void cdev_del(cdev* cdev) { Cross<&ChrdevApi::CdevDel>(cdev); }
int misc_register(miscdevice* misc) { return Cross<&ChrdevApi::MiscRegister>(misc); }
void misc_deregister(miscdevice* misc) { Cross<&ChrdevApi::MiscDeregister>(misc); }
void ihold(inode* inode) { Cross<&ChrdevApi::Ihold>(inode); }
void iput(inode* inode) { Cross<&ChrdevApi::Iput>(inode); }

}  // extern "C"
