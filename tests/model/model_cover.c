/* SPDX-License-Identifier: Apache-2.0 */
/* What a search has reached, one word list per line, for tests/model/check.sh: it compares the union of all its runs
 * with transitions.txt. */
#include "model.h"

static const char *election_name(unsigned s) {
        return election_state_to_string((uint8_t)s);
}

static const char *placeholder_name(unsigned s) {
        return placeholder_state_to_string((uint8_t)s);
}

static const char *supervise_name(unsigned s) {
        return supervise_state_to_string(s);
}

static void write_steps(FILE *f, const char *what, const uint64_t *matrix, unsigned n, const char *(*name)(unsigned)) {
        for (unsigned from = 0; from < n; from++)
                for (unsigned to = 0; to < n; to++)
                        if (matrix[from * n + to] && from == to)
                                fprintf(f, "%s %s\n", what, name(from));
                        else if (matrix[from * n + to])
                                fprintf(f, "%s %s %s\n", what, name(from), name(to));
}

bool cover_write(const char *path) {
        FILE *f = fopen(path, "w");

        if (!f) {
                perror(path);
                return false;
        }
        write_steps(f, "election", &coverage.election[0][0], N_ELECTION_STATES, election_name);
        write_steps(f, "placeholder", &coverage.placeholder[0][0], N_PLACEHOLDER_STATES, placeholder_name);
        write_steps(f, "supervise", &coverage.supervise[0][0], N_SUPERVISE_STATES, supervise_name);
        for (unsigned i = 1; i < N_ELECTION_OPS; i++)
                if (coverage.election_ops[i])
                        fprintf(f, "lock-request %s\n", election_op_to_string((uint8_t)i));
        for (unsigned i = 1; i < N_PLACEHOLDER_OPS; i++)
                if (coverage.placeholder_ops[i])
                        fprintf(f, "placeholder-request %s\n", placeholder_op_to_string((uint8_t)i));
        for (unsigned i = 0; i < N_MOVES; i++)
                if (coverage.moves[i])
                        fprintf(f, "move %s\n", move_kind_to_string(i));
        for (unsigned i = 1; i < N_ELECTION_REASONS; i++)
                if (coverage.reasons[i])
                        fprintf(f, "reason %s\n", election_reason_to_string((uint8_t)i));
        return fclose(f) == 0;
}
