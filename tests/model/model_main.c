/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <string.h>

#include "model.h"

struct parameters parameters = {
        .agents = 2,
        .faults = 1,
        .humans = 1,
        .duration = {5, 5, 5},
        .renew_deadline = 2,
        .stop = 1,
        .watchdog = 1,
        .margin = 2,
        .gc = true,
        .max_states = 20000000,
        /* these only where they are asked for */
        .fault_kinds = ~(UINT64_C(1) << MOVE_UNIT_END | UINT64_C(1) << MOVE_SUSPEND | UINT64_C(1) << MOVE_BREAK_LINK |
                         UINT64_C(1) << MOVE_UNENROL | UINT64_C(1) << MOVE_END_AGENT | UINT64_C(1) << MOVE_JAM |
                         UINT64_C(1) << MOVE_HANG | UINT64_C(1) << MOVE_SUSPEND_HUNG | FILLS),
};

/* "hold,crash": only these faults. Returns false for an unknown word. */
static bool only(const char *list) {
        static const struct {
                const char *word;
                uint8_t kind;
        } kinds[] = {
                {"hold", MOVE_HOLD},
                {"slow", MOVE_SLOW},
                {"fail", MOVE_FAIL},
                {"twice", MOVE_TWICE},
                {"no-claim", MOVE_CLAIM_FAILS},
                {"tear", MOVE_TEAR},
                {"damage", MOVE_DAMAGE},
                {"kill-agent", MOVE_KILL_AGENT},
                {"end-agent", MOVE_END_AGENT},
                {"freeze-agent", MOVE_FREEZE_AGENT},
                {"kill-guard", MOVE_KILL_GUARD},
                {"freeze-guard", MOVE_FREEZE_GUARD},
                {"slow-reading", MOVE_SLOW_READING},
                {"suspend", MOVE_SUSPEND},
                {"suspend-hung", MOVE_SUSPEND_HUNG},
                {"break-link", MOVE_BREAK_LINK},
                {"crash", MOVE_CRASH},
                {"fill", MOVE_FILL},
                {"read-only", MOVE_READ_ONLY},
                {"trip", MOVE_TRIP},
                {"lose-state", MOVE_LOSE_STATE},
                {"clone", MOVE_CLONE},
                {"old-event", MOVE_HOLD_WATCH},
                {"own-event", MOVE_VERIFY},
                {"sign", MOVE_SIGN},
                {"unit-exit", MOVE_UNIT_EXIT},
                {"unit-end", MOVE_UNIT_END},
                {"slow-start", MOVE_SLOW_START},
                {"jam", MOVE_JAM},
                {"hang", MOVE_HANG},
                {"unenrol", MOVE_UNENROL},
        };

        parameters.fault_kinds = 0;
        while (*list) {
                size_t n = strcspn(list, ","), i = 0;

                while (i < ELEMENTSOF(kinds) && !(strlen(kinds[i].word) == n && strncmp(kinds[i].word, list, n) == 0))
                        i++;
                if (i == ELEMENTSOF(kinds))
                        return false;
                parameters.fault_kinds |= UINT64_C(1) << kinds[i].kind;
                list += n + (list[n] == ',');
        }
        return true;
}

static unsigned number(const char *s) {
        return (unsigned)strtoul(s, NULL, 10);
}

