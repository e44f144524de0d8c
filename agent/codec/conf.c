/* SPDX-License-Identifier: Apache-2.0 */
/* Reading: files into libconfig trees, trees through the table of keys into struct conf. Rules over several keys are in
 * conf_check.c. */
#include "codec/conf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libconfig.h>
#include <sys/stat.h>

#include "codec/conf_keys.h"
#include "codec/conf_units.h"

#define CONF_MAX_BYTES ((size_t)1024 * 1024)
#define CONF_MAX_FILES 256
#define CONF_MAX_LOCKS 1024

/* One parsed file; all stay open until the end, because `defaults` of the last one count for the locks of the first. */
struct source {
        char *path;
        config_t tree;
};

struct sources {
        struct source *files[CONF_MAX_FILES]; /* allocated one by one: a libconfig tree must not move */
        size_t n_files;
        struct conf_lock defaults;
        uint32_t defaults_set; /* bit per row of conf_lock_keys */
        uint32_t conf_set;     /* bit per row of conf_keys */
};

static void sources_done(struct sources *s) {
        for (size_t i = 0; i < s->n_files; i++) {
                config_destroy(&s->files[i]->tree);
                free(s->files[i]->path);
                free(s->files[i]);
        }
        conf_key_free_all(conf_lock_keys, &s->defaults);
}

static int read_text(const char *path, char **ret, struct err *err) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        struct stat st;
        _cleanup_free_ char *text = NULL;
        size_t n = 0;

        if (fd < 0)
                return err_setf(err, -errno, "cannot read configuration %s: %s%s", path, strerror(errno),
                                errno == ENOENT ? "; a commented sample is in the package's documentation" : "");
        if (fstat(fd, &st) < 0)
                return err_setf(err, -errno, "cannot read configuration %s: %s", path, strerror(errno));
        if (!S_ISREG(st.st_mode))
                return err_setf(err, -EINVAL, "cannot read configuration %s: it is not a regular file", path);
        if (st.st_size > (off_t)CONF_MAX_BYTES)
                return err_setf(err, -EFBIG,
                                "cannot read configuration %s: it has %lld bytes, and %zu are the most; is the path "
                                "right? Locks may be in several files in conf.d",
                                path, (long long)st.st_size, CONF_MAX_BYTES);

        text = malloc(CONF_MAX_BYTES + 1);
        if (!text)
                return err_setf(err, -ENOMEM, "out of memory");
        for (;;) {
                ssize_t k = read(fd, text + n, CONF_MAX_BYTES - n);

                if (k < 0)
                        return err_setf(err, -errno, "cannot read configuration %s: %s", path, strerror(errno));
                if (k == 0)
                        break;
                n += (size_t)k;
        }
        text[n] = '\0';
        if (strlen(text) != n)
                return err_setf(err, -EINVAL, "%s: the file has a NUL byte at offset %zu: not a configuration", path,
                                strlen(text));
        *ret = TAKE_PTR(text);
        return 0;
}

static int sources_add(struct sources *s, const char *path, struct err *err) {
        _cleanup_free_ char *text = NULL;
        int r;
        struct source *f;

        if (s->n_files >= CONF_MAX_FILES)
                return err_setf(err, -EINVAL, "%s: more than %d configuration files", path, CONF_MAX_FILES);
        r = read_text(path, &text, err);
        if (r < 0)
                return r;
        r = conf_text_check(path, text, err);
        if (r < 0)
                return r;

        f = calloc(1, sizeof(*f));
        if (!f)
                return err_setf(err, -ENOMEM, "out of memory");
        config_init(&f->tree);
        s->files[s->n_files++] = f;
        f->path = strdup(path);
        if (!f->path)
                return err_setf(err, -ENOMEM, "out of memory");
        if (config_read_string(&f->tree, text) != CONFIG_TRUE)
                return err_setf(err, -EINVAL, "%s:%d: %s", path, config_error_line(&f->tree),
                                config_error_text(&f->tree));
        return 0;
}

