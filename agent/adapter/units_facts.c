/* SPDX-License-Identifier: Apache-2.0 */
/* The properties of a unit that anybody asks about, by name and signature, and how each becomes a fact. What the facts
 * mean is codec/enroll's and the guard's. */
#include <errno.h>
#include <stdio.h>

#include "adapter/units_facts.h"

enum kind {
        STRING,
        BOOL,
        U32,
        U64,
        JOB,
        AFTER,
        BINDS_TO,
        TRIGGERED_BY,
        TRIGGERS,
        WANTS,
        PART_OF,
        DROPINS,
        ASSERTS,
        CONDITIONS,
        ENV_FILES,
        LOAD_ERROR,
        COUNT,
        COMMANDS
};

struct property {
        const char *name;
        const char *contents; /* signature inside the variant */
        enum kind kind;
        size_t offset, size;
};

#define FIELD(f) offsetof(struct enroll_facts, f), sizeof(((struct enroll_facts *)NULL)->f)

static const struct property properties[] = {
        {"Id", "s", STRING, FIELD(id)},
        {"LoadState", "s", STRING, FIELD(load_state)},
        {"LoadError", "(ss)", LOAD_ERROR, FIELD(load_error)},
        {"ActiveState", "s", STRING, FIELD(active_state)},
        {"SubState", "s", STRING, FIELD(sub_state)},
        {"UnitFileState", "s", STRING, FIELD(unit_file_state)},
        {"Result", "s", STRING, FIELD(result)},
        {"ControlGroup", "s", STRING, FIELD(control_group)},
        {"Slice", "s", STRING, FIELD(slice)},
        {"MainPID", "u", U32, FIELD(main_pid)},
        {"Job", "(uo)", JOB, FIELD(job)},
        {"NeedDaemonReload", "b", BOOL, FIELD(need_daemon_reload)},
        {"RefuseManualStart", "b", BOOL, FIELD(refuse_manual_start)},
        {"RefuseManualStop", "b", BOOL, FIELD(refuse_manual_stop)},
        {"StopWhenUnneeded", "b", BOOL, FIELD(stop_when_unneeded)},
        {"FragmentPath", "s", STRING, FIELD(fragment)},
        {"DropInPaths", "as", DROPINS, 0, 0},
        {"After", "as", AFTER, 0, 0},
        {"BindsTo", "as", BINDS_TO, 0, 0},
        {"TriggeredBy", "as", TRIGGERED_BY, 0, 0},
        {"Triggers", "as", TRIGGERS, 0, 0},
        {"Wants", "as", WANTS, 0, 0},
        {"Requires", "as", WANTS, 0, 0},
        {"PartOf", "as", PART_OF, 0, 0},
        {"Asserts", "a(sbbsi)", ASSERTS, 0, 0},
        {"Conditions", "a(sbbsi)", CONDITIONS, 0, 0},
        {"ConditionResult", "b", BOOL, FIELD(condition_result)},
        {"AssertResult", "b", BOOL, FIELD(assert_result)},
        {"ConditionTimestampMonotonic", "t", U64, FIELD(condition_usec)},
        {"AssertTimestampMonotonic", "t", U64, FIELD(assert_usec)},
        {"InactiveEnterTimestampMonotonic", "t", U64, FIELD(inactive_enter_usec)},
        {"NRestarts", "u", U32, FIELD(n_restarts)},
        {"EnvironmentFiles", "a(sb)", ENV_FILES, 0, 0},
        {"Type", "s", STRING, FIELD(type)},
        {"NotifyAccess", "s", STRING, FIELD(notify_access)},
        {"KillMode", "s", STRING, FIELD(kill_mode)},
        {"TimeoutStopFailureMode", "s", STRING, FIELD(timeout_stop_failure_mode)},
        {"TimeoutStopUSec", "t", U64, FIELD(timeout_stop_usec)},
        {"SendSIGKILL", "b", BOOL, FIELD(send_sigkill)},
        {"FinalKillSignal", "i", U32, FIELD(final_kill_signal)},
        {"PAMName", "s", STRING, FIELD(pam_name)},
        {"PIDFile", "s", STRING, FIELD(pid_file)},
        {"GuessMainPID", "b", BOOL, FIELD(guess_main_pid)},
        {"RemainAfterExit", "b", BOOL, FIELD(remain_after_exit)},
        {"Restart", "s", STRING, FIELD(restart)},
        {"RestartUSec", "t", U64, FIELD(restart_usec)},
        {"StartLimitIntervalUSec", "t", U64, FIELD(start_limit_interval_usec)},
        {"StartLimitBurst", "u", U32, FIELD(start_limit_burst)},
        {"ExecStartPre", "a(sasbttttuii)", COMMANDS, 0, 0},
        {"ExecStart", "a(sasbttttuii)", COMMANDS, 0, 0},
        {"ExecStartPost", "a(sasbttttuii)", COMMANDS, 0, 0},
        {"ExecStop", "a(sasbttttuii)", COUNT, FIELD(n_exec_stop)},
        {"ExecStopPost", "a(sasbttttuii)", COUNT, FIELD(n_exec_stop_post)},
};

