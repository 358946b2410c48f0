// Symbols of lib/usercopy.c and its kin. Each returns the bytes that were not copied.
#include "mocks/shims/shim.h"

using drydock::mocks::Cross;
using drydock::mocks::UaccessApi;

extern "C" {

unsigned long _copy_to_user(void* to, const void* from, unsigned long n) {
  return Cross<&UaccessApi::CopyToUser>(to, from, n);
}
unsigned long _copy_from_user(void* to, const void* from, unsigned long n) {
  return Cross<&UaccessApi::CopyFromUser>(to, from, n);
}
long strncpy_from_user(char* to, const char* from, long count) {
  return Cross<&UaccessApi::StrncpyFromUser>(to, from, count);
}

// Inline in a kernel; here they cross.
unsigned long drydock_clear_user(void* to, unsigned long n) {
  return Cross<&UaccessApi::ClearUser>(to, n);
}
bool drydock_access_ok(const void* address, unsigned long size) {
  return Cross<&UaccessApi::AccessOk>(address, size);
}

}  // extern "C"
