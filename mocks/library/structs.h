// C++ views of kernel structs that only driver code and mocks/library know. mocks/struct_layout.h
// asserts that they are laid out as mocks/include declares them.
#ifndef DRYDOCK_MOCKS_LIBRARY_STRUCTS_H_
#define DRYDOCK_MOCKS_LIBRARY_STRUCTS_H_

#include <cstddef>
#include <cstdint>

#include "mocks/include/drydock/device_structs.h"
#include "mocks/include/drydock/mm_structs.h"
#include "mocks/include/drydock/pci_structs.h"
#include "mocks/include/drydock/task_structs.h"

struct semaphore {
  drydock_lock lock;
  unsigned int count;
};

struct ratelimit_state {
  int interval;
  int burst;
  int printed;
  int missed;
  unsigned long begin;
};

struct timespec64 {
  long long tv_sec;
  long tv_nsec;
};

// Opaque to drivers; DmaApi::DmaPoolCreate() fills in the first field.
struct dma_pool {
  device* dev;
};

struct kmem_cache {
  unsigned int size;
  unsigned int flags;
  void (*ctor)(void* object);
};

struct platform_device_info {
  device* parent;
  fwnode_handle* fwnode;
  const char* name;
  int id;
  const resource* res;
  unsigned int num_res;
  const void* data;
  size_t size_data;
  unsigned long long dma_mask;
};

struct of_phandle_args {
  device_node* np;
  int args_count;
  unsigned int args[16];
};

struct reserved_mem {
  const char* name;
  unsigned long fdt_node;
  unsigned long phandle;
  const void* ops;
  unsigned long long base;
  unsigned long long size;
  void* priv;
};

#endif  // DRYDOCK_MOCKS_LIBRARY_STRUCTS_H_
