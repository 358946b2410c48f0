/* SPDX-License-Identifier: GPL-2.0 */
/* Not modelled; without this line the UAPI header of the same name would be taken for it. */
#ifndef DRYDOCK_UAPI_INCLUDES /* the UAPI's fb.h includes it, and uses nothing of it */
#include <drydock/lacking/linux/i2c.h>
#endif
