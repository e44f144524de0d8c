/* SPDX-License-Identifier: Apache-2.0 */
#include "sim.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cmocka.h>
#include <curl/curl.h>
#include <json-c/json.h>

static const char certificates[] =
        "set -e; cd \"$1\"; umask 077; exec 2>openssl.log; "
        "key() { openssl ecparam -name prime256v1 -genkey -noout -out \"$1\"; }; "
        "for ca in ca other-ca; do key $ca.key; openssl req -x509 -new -key $ca.key -subj /CN=$ca -days 30 -out "
        "$ca.crt; done; "
        "cert() { key $1.key; openssl req -new -key $1.key -subj \"$2\" -out $1.csr; printf '%s\\n' \"$3\" > $1.ext; "
        "openssl x509 -req -in $1.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out $1.crt -extfile $1.ext; "
        "}; "
        "cert server /CN=server 'subjectAltName=IP:127.0.0.1,DNS:kubernetes.default'; "
        "cert admin /O=system:masters/CN=admin 'extendedKeyUsage=clientAuth'; "
        "printf '%s,system:serviceaccount:default:agent\\n' " SIM_TOKEN " > tokens; printf '%s\\n' " SIM_TOKEN
        " > token";

static void make_certificates(const struct sim *s) {
        pid_t pid = fork();
        int status;

        assert_true(pid >= 0);
        if (pid == 0) {
                (void)execlp("sh", "sh", "-c", certificates, "sh", s->dir.path, (char *)NULL);
                _exit(127);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

/* Beside the directory of this program: build/tests/integration/X and build/kubesim. */
static void binary(char path[static PATH_MAX]) {
        const char *from_environment = getenv("KUBESIM");
        ssize_t n;

        if (from_environment) {
                (void)snprintf(path, PATH_MAX, "%s", from_environment);
                return;
        }
        n = readlink("/proc/self/exe", path, PATH_MAX - 32);
        assert_true(n > 0);
        path[n] = 0;
        for (unsigned i = 0; i < 3; i++)
                *strrchr(path, '/') = 0;
        strcat(path, "/kubesim");
}

void sim_start(struct sim *s) {
        static const char ready[] = "kubesim ready on ";
        char path[PATH_MAX], line[128];
        int out[2];
        FILE *f;

        *s = (struct sim){0};
        tempdir_make(&s->dir);
        make_certificates(s);
        binary(path);
        if (access(path, X_OK) < 0)
                fail_msg("%s is not there; `make check-integration` builds it", path);
        assert_int_equal(pipe2(out, O_CLOEXEC), 0);
        s->pid = fork();
        assert_true(s->pid >= 0);
        if (s->pid == 0) {
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (chdir(s->dir.path) < 0 || dup2(out[1], 1) < 0)
                        _exit(127);
                (void)execl(path, path, "--port", "0", "--cert", "server.crt", "--key", "server.key", "--client-ca",
                            "ca.crt", "--tokens", "tokens", (char *)NULL);
                _exit(127);
        }
        close(out[1]);
        f = fdopen(out[0], "r");
        assert_non_null(f);
        assert_non_null(fgets(line, sizeof(line), f));
        fclose(f);
        line[strcspn(line, "\n")] = 0;
        assert_memory_equal(line, ready, strlen(ready));
        assert_true(util_copy(s->url, sizeof(s->url), line + strlen(ready)));

        static const char *const names[] = {"ca.crt", "admin.crt", "admin.key"};
        char **const fields[] = {&s->config.ca_file, &s->config.client_cert_file, &s->config.client_key_file};
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                *fields[i] = strdup(tempdir_path(&s->dir, names[i]));
                assert_non_null(*fields[i]);
        }
        s->config.server = s->url;
}

void sim_stop(struct sim *s) {
        if (s->pid > 0) {
                (void)kill(s->pid, SIGKILL);
                (void)waitpid(s->pid, NULL, 0);
        }
        tempdir_remove(&s->dir);
        free(s->config.ca_file);
        free(s->config.client_cert_file);
        free(s->config.client_key_file);
}

static size_t collect(char *data, size_t size, size_t n, void *userdata) {
        (void)fwrite(data, size, n, userdata);
        return size * n;
}

static char *control(struct sim *s, const char *method, const char *path, const char *body) {
        CURL *c = curl_easy_init();
        char *text = NULL;
        size_t n_text = 0;
        FILE *f = open_memstream(&text, &n_text);
        char url[256];
        long code = 0;

        assert_true(c && f);
        (void)snprintf(url, sizeof(url), "%s/_kubesim/%s", s->url, path);
        (void)curl_easy_setopt(c, CURLOPT_URL, url);
        (void)curl_easy_setopt(c, CURLOPT_CAINFO, tempdir_path(&s->dir, "ca.crt"));
        (void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
        (void)curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
        (void)curl_easy_setopt(c, CURLOPT_TIMEOUT, 20L);
        (void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, collect);
        (void)curl_easy_setopt(c, CURLOPT_WRITEDATA, f);
        if (body)
                (void)curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
        (void)curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
        assert_int_equal(curl_easy_perform(c), CURLE_OK);
        (void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &code);
        (void)fclose(f);
        if (code / 100 != 2)
                fail_msg("%s %s %s: HTTP %ld", method, path, body ? body : "", code);
        curl_easy_cleanup(c);
        return text;
}

void sim_control(struct sim *s, const char *method, const char *path, const char *body) {
        free(control(s, method, path, body));
}

unsigned sim_count_requests(struct sim *s, const char *verb) {
        char *text = control(s, "GET", "requests", NULL);
        struct json_object *log = json_tokener_parse(text), *v;
        unsigned n = 0;

        assert_non_null(log);
        for (size_t i = 0; i < json_object_array_length(log); i++)
                n += json_object_object_get_ex(json_object_array_get_idx(log, i), "verb", &v) &&
                     util_streq(json_object_get_string(v), verb);
        json_object_put(log);
        free(text);
        return n;
}

void sim_fault(struct sim *s, const char *match, const char *action) {
        char body[1024];

        (void)snprintf(body, sizeof(body), "{\"match\":%s,\"action\":%s}", match, action);
        sim_control(s, "POST", "faults", body);
}

void sim_heal(struct sim *s) {
        sim_control(s, "DELETE", "faults", NULL);
}
