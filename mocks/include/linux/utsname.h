/* SPDX-License-Identifier: GPL-2.0 */
/* Not modelled; without this line the UAPI header of the same name would be taken for it. */
#include <drydock/lacking/linux/utsname.h>
