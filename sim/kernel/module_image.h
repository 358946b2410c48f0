// A driver's shared object in this process: its records, its code and its data.
#ifndef DRYDOCK_SIM_KERNEL_MODULE_IMAGE_H_
#define DRYDOCK_SIM_KERNEL_MODULE_IMAGE_H_

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "mocks/include/drydock/device_structs.h"

namespace drydock::kernel {

// Loads once per process and never unloads: libFuzzer keeps the addresses of the coverage counters.
// A file that is opened again after its ModuleImage is gone has its data as if freshly loaded.
class ModuleImage {
 public:
  struct Range {
    unsigned char* begin;
    size_t size_bytes;
  };

  // Throws std::runtime_error with one line that names the file: it cannot be loaded, a symbol is
  // missing (and which), it is no driver, or it is open already.
  explicit ModuleImage(const std::string& so_path);
  ~ModuleImage();
  ModuleImage(const ModuleImage&) = delete;
  ModuleImage& operator=(const ModuleImage&) = delete;

  const std::string& path() const { return path_; }
  module& self() const { return *records_->module; }
  std::span<const drydock_initcall> initcalls() const {
    return {records_->initcalls, records_->initcalls_end};
  }
  std::span<const drydock_param> params() const { return {records_->params, records_->params_end}; }

  // Where the file's address 0 lies, and the end of the code: for Verdicts::SetDriverImage().
  const void* base() const { return base_; }
  const void* code_begin() const { return code_begin_; }
  const void* code_end() const { return code_end_; }
  // The driver's .data and .bss. Not in it: what the loader wrote (RELRO), and the counters of
  // coverage and profiles, which outlive a run.
  std::span<const Range> data() const { return data_; }

 private:
  void FindSegments();
  void ExcludeInstrumentation();
  void Exclude(const unsigned char* begin, size_t size_bytes);

  std::string path_;
  const drydock_module_image* records_ = nullptr;
  unsigned char* base_ = nullptr;  // what the file's addresses are relative to
  const void* code_begin_ = nullptr;
  const void* code_end_ = nullptr;
  std::vector<Range> data_;
  void* loaded_ = nullptr;  // of the process-wide table
};

}  // namespace drydock::kernel

#endif  // DRYDOCK_SIM_KERNEL_MODULE_IMAGE_H_
