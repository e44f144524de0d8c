/* SPDX-License-Identifier: Apache-2.0 */
/* What `leaderctl status` prints of the agent's status document. Where the document comes from is the verb's. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/* Prints the document (codec/report.h) into f; what is missing in it is left empty. colors: with a terminal's. Returns
 * 0; -EBADMSG: it is none, nothing is printed; -ENOMEM: the table is missing. */
int status_print(const char *json, FILE *f, bool colors);
