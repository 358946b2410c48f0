// SPDX-License-Identifier: GPL-2.0
/*
 * A driver for tests of PCI, interrupts and DMA: QEMU's edu, as small as can be.
 * Its parameters leave out what drivers forget.
 */
#include "plugged.h"

#include <linux/completion.h>
#include <linux/dma-mapping.h>
#include <linux/fs.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>

static bool plugged_no_enable, plugged_no_master, plugged_no_owner;
static bool plugged_keep_irq, plugged_early_irq, plugged_managed;
static int plugged_vectors = PCI_IRQ_ALL_TYPES;
module_param(plugged_no_enable, bool, 0444);
module_param(plugged_no_master, bool, 0444);
module_param(plugged_no_owner, bool, 0444);
module_param(plugged_keep_irq, bool, 0444);
module_param(plugged_early_irq, bool, 0444);
module_param(plugged_managed, bool, 0444);
module_param(plugged_vectors, int, 0444);

struct plugged {
  struct pci_dev *pdev;
  void __iomem *regs;
  int *counter;
  u8 *memory;
  dma_addr_t dma;
  int irq;
  int interrupts;
  struct completion ready;
};

static struct plugged *plugged;

static irqreturn_t plugged_interrupt(int irq, void *data) {
  struct plugged *p = data;
  u32 status = p->regs ? ioread32(p->regs + 0x24) : 0;

  if (!status || status == ~0U) return IRQ_NONE;
  iowrite32(status, p->regs + 0x64);
  ++*p->counter;
  complete(&p->ready);
  return IRQ_HANDLED;
}

static long plugged_wait(struct plugged *p) {
  long left = wait_for_completion_interruptible_timeout(&p->ready, HZ);

  if (left < 0) return left;
  return left ? 0 : -ETIMEDOUT;
}

static long plugged_transfer(struct plugged *p, u64 from, u64 to, u32 command) {
  reinit_completion(&p->ready);
  iowrite32(from, p->regs + 0x80);
  iowrite32(to, p->regs + 0x88);
  iowrite32(64, p->regs + 0x90);
  iowrite32(command, p->regs + 0x98);
  return plugged_wait(p);
}

static long plugged_ioctl(struct file *file, unsigned int command, unsigned long arg) {
  struct plugged *p = plugged;
  long err;

  if (!p) return -ENODEV;
  switch (command) {
    case PLUGGED_FACTORIAL:
      reinit_completion(&p->ready);
      iowrite32(0x80, p->regs + 0x20);
      iowrite32(arg, p->regs + 0x08);
      err = plugged_wait(p);
      return err ? err : ioread32(p->regs + 0x08);
    case PLUGGED_ROUND_TRIP:
      memset(p->memory, arg, 64);
      err = plugged_transfer(p, p->dma, 0x40000, 5);
      if (err) return err;
      memset(p->memory, 0, 64);
      err = plugged_transfer(p, 0x40000, p->dma, 7);
      return err ? err : p->memory[63];
    case PLUGGED_INTERRUPTS:
      return p->interrupts;
    case PLUGGED_RAISE:
      iowrite32(arg, p->regs + 0x60);
      return 0;
    default:
      return -ENOTTY;
  }
}

static int plugged_mmap(struct file *file, struct vm_area_struct *vma) {
  if (!plugged) return -ENODEV;
  vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
  return vm_iomap_memory(vma, pci_resource_start(plugged->pdev, 0),
                         pci_resource_len(plugged->pdev, 0));
}

static struct file_operations plugged_fops = {
    .owner = THIS_MODULE,
    .unlocked_ioctl = plugged_ioctl,
    .mmap = plugged_mmap,
};

static struct miscdevice plugged_misc = {
    .minor = MISC_DYNAMIC_MINOR,
    .name = "plugged",
    .fops = &plugged_fops,
};

static int plugged_attach(struct plugged *p) {
  struct pci_dev *pdev = p->pdev;
  int err;

  err = pci_alloc_irq_vectors(pdev, 1, 1, plugged_vectors);
  if (err < 0) return err;
  p->irq = pci_irq_vector(pdev, 0);
  if (!plugged_early_irq) p->counter = &p->interrupts;
  err = request_irq(p->irq, plugged_interrupt, IRQF_SHARED, "plugged", p);
  if (err) pci_free_irq_vectors(pdev);
  p->counter = &p->interrupts;
  return err;
}

static int plugged_map(struct plugged *p) {
  struct pci_dev *pdev = p->pdev;
  int err;

  if (plugged_managed) {
    err = pcim_enable_device(pdev);
    if (!err) err = pcim_iomap_regions(pdev, 1, "plugged");
    if (!err) p->regs = pcim_iomap_table(pdev)[0];
    return err;
  }
  if (!plugged_no_enable) {
    err = pci_enable_device(pdev);
    if (err) return err;
  }
  err = pci_request_regions(pdev, "plugged");
  if (err) return err;
  p->regs = pci_iomap(pdev, 0, 0);
  return p->regs ? 0 : -ENOMEM;
}

static int plugged_probe(struct pci_dev *pdev, const struct pci_device_id *id) {
  struct plugged *p = kzalloc(sizeof(*p), GFP_KERNEL);
  int err;

  if (!p) return -ENOMEM;
  p->pdev = pdev;
  init_completion(&p->ready);
  err = plugged_map(p);
  if (err) return err;
  if (ioread32(p->regs) != 0x010000ed) dev_warn(&pdev->dev, "no edu\n");
  if (dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(28))) return -EIO;
  p->memory = dma_alloc_coherent(&pdev->dev, PAGE_SIZE, &p->dma, GFP_KERNEL);
  if (!p->memory) return -ENOMEM;
  if (!plugged_no_master) pci_set_master(pdev);
  err = plugged_attach(p);
  if (err) return err;
  pci_set_drvdata(pdev, p);
  plugged = p;
  return misc_register(&plugged_misc);
}

static void plugged_remove(struct pci_dev *pdev) {
  struct plugged *p = pci_get_drvdata(pdev);

  misc_deregister(&plugged_misc);
  plugged = NULL;
  pci_clear_master(pdev);
  if (!plugged_keep_irq) free_irq(p->irq, p);
  dma_free_coherent(&pdev->dev, PAGE_SIZE, p->memory, p->dma);
  if (!plugged_managed) {
    pci_free_irq_vectors(pdev);
    pci_iounmap(pdev, p->regs);
    pci_release_regions(pdev);
    pci_disable_device(pdev);
  }
  kfree(p);
}

static const struct pci_device_id plugged_ids[] = {
    {PCI_DEVICE(0x1234, 0x11e8)},
    {},
};
MODULE_DEVICE_TABLE(pci, plugged_ids);

static struct pci_driver plugged_driver = {
    .name = "plugged",
    .id_table = plugged_ids,
    .probe = plugged_probe,
    .remove = plugged_remove,
};

static int __init plugged_init(void) {
  if (plugged_no_owner) plugged_fops.owner = NULL;
  return pci_register_driver(&plugged_driver);
}
module_init(plugged_init);

static void __exit plugged_exit(void) { pci_unregister_driver(&plugged_driver); }
module_exit(plugged_exit);

MODULE_DESCRIPTION("Is plugged in");
MODULE_LICENSE("GPL");
