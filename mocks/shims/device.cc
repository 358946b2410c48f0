// Symbols of drivers/base: devices, classes, the platform bus, devres' own memory.
#include "mocks/shims/shim.h"

using drydock::mocks::Cross;
using drydock::mocks::DeviceApi;

extern "C" {

kclass* __class_create(module* owner, const char* name, void*) {
  return Cross<&DeviceApi::ClassCreate>(owner, name);
}
kclass* class_create(const char* name) {  // 6.4 and later
  return Cross<&DeviceApi::ClassCreate>(static_cast<module*>(nullptr), name);
}
int __class_register(kclass* cls, void*) { return Cross<&DeviceApi::ClassRegister>(cls); }
int class_register(kclass* cls) { return Cross<&DeviceApi::ClassRegister>(cls); }  // 6.4 and later
void class_unregister(kclass* cls) { Cross<&DeviceApi::ClassUnregister>(cls); }
void class_destroy(kclass* cls) { Cross<&DeviceApi::ClassDestroy>(cls); }

device* device_create(kclass* cls, device* parent, unsigned int devt, void* drvdata,
                      const char* format, ...) {
  va_list args;
  va_start(args, format);
  device* dev = Cross<&DeviceApi::DeviceCreate>(cls, parent, devt, drvdata, format, args);
  va_end(args);
  return dev;
}
void device_destroy(kclass* cls, unsigned int devt) { Cross<&DeviceApi::DeviceDestroy>(cls, devt); }
void device_initialize(device* dev) { Cross<&DeviceApi::DeviceInitialize>(dev); }
int device_add(device* dev) { return Cross<&DeviceApi::DeviceAdd>(dev); }
void device_del(device* dev) { Cross<&DeviceApi::DeviceDel>(dev); }
device* get_device(device* dev) { return Cross<&DeviceApi::GetDevice>(dev); }
void put_device(device* dev) { Cross<&DeviceApi::PutDevice>(dev); }
int dev_set_name(device* dev, const char* format, ...) {
  va_list args;
  va_start(args, format);
  int error = Cross<&DeviceApi::DevSetName>(dev, format, args);
  va_end(args);
  return error;
}

int __platform_driver_register(platform_driver* driver, module* owner) {
  return Cross<&DeviceApi::PlatformDriverRegister>(driver, owner);
}
void platform_driver_unregister(platform_driver* driver) {
  Cross<&DeviceApi::PlatformDriverUnregister>(driver);
}
int __platform_driver_probe(platform_driver* driver, int (*probe)(platform_device*),
                            module* owner) {
  return Cross<&DeviceApi::PlatformDriverProbe>(driver, probe, owner);
}
platform_device* platform_device_alloc(const char* name, int id) {
  return Cross<&DeviceApi::PlatformDeviceAlloc>(name, id);
}
int platform_device_add_resources(platform_device* pdev, const resource* resources,
                                  unsigned int count) {
  return Cross<&DeviceApi::PlatformDeviceAddResources>(pdev, resources, count);
}
int platform_device_add(platform_device* pdev) {
  return Cross<&DeviceApi::PlatformDeviceAdd>(pdev);
}
void platform_device_del(platform_device* pdev) { Cross<&DeviceApi::PlatformDeviceDel>(pdev); }
void platform_device_put(platform_device* pdev) { Cross<&DeviceApi::PlatformDevicePut>(pdev); }
resource* platform_get_resource(platform_device* pdev, unsigned int type, unsigned int index) {
  return Cross<&DeviceApi::PlatformGetResource>(pdev, type, index);
}

void* devm_kmalloc(device* dev, size_t size, unsigned int gfp) {
  return Cross<&DeviceApi::DevmKmalloc>(dev, size, gfp);
}
void devm_kfree(device* dev, const void* object) { Cross<&DeviceApi::DevmKfree>(dev, object); }
int devm_add_action(device* dev, void (*action)(void*), void* data) {
  return Cross<&DeviceApi::DevmAddAction>(dev, action, data);
}
int __devm_add_action(device* dev, void (*action)(void*), void* data,
                      const char*) {  // 6.4 and later
  return Cross<&DeviceApi::DevmAddAction>(dev, action, data);
}
void devm_remove_action(device* dev, void (*action)(void*), void* data) {
  Cross<&DeviceApi::DevmRemoveAction>(dev, action, data, false);
}
void devm_release_action(device* dev, void (*action)(void*), void* data) {
  Cross<&DeviceApi::DevmRemoveAction>(dev, action, data, true);
}

}  // extern "C"
