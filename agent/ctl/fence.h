/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* `leaderctl fence LOCK --holder IDENTITY --reason TEXT`: argv[0] is the verb. Returns the exit status. */
int ctl_fence(int argc, char **argv);
