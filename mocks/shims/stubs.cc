// Functions that are declared so that drivers compile, and not modelled: calling one ends the run
// with its name (docs: how to add a kernel function). One line each; delete it when the function
// gets a shim.
#include "mocks/shims/shim.h"

using drydock::mocks::CrossUnmodelled;

#define DRYDOCK_STUB(symbol)  \
  unsigned long symbol() {    \
    CrossUnmodelled(#symbol); \
    return 0;                 \
  }
// A C library's name: the driver's call comes under another symbol.
#define DRYDOCK_STUB_NAMED(symbol, name) \
  unsigned long symbol() {               \
    CrossUnmodelled(#name);              \
    return 0;                            \
  }

extern "C" {

// linux/clk.h
DRYDOCK_STUB(clk_disable)
DRYDOCK_STUB(clk_enable)
DRYDOCK_STUB(clk_get)
DRYDOCK_STUB(clk_get_rate)
DRYDOCK_STUB(clk_prepare)
DRYDOCK_STUB(clk_put)
DRYDOCK_STUB(clk_set_rate)
DRYDOCK_STUB(clk_unprepare)
DRYDOCK_STUB(devm_clk_get)
DRYDOCK_STUB(devm_clk_get_optional)

// linux/device.h
DRYDOCK_STUB(__devres_alloc_node)
DRYDOCK_STUB(bus_register)
DRYDOCK_STUB(bus_unregister)
DRYDOCK_STUB(device_create_file)
DRYDOCK_STUB(device_remove_file)
DRYDOCK_STUB(devm_free_pages)
DRYDOCK_STUB(devm_get_free_pages)
DRYDOCK_STUB(devres_add)
DRYDOCK_STUB(devres_free)
DRYDOCK_STUB(driver_register)
DRYDOCK_STUB(driver_unregister)
DRYDOCK_STUB(kobject_get)
DRYDOCK_STUB(kobject_put)
DRYDOCK_STUB(sysfs_create_file_ns)
DRYDOCK_STUB(sysfs_create_group)
DRYDOCK_STUB(sysfs_remove_file_ns)
DRYDOCK_STUB(sysfs_remove_group)

// linux/dma-mapping.h
DRYDOCK_STUB(dmam_free_coherent)

// linux/fb.h
DRYDOCK_STUB(cfb_copyarea)
DRYDOCK_STUB(cfb_fillrect)
DRYDOCK_STUB(cfb_imageblit)
DRYDOCK_STUB(sys_copyarea)
DRYDOCK_STUB(sys_fillrect)
DRYDOCK_STUB(sys_imageblit)

// linux/fs.h
DRYDOCK_STUB(fasync_helper)
DRYDOCK_STUB(fget)
DRYDOCK_STUB(fput)
DRYDOCK_STUB_NAMED(drydock_get_file, get_file)
DRYDOCK_STUB(kill_fasync)

// linux/interrupt.h
DRYDOCK_STUB(devm_free_irq)
DRYDOCK_STUB(__tasklet_schedule)
DRYDOCK_STUB(kthread_create_on_node)
DRYDOCK_STUB(kthread_should_stop)
DRYDOCK_STUB(kthread_stop)
DRYDOCK_STUB(tasklet_kill)
DRYDOCK_STUB(tasklet_setup)

// linux/io.h
DRYDOCK_STUB(arch_io_free_memtype_wc)
DRYDOCK_STUB(arch_io_reserve_memtype_wc)
DRYDOCK_STUB(arch_phys_wc_add)
DRYDOCK_STUB(arch_phys_wc_del)

// linux/ioport.h
DRYDOCK_STUB(__devm_release_region)

// linux/kernel.h
DRYDOCK_STUB_NAMED(drydock_sscanf, sscanf)

// linux/mm.h
DRYDOCK_STUB(follow_pfn)
DRYDOCK_STUB(follow_pfnmap_end)
DRYDOCK_STUB(follow_pfnmap_start)
DRYDOCK_STUB(follow_pte)
DRYDOCK_STUB(get_user_pages)
DRYDOCK_STUB(get_user_pages_fast)
DRYDOCK_STUB(pin_user_pages_fast)
DRYDOCK_STUB(set_page_dirty)
DRYDOCK_STUB(set_page_dirty_lock)
DRYDOCK_STUB(unpin_user_page)
DRYDOCK_STUB(unpin_user_pages)

// linux/of.h
DRYDOCK_STUB(irq_of_parse_and_map)
DRYDOCK_STUB(of_alias_get_id)
DRYDOCK_STUB(of_reserved_mem_device_init_by_idx)
DRYDOCK_STUB(of_reserved_mem_device_release)

// linux/platform_device.h
DRYDOCK_STUB(platform_device_add_data)

// linux/printk.h
DRYDOCK_STUB(dump_stack)
DRYDOCK_STUB(print_hex_dump)

// linux/sched.h
DRYDOCK_STUB(get_task_mm)
DRYDOCK_STUB(mmput)

// linux/seq_file.h
DRYDOCK_STUB(debugfs_create_dir)
DRYDOCK_STUB(debugfs_create_file)
DRYDOCK_STUB(debugfs_remove)
DRYDOCK_STUB(proc_create)
DRYDOCK_STUB(proc_remove)
DRYDOCK_STUB(remove_proc_entry)
DRYDOCK_STUB(seq_lseek)
DRYDOCK_STUB(seq_printf)
DRYDOCK_STUB(seq_putc)
DRYDOCK_STUB(seq_puts)
DRYDOCK_STUB(seq_read)
DRYDOCK_STUB(single_open)
DRYDOCK_STUB(single_release)

// linux/string.h
DRYDOCK_STUB(strndup_user)
DRYDOCK_STUB(vmemdup_user)

// linux/uaccess.h
DRYDOCK_STUB(strnlen_user)

// linux/vmalloc.h
DRYDOCK_STUB(vmap)
DRYDOCK_STUB(vunmap)

}  // extern "C"