/* Only the last ones matter: what is applied later wins. */
static void add_dropin(struct enroll_facts *f, const char *path) {
        if (f->n_dropins == ENROLL_DROPINS_MAX)
                memmove(f->dropins[0], f->dropins[1], --f->n_dropins * sizeof(f->dropins[0]));
        if (util_copy(f->dropins[f->n_dropins], sizeof(f->dropins[0]), path))
                f->n_dropins++;
}

static void add_name(char (*list)[256], size_t max, size_t *n, const char *name) {
        if (*n < max && util_copy(list[*n], sizeof(list[0]), name))
                (*n)++;
}

static int parse_names(sd_bus_message *m, enum kind kind, struct enroll_facts *f) {
        const char *name;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "s");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read_basic(m, 's', &name)) > 0) {
                if (kind == BINDS_TO)
                        f->binds_to_guard |= util_streq(name, ENROLL_GUARD);
                else if (kind == AFTER) {
                        f->after_guard |= util_streq(name, ENROLL_GUARD);
                        f->after_agent |= util_streq(name, ENROLL_AGENT);
                } else if (kind == DROPINS)
                        add_dropin(f, name);
                else if (kind == TRIGGERS)
                        (void)util_copy(f->triggers, sizeof(f->triggers), name);
                else if (kind == PART_OF)
                        add_name(f->part_of, ELEMENTSOF(f->part_of), &f->n_part_of, name);
                else if (kind == TRIGGERED_BY)
                        add_name(f->triggered_by, ELEMENTSOF(f->triggered_by), &f->n_triggered_by, name);
                else if (enroll_trigger_type(name))
                        add_name(f->wants, ELEMENTSOF(f->wants), &f->n_wants, name);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* Only a plain AssertPathExists= is a gate: one with '|' may be met by another, one with '!' says the contrary. */
static void add_gate(struct enroll_facts *f, const char *parameter) {
        if (f->n_asserts < ELEMENTSOF(f->asserts) &&
            util_copy(f->asserts[f->n_asserts], sizeof(f->asserts[0]), parameter))
                f->n_asserts++;
}

/* failed: the first that was not met when they were last looked at, as it stands in the unit file. One with '|' has
 * failed only together with all others of that kind, and is told where there is none without. Of a unit that PID 1 has
 * loaded anew none is known to have failed: then it is one of all. */
static int parse_conditions(sd_bus_message *m, struct enroll_facts *f, bool asserts, char *failed, size_t size) {
        const char *type, *parameter;
        int trigger, negate, result, r;
        bool plain = false;
        char all[320] = "";
        unsigned n_all = 0;

        r = sd_bus_message_enter_container(m, 'a', "(sbbsi)");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(m, "(sbbsi)", &type, &trigger, &negate, &parameter, &result)) > 0) {
                size_t n = strlen(all);

                if (asserts && util_streq(type, "AssertPathExists") && !trigger && !negate)
                        add_gate(f, parameter);
                (void)snprintf(all + n, sizeof(all) - n, "%s%s=%s%s%s", n_all++ ? ", " : "", type, trigger ? "|" : "",
                               negate ? "!" : "", parameter);
                if (result >= 0 || plain || (trigger && failed[0]))
                        continue;
                plain = !trigger;
                (void)snprintf(failed, size, "%s=%s%s%s", type, trigger ? "|" : "", negate ? "!" : "", parameter);
        }
        if (!failed[0] && n_all)
                (void)snprintf(failed, size, "%s%.310s", n_all > 1 ? "one of " : "", all);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int parse_env_files(sd_bus_message *m, struct enroll_facts *f) {
        const char *path;
        int optional, r;

        r = sd_bus_message_enter_container(m, 'a', "(sb)");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(m, "(sb)", &path, &optional)) > 0)
                if (f->n_environment_files < ELEMENTSOF(f->environment_files) &&
                    util_copy(f->environment_files[f->n_environment_files], sizeof(f->environment_files[0]), path))
                        f->n_environment_files++;
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int parse_count(sd_bus_message *m, const char *contents, uint32_t *ret) {
        int r;

        r = sd_bus_message_enter_container(m, 'a', contents + 1);
        if (r < 0)
                return r;
        for (*ret = 0; (r = sd_bus_message_at_end(m, /* complete= */ 0)) == 0; (*ret)++) {
                r = sd_bus_message_skip(m, contents + 1);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* One command: its first words, which is where it says what it is. */
static int parse_command(sd_bus_message *m, const char *property, struct enroll_facts *f) {
        char client[sizeof(f->client) - sizeof("ExecStartPost=")], *argv[64] = {};
        const char *path, *word;
        size_t n = 0;
        int r;

        r = sd_bus_message_read_basic(m, 's', &path);
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "s");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read_basic(m, 's', &word)) > 0)
                if (n + 1 < ELEMENTSOF(argv))
                        argv[n++] = (char *)word;
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r >= 0)
                r = sd_bus_message_skip(m, "bttttuii");
        if (r >= 0 && !f->client[0] && enroll_client(path, argv, client, sizeof(client)))
                (void)snprintf(f->client, sizeof(f->client), "%s=%s", property, client);
        return r;
}

