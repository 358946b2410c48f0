// Symbols of drivers/of that read the device tree itself; the rest is made of these
// (library/of.cc).
#include "mocks/shims/shim.h"

using drydock::mocks::Cross;
using drydock::mocks::OfApi;

extern "C" {

device_node* of_find_compatible_node(device_node* from, const char* type, const char* compatible) {
  return Cross<&OfApi::FindCompatibleNode>(from, type, compatible);
}
device_node* of_find_node_opts_by_path(const char* path, const char** opts) {
  if (opts != nullptr) *opts = nullptr;
  return Cross<&OfApi::FindNodeByPath>(path);
}
device_node* of_find_node_by_phandle(unsigned int handle) {
  return Cross<&OfApi::FindNodeByPhandle>(handle);
}
const void* of_get_property(const device_node* node, const char* name, int* length) {
  return Cross<&OfApi::GetProperty>(node, name, length);
}
int of_address_to_resource(device_node* node, int index, resource* out) {
  return Cross<&OfApi::AddressToResource>(node, index, out);
}
device_node* of_node_get(device_node* node) { return Cross<&OfApi::NodeGet>(node); }
void of_node_put(device_node* node) { Cross<&OfApi::NodePut>(node); }

}  // extern "C"
