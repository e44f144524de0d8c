/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* `leaderctl list [LOCK...]`: argv[0] is the verb. Returns the exit status. */
int ctl_list(int argc, char **argv);