static int only_conf(const struct dirent *d) {
        size_t n = strlen(d->d_name);

        return d->d_name[0] != '.' && n > 5 && util_streq(d->d_name + n - 5, ".conf");
}

static int by_name(const struct dirent **a, const struct dirent **b) {
        /* Not alphasort(): the order must not depend on the locale. */
        return strcmp((*a)->d_name, (*b)->d_name);
}

static int sources_add_directory(struct sources *s, const char *main_path, struct err *err) {
        const char *slash = strrchr(main_path, '/');
        _cleanup_free_ char *dir = NULL;
        struct dirent **names = NULL;
        int n, r = 0;

        if (asprintf(&dir, "%.*sconf.d", slash ? (int)(slash + 1 - main_path) : 0, main_path) < 0) {
                dir = NULL;
                return err_setf(err, -ENOMEM, "out of memory");
        }
        n = scandir(dir, &names, only_conf, by_name);
        if (n < 0)
                return errno == ENOENT ? 0
                                       : err_setf(err, -errno, "cannot read directory %s: %s", dir, strerror(errno));
        for (int i = 0; i < n; i++) {
                _cleanup_free_ char *path = NULL;

                if (r == 0 && asprintf(&path, "%s/%s", dir, names[i]->d_name) < 0) {
                        path = NULL;
                        r = err_setf(err, -ENOMEM, "out of memory");
                }
                if (r == 0)
                        r = sources_add(s, path, err);
                free(names[i]);
        }
        free(names);
        return r;
}

static const char *type_name(const config_setting_t *s) {
        switch (config_setting_type(s)) {
        case CONFIG_TYPE_GROUP:
                return "a group { … }";
        case CONFIG_TYPE_ARRAY:
                return "an array [ … ]";
        case CONFIG_TYPE_LIST:
                return "a list ( … )";
        case CONFIG_TYPE_FLOAT:
                return "a number with a fraction";
        default: /* texts and whole numbers are taken */
                return "true or false";
        }
}

/* A lock names one unit, or several. */
static int apply_units(const struct source *f, struct conf_lock *l, uint32_t *set, const config_setting_t *s,
                       struct err *err) {
        struct err why = {};
        size_t i;
        int r;

        (void)conf_key_find(conf_lock_keys, "unit", &i);
        r = conf_units_set(&l->unit, s, &why);
        if (r < 0)
                return err_setf(err, r, "%s:%u: %s", f->path, (unsigned)config_setting_source_line(s), why.text);
        *set |= UINT32_C(1) << i;
        return 0;
}

/* One KEY = VALUE of a group through the table. */
static int apply(const struct source *f, const struct conf_key *table, void *base, uint32_t *set,
                 const config_setting_t *s, const char *where, bool defaults, struct err *err) {
        const char *name = config_setting_name(s);
        unsigned line = config_setting_source_line(s);
        size_t i;
        const struct conf_key *key = name ? conf_key_find(table, name, &i) : NULL;
        struct err why = {};
        int r;

        /* Names and texts that libconfig had no memory to copy it leaves out without a word. */
        if (!name || (config_setting_type(s) == CONFIG_TYPE_STRING && !config_setting_get_string(s)))
                return err_setf(err, -ENOMEM, "%s:%u: out of memory", f->path, line);
        if (table == conf_lock_keys && !defaults && util_streq(name, "units"))
                return apply_units(f, base, set, s, err);
        if (!key || (defaults && key->own))
                return err_setf(err, -EINVAL, "%s:%u: unknown key \"%s\"%s; leader-agent.conf(5) lists them", f->path,
                                line, name, where);
        switch (config_setting_type(s)) {
        case CONFIG_TYPE_STRING:
                r = conf_key_set(key, base, config_setting_get_string(s), &why);
                break;
        case CONFIG_TYPE_INT:
        case CONFIG_TYPE_INT64:
                r = conf_key_set_number(key, base, config_setting_get_int64(s), &why);
                break;
        default:
                r = err_setf(&why, -EINVAL, "%s is %s, must be %s", name, type_name(s),
                             key->type == CONF_TYPE_USEC    ? "a time span such as \"15s\" or a number of seconds"
                             : key->type == CONF_TYPE_COUNT ? "a number"
                                                            : "a text in quotes");
        }
        if (r < 0)
                return err_setf(err, r, "%s:%u: %s", f->path, line, why.text);
        *set |= UINT32_C(1) << i;
        return 0;
}

