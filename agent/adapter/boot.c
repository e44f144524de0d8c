/* SPDX-License-Identifier: Apache-2.0 */
/* The boot id as the kernel makes it, through libsystemd. */
#include <systemd/sd-id128.h>

#include "adapter/boot.h"

int boot_id_read(char *ret) {
        sd_id128_t id;
        int r;

        r = sd_id128_get_boot(&id);
        if (r < 0)
                return r;
        (void)sd_id128_to_uuid_string(id, ret);
        return 0;
}
