/* SPDX-License-Identifier: Apache-2.0 */
/* What must be so of anything that a host with one lock, prod/app, says of itself, whatever is wrong with it. */
#pragma once

#include "status_page.h"

/* Fails the test unless it is so. journal: what it got with it; what: in words. Nothing is empty; no instant is on the
 * wrong side of now; nothing is promised while what it needs is away; STATUS=, leaderctl and the document agree. */
void status_truth(const struct status_shown *s, const char *journal, const char *what);