static int apply_group(const struct source *f, const struct conf_key *table, void *base, uint32_t *set,
                       const config_setting_t *group, const char *where, bool defaults, struct err *err) {
        for (int i = 0; i < config_setting_length(group); i++) {
                int r = apply(f, table, base, set, config_setting_get_elem(group, (unsigned)i), where, defaults, err);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int expect_type(const struct source *f, const config_setting_t *s, int type, const char *what, struct err *err) {
        if (config_setting_type(s) == type)
                return 0;
        return err_setf(err, -EINVAL, "%s:%u: %s", f->path, (unsigned)config_setting_source_line(s), what);
}

/* FILE:LINE, in the place of what *ret was. */
static int where_of(const struct source *f, const config_setting_t *s, char **ret, struct err *err) {
        free(TAKE_PTR(*ret));
        if (asprintf(ret, "%s:%u", f->path, (unsigned)config_setting_source_line(s)) >= 0)
                return 0;
        *ret = NULL;
        return err_setf(err, -ENOMEM, "out of memory");
}

static int load_scalars(struct sources *s, const struct source *f, struct conf *c, struct err *err) {
        const config_setting_t *root = config_root_setting(&f->tree);

        for (int i = 0; i < config_setting_length(root); i++) {
                const config_setting_t *e = config_setting_get_elem(root, (unsigned)i);
                int r;

                if (util_streq(config_setting_name(e), "locks")) {
                        r = expect_type(f, e, CONFIG_TYPE_LIST,
                                        "locks must be a list: locks = ( { name = …; unit = …; } );", err);
                } else if (util_streq(config_setting_name(e), "defaults")) {
                        r = expect_type(f, e, CONFIG_TYPE_GROUP,
                                        "defaults must be a group: defaults = { tenure = …; };", err);
                        if (r == 0)
                                r = apply_group(f, conf_lock_keys, &s->defaults, &s->defaults_set, e, " in defaults",
                                                true, err);
                } else {
                        r = apply(f, conf_keys, c, &s->conf_set, e, "", false, err);
                }
                if (r == 0 && util_streq(config_setting_name(e), "kubeconfig"))
                        r = where_of(f, e, &c->kubeconfig_where, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Fills what the file left open from `defaults`, then from the table. */
static int complete_lock(const struct sources *s, struct conf_lock *l, uint32_t set, struct err *err) {
        /* Tenure first: another default may depend on it. */
        for (int pass = 0; pass < 2; pass++)
                for (size_t i = 0; conf_lock_keys[i].name; i++) {
                        const struct conf_key *key = &conf_lock_keys[i];
                        uint32_t bit = UINT32_C(1) << i;
                        bool is_tenure = key->offset == offsetof(struct conf_lock, tenure);
                        const char *preset;
                        int r = 0;

                        if ((set & bit) || is_tenure != (pass == 0))
                                continue;
                        preset = l->tenure == TENURE_LIFE && key->preset_life ? key->preset_life : key->preset;
                        if (s->defaults_set & bit)
                                r = conf_key_copy(key, l, &s->defaults);
                        else if (key->required)
                                return err_setf(err, -EINVAL, "%s: this lock has no %s", l->where, key->name);
                        else if (preset)
                                r = conf_key_set(key, l, preset, err);
                        if (r < 0)
                                return err_setf(err, r, "%s: %s: %s", l->where, key->name, strerror(-r));
                }
        return 0;
}

static int load_lock(const struct sources *s, const struct source *f, struct conf *c, const config_setting_t *group,
                     struct err *err) {
        int r = expect_type(f, group, CONFIG_TYPE_GROUP, "each lock must be a group: { name = \"…\"; unit = \"…\"; }",
                            err);
        struct conf_lock *locks, *l;
        uint32_t set = 0;

        if (r < 0)
                return r;
        if (c->n_locks >= CONF_MAX_LOCKS)
                return err_setf(err, -EINVAL, "%s:%u: more than %d locks", f->path,
                                (unsigned)config_setting_source_line(group), CONF_MAX_LOCKS);
        locks = reallocarray(c->locks, c->n_locks + 1, sizeof(*locks));
        if (!locks)
                return err_setf(err, -ENOMEM, "out of memory");
        c->locks = locks;
        l = &locks[c->n_locks++];
        *l = (struct conf_lock){};
        r = where_of(f, group, &l->where, err);
        if (r == 0 && config_setting_get_member(group, "unit") && config_setting_get_member(group, "units"))
                r = err_setf(err, -EINVAL, "%s: unit and units: a lock has one of them", l->where);
        if (r == 0)
                r = apply_group(f, conf_lock_keys, l, &set, group, " in a lock", false, err);
        if (r == 0)
                r = complete_lock(s, l, set, err);
        for (size_t i = 0; r == 0 && conf_lock_keys[i].name; i++)
                if (conf_lock_keys[i].lease && l->tenure != TENURE_LEASE)
                        l->unused |= set & UINT32_C(1) << i;
        return r;
}

static int load_locks(const struct sources *s, const struct source *f, struct conf *c, struct err *err) {
        const config_setting_t *list = config_lookup(&f->tree, "locks");

        for (int i = 0; list && i < config_setting_length(list); i++) {
                int r = load_lock(s, f, c, config_setting_get_elem(list, (unsigned)i), err);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* Scalars have to be complete before a lock can inherit its namespace. */
static int complete_conf(const struct sources *s, struct conf *c, struct err *err) {
        for (size_t i = 0; conf_keys[i].name; i++)
                if (!(s->conf_set & (UINT32_C(1) << i)) && conf_keys[i].preset) {
                        int r = conf_key_set(&conf_keys[i], c, conf_keys[i].preset, err);

                        if (r < 0)
                                return r;
                }
        return 0;
}

static int note_files(const struct sources *s, struct conf *c, struct err *err) {
        c->files = calloc(s->n_files + 1, sizeof(*c->files));
        for (size_t i = 0; c->files && i < s->n_files; i++, c->n_files++) {
                c->files[i] = strdup(s->files[i]->path);
                if (!c->files[i])
                        break;
        }
        return c->n_files == s->n_files ? 0 : err_setf(err, -ENOMEM, "out of memory");
}

int conf_load(struct conf **ret, const char *path, struct err *err) {
        _cleanup_(sources_done) struct sources s = {};
        _cleanup_(conf_freep) struct conf *c = calloc(1, sizeof(*c));
        int r;

        if (!c)
                return err_setf(err, -ENOMEM, "out of memory");
        path = path ? path : CONF_PATH;
        r = sources_add(&s, path, err);
        if (r < 0)
                return r;
        r = sources_add_directory(&s, path, err);
        for (size_t i = 0; r == 0 && i < s.n_files; i++)
                r = load_scalars(&s, s.files[i], c, err);
        if (r == 0)
                r = complete_conf(&s, c, err);
        for (size_t i = 0; r == 0 && i < s.n_files; i++)
                r = load_locks(&s, s.files[i], c, err);
        if (r == 0)
                r = note_files(&s, c, err);
        if (r < 0)
                return r;
        if (c->n_locks == 0)
                return err_setf(err, -EINVAL,
                                "%s: no lock is configured; add locks = ( { name = \"…\"; unit = \"….service\"; } );",
                                path);
        r = c->namespace_ ? conf_set_default_namespace(c, c->namespace_, err) : conf_check(c, err);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(c);
        return 0;
}

struct conf *conf_free(struct conf *c) {
        if (!c)
                return NULL;
        for (size_t i = 0; i < c->n_locks; i++)
                conf_lock_done(&c->locks[i]);
        free(c->locks);
        for (size_t i = 0; i < c->n_files; i++)
                free(c->files[i]);
        free(c->files);
        free(c->kubeconfig_where);
        conf_key_free_all(conf_keys, c);
        free(c);
        return NULL;
}
