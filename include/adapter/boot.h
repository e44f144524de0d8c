/* SPDX-License-Identifier: Apache-2.0 */
/* Which boot of this host this is: permits and claims of an earlier one are judged by it. */
#pragma once

/* Room for a boot id in its UUID form, "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", and the final zero. */
#define BOOT_ID_SIZE 37

/* This boot's id into ret[BOOT_ID_SIZE]. Returns 0, or the negative errno of reading it. */
int boot_id_read(char *ret);