static int parse_commands(sd_bus_message *m, const char *property, struct enroll_facts *f) {
        int r;

        r = sd_bus_message_enter_container(m, 'a', "(sasbttttuii)");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'r', "sasbttttuii")) > 0) {
                r = parse_command(m, property, f);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int parse_value(sd_bus_message *m, const struct property *p, struct enroll_facts *f) {
        void *field = (char *)f + p->offset;
        const char *s = NULL, *unused;
        uint32_t id = 0;
        int b = 0, r;

        switch (p->kind) {
        case STRING:
                r = sd_bus_message_read_basic(m, 's', &s);
                /* Longer than any sane value: empty then, which no check accepts. */
                (void)util_copy(field, p->size, s);
                return r;
        case BOOL:
                r = sd_bus_message_read_basic(m, 'b', &b);
                *(bool *)field = b;
                return r;
        case U32:
                return sd_bus_message_read_basic(m, p->contents[0], field);
        case U64:
                return sd_bus_message_read_basic(m, 't', field);
        case JOB:
                r = sd_bus_message_read(m, "(uo)", &id, &unused);
                *(bool *)field = id != 0;
                return r;
        case LOAD_ERROR:
                r = sd_bus_message_read(m, "(ss)", &unused, &s);
                (void)util_copy(field, p->size, s);
                return r;
        case AFTER:
        case BINDS_TO:
        case TRIGGERED_BY:
        case TRIGGERS:
        case WANTS:
        case PART_OF:
        case DROPINS:
                return parse_names(m, p->kind, f);
        case ASSERTS:
                return parse_conditions(m, f, /* asserts= */ true, f->failed_assert, sizeof(f->failed_assert));
        case CONDITIONS:
                return parse_conditions(m, f, /* asserts= */ false, f->failed_condition, sizeof(f->failed_condition));
        case ENV_FILES:
                return parse_env_files(m, f);
        case COUNT:
                return parse_count(m, p->contents, field);
        case COMMANDS:
                return parse_commands(m, p->name, f);
        }
        return -EINVAL;
}

/* `Slice`, `KillMode` and others exist in several interfaces of other unit types with the same signature; a signature
 * that differs is skipped, so that the fact stays empty. */
static int parse_property(sd_bus_message *m, const char *name, struct enroll_facts *f) {
        const char *contents;
        char type;
        int r;

        r = sd_bus_message_peek_type(m, &type, &contents);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(properties); i++) {
                const struct property *p = &properties[i];

                if (!util_streq(p->name, name) || !util_streq(p->contents, contents))
                        continue;
                r = sd_bus_message_enter_container(m, 'v', p->contents);
                if (r < 0)
                        return r;
                r = parse_value(m, p, f);
                if (r < 0)
                        return r;
                return sd_bus_message_exit_container(m);
        }
        return sd_bus_message_skip(m, "v");
}

static int parse_properties(sd_bus_message *m, struct enroll_facts *ret) {
        const char *name;
        int r;

        memset(ret, 0, sizeof(*ret));
        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read_basic(m, 's', &name);
                if (r < 0)
                        return r;
                r = parse_property(m, name, ret);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

int units_facts_parse_changes(sd_bus_message *m, struct enroll_facts *ret) {
        const char *interface;
        int r = sd_bus_message_read(m, "s", &interface);

        return r < 0 ? r : parse_properties(m, ret);
}

int units_facts_parse(sd_bus_message *m, struct enroll_facts *ret) {
        int r = parse_properties(m, ret);

        if (r < 0)
                return r;
        /* Without these nothing can be decided. */
        return ret->id[0] && ret->load_state[0] && ret->active_state[0] ? 0 : -EBADMSG;
}
