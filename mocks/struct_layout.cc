// The shared structs as the emulated kernel sees them. Compiles, or names the field that moved.
#include <cstddef>

#include "mocks/include/drydock/dma_structs.h"
#include "mocks/library/structs.h"

#define DRYDOCK_LAYOUT(type, field, offset) \
  static_assert(offsetof(struct type, field) == (offset), #type "." #field " has moved");
#define DRYDOCK_SIZE(type, bytes) \
  static_assert(sizeof(struct type) == (bytes), #type " has another size");
#include "mocks/struct_layout.h"