int main(int argc, char **argv) {
        static const struct option options[] = {
                {"agents", required_argument, NULL, 'a'},
                {"tenure", required_argument, NULL, 't'},
                {"faults", required_argument, NULL, 'f'},
                {"humans", required_argument, NULL, 'h'},
                {"states", required_argument, NULL, 's'},
                {"no-gc", no_argument, NULL, 'g'},
                {"coverage", required_argument, NULL, 'c'},
                {"duration", required_argument, NULL, 'd'},
                {"margin", required_argument, NULL, 'm'},
                {"renew-deadline", required_argument, NULL, 'r'},
                {"only", required_argument, NULL, 'o'},
                {"no-invariant", no_argument, NULL, 'i'},
                {"leading", no_argument, NULL, 'l'},
                {"crowded", no_argument, NULL, 'Q'},
                {"duration-b", required_argument, NULL, 'b'},
                {"watchdog", required_argument, NULL, 'w'},
                {"rate", required_argument, NULL, 'R'},
                {"slips", required_argument, NULL, 'S'},
                {"apart", required_argument, NULL, 'A'},
                {"hole", no_argument, NULL, 'H'},
                {"clone", no_argument, NULL, 'C'},
                {"placeholder", required_argument, NULL, 'p'},
                {"forges", no_argument, NULL, 'F'},
                {"edits", no_argument, NULL, 'E'},
                {"two", no_argument, NULL, 'T'},
                {"list", no_argument, NULL, 'L'},
                {"triggered", no_argument, NULL, 'G'},
                {},
        };
        const char *cover = NULL;
        bool unsafe;
        int c, r;

        while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
                switch (c) {
                case 'a':
                        parameters.agents = number(optarg);
                        break;
                case 't':
                        for (unsigned i = 0; i < MAX_AGENTS; i++)
                                parameters.tenure[i] = strcmp(optarg, "life") == 0    ? TENURE_LIFE
                                                       : strcmp(optarg, "lease") == 0 ? TENURE_LEASE
                                                                                      : i % 2;
                        break;
                case 'f':
                        parameters.faults = number(optarg);
                        break;
                case 'h':
                        parameters.humans = number(optarg);
                        break;
                case 's':
                        parameters.max_states = strtoul(optarg, NULL, 10);
                        break;
                case 'g':
                        parameters.gc = false;
                        break;
                case 'l':
                        parameters.leading = true;
                        break;
                case 'Q':
                        parameters.crowded = true;
                        break;
                case 'i':
                        parameters.no_invariant = true;
                        break;
                case 'c':
                        cover = optarg;
                        break;
                case 'd':
                        parameters.duration[0] = parameters.duration[1] = parameters.duration[2] = number(optarg);
                        break;
                case 'b':
                        parameters.duration[1] = number(optarg);
                        break;
                case 'w':
                        parameters.watchdog = number(optarg);
                        break;
                case 'm':
                        parameters.margin = number(optarg);
                        break;
                case 'r':
                        parameters.renew_deadline = number(optarg);
                        break;
                case 'R':
                        parameters.rate = parameters.slips = number(optarg);
                        break;
                case 'S':
                        parameters.slips = number(optarg);
                        break;
                case 'A':
                        parameters.apart = number(optarg);
                        break;
                case 'H':
                        parameters.hole = true;
                        break;
                case 'p':
                        parameters.pod = strcmp(optarg, "pod") == 0;
                        break;
                case 'F':
                        parameters.forges = true;
                        break;
                case 'E':
                        parameters.edits = true;
                        break;
                case 'T':
                        parameters.two = true;
                        break;
                case 'L':
                        parameters.list = true;
                        break;
                case 'G':
                        parameters.triggered = true;
                        break;
                case 'C':
                        parameters.clone = true;
                        break;
                case 'o':
                        if (!only(optarg))
                                return 2;
                        break;
                default:
                        return 2;
                }
        if (parameters.two && (parameters.agents > 2 || parameters.clone || parameters.edits || parameters.forges))
                return 2;
        if (parameters.agents < 1 || parameters.agents > MAX_AGENTS || parameters.max_states > INT32_MAX)
                return 2;
        for (unsigned i = 0; i < parameters.agents; i++)
                parameters.time |= parameters.tenure[i] == TENURE_LEASE;
        if (parameters.slips && !parameters.apart)
                parameters.apart = parameters.duration[0] + 1;
        setvbuf(stdout, NULL, _IOLBF, 0);
        if (parameters.list)
                return list_explore();
        printf("model: %u agents (", parameters.agents);
        for (unsigned i = 0; i < parameters.agents; i++)
                printf("%s%s", i ? " " : "", parameters.tenure[i] == TENURE_LEASE ? "lease" : "life");
        printf("), from %s, %u faults, %u human acts, garbage collector %s\n",
               parameters.leading ? "A leading" : "nothing", parameters.faults, parameters.humans,
               parameters.gc ? "may act at any time" : "off");
        if (parameters.pod)
                printf("  placeholders: Pods\n");
        if (parameters.forges)
                printf("  humans also write locks that name a foreign Lease\n");
        if (parameters.edits)
                printf("  humans also edit the records of locks\n");
        if (parameters.two)
                printf("  two locks\n");
        if (parameters.clone)
                printf("  %c is a clone of A, if it comes up\n", 'A' + (int)parameters.agents - 1);
        if (parameters.slips)
                printf("  clocks: each gains or loses %u ticks in all, %u ticks apart; the core allows for %u in %u\n",
                       parameters.slips, parameters.apart, parameters.rate, parameters.duration[0]);
        r = explore(&unsafe);
        if (parameters.hole) {
                printf(unsafe ? "  as stated: this is a hole\n" : "UNEXPECTED: the hole was not found\n");
                r = !unsafe;
        }
        if (cover && !cover_write(cover))
                return 2;
        return r;
}
