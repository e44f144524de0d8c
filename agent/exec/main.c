/* SPDX-License-Identifier: Apache-2.0 */
/* leader-agent-exec: runs one credential plugin for the agent that is connected to its standard input, as a user of its
 * own (leader-agent-exec.socket). All it does is adapter/exec.h, exec_serve(). */
#include <stdio.h>

#include "adapter/exec.h"

int main(int argc, char **argv) {
        int r;

        if (argc > 1 && util_streq(argv[1], "--version")) {
                puts("leader-agent-exec " AGENT_VERSION);
                return EXIT_SUCCESS;
        }
        if (argc > 1) {
                fputs("leader-agent-exec: runs a credential plugin for leader-agent. Run by systemd\n"
                      "(leader-agent-exec.socket), with the connection as standard input.\n",
                      stderr);
                return 2;
        }
        r = exec_serve(STDIN_FILENO);
        if (r < 0)
                fprintf(stderr, "leader-agent-exec: no answer: %s\n", strerror(-r));
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
