/* SPDX-License-Identifier: Apache-2.0 */
/* For table.sh: the holes of every lock of the given configurations, as lines `HOLE TENURE USEC`, `none` for a hole
 * that nothing bounds. */
#include <inttypes.h>
#include <stdio.h>

#include "codec/conf_holes.h"

int main(int argc, char **argv) {
        for (int i = 1; i < argc; i++) {
                _cleanup_(conf_freep) struct conf *c = NULL;
                struct err err = {};

                if (conf_load(&c, argv[i], &err) < 0) {
                        (void)fprintf(stderr, "bounds: %s\n", err.text);
                        return EXIT_FAILURE;
                }
                for (size_t n = 0; n < c->n_locks; n++)
                        for (unsigned h = 0; h < N_CONF_HOLES; h++) {
                                uint64_t usec = conf_hole_usec(c, &c->locks[n], h);

                                printf("%s %s ", conf_hole_to_string(h), tenure_to_string(c->locks[n].tenure));
                                if (usec == USEC_INFINITY)
                                        printf("none\n");
                                else
                                        printf("%" PRIu64 "\n", usec);
                        }
        }
        return EXIT_SUCCESS;
}
