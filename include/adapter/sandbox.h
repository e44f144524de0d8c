/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration as leader-agent.service would meet it: `leader-agent --check-config` and `leaderctl check-config` are
 * this. Whether its files are seen behind what the unit in force hides (ProtectHome= and the like, codec/sandbox.h),
 * and whether its user may read them: PID 1 tells the settings, a child as that user tries, when root or that user
 * asks. Changes nothing. */
#pragma once

#include <stdio.h>

#include "base/err.h"

/* Prints conf_report() of path, and in a comment behind it what was found out, or why nothing could be. Returns 0;
 * negative errno with err set (-EACCES: the agent could not read a file; err has what names it, why, and the cure):
 * nothing is printed then. Waits for PID 1, at most 5 s for each of its answers. HOME and
 * KUBECONFIG become those of the service, where they are known. */
int sandbox_report(const char *path, FILE *f, struct err *err);
