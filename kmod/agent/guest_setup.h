// What the agent makes of the guest before programs run: file systems, modules, device nodes, and
// an address space in which mmap finds the places that it finds in the simulation.
#ifndef DRYDOCK_KMOD_AGENT_GUEST_SETUP_H_
#define DRYDOCK_KMOD_AGENT_GUEST_SETUP_H_

#include <cstdint>
#include <string>

#include "kmod/agent/channel.h"

namespace drydock::kmod {

void MountFileSystems();

// Starts this program again, unless it is done, such that mmap's search begins at kMmapBase; then
// makes free what is not the program's above kSeenFrom. "" or what is wrong.
std::string ArrangeAddressSpace(char** argv);

// Maps the shared memory at a low address that forks do not get. nullptr: no such device.
Header* OpenChannel();
// The same, in a child, at the same address.
Header* MapChannel();

// A descriptor of a file of sysfs ("resource0") of the first such PCI device; -1: none.
int OpenPciFile(uint16_t vendor, uint16_t device, const char* name);

// finit_module(2) of /FILE; an unload first if it is there. "" or what failed.
std::string LoadModule(const std::string& file, const std::string& parameters);
std::string UnloadModule(const std::string& file);

// A node that no class has made gets made, with the major number that its name has in
// /proc/devices. "" or what is wrong.
std::string NeedNode(const std::string& path);

// Ends the guest; the exit status of QEMU is (value << 1) | 1.
[[noreturn]] void EndGuest(unsigned char value);

}  // namespace drydock::kmod

#endif  // DRYDOCK_KMOD_AGENT_GUEST_SETUP_H_
