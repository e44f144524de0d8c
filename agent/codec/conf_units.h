/* SPDX-License-Identifier: Apache-2.0 */
/* The key `units` of a lock; only for the files conf*.c. */
#pragma once

#include <libconfig.h>

#include "codec/conf.h"

/* Puts the list into *ret, in the place of what was there, which is freed. Returns 0; -EINVAL with err saying what is
 * expected (the caller adds file and line); -ENOMEM. */
int conf_units_set(char **ret, const config_setting_t *s, struct err *err);
