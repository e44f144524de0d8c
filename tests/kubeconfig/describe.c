/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of kubeconfig files, for tests/cluster/kubeconfig: reads a path a line, writes a line for each, "error:
 * …" or the connection as described there; with "answers" of what plugins printed. */
#include <stdio.h>

#include "codec/exec_credential.h"
#include "codec/kubeconfig.h"
#include "codec/kubeconfig_parts.h"
#include "codec/object.h"
#include "codec/tls.h"

static char *token_of(const struct kubeconfig *k) {
        char *text = NULL, *from, *copy;
        size_t size;

        if (!k->token_file || kubeconfig_read_file(k->token_file, &text, &size) < 0)
                return k->token ? strdup(k->token) : NULL;
        from = text + strspn(text, " \t\r\n");
        from[strcspn(from, " \t\r\n")] = '\0';
        copy = *from || !k->token ? strdup(from) : strdup(k->token);
        free(text);
        return copy;
}

static void add_list(struct json_object *o, const char *key, char *const *texts, size_t n) {
        struct json_object *array = object_add_array(o, key);

        for (size_t i = 0; i < n; i++)
                (void)json_object_array_add(array, json_object_new_string(texts[i]));
}

/* As JSON, with what the plugin would be told. */
static void describe_plugin(const struct kubeconfig *k) {
        _cleanup_(json_object_putp) struct json_object *o = json_object_new_object();
        _cleanup_free_ char *info = NULL;

        if (exec_credential_info(k, &info) < 0)
                abort();
        (void)object_add_string(o, "command", k->exec->command);
        (void)object_add_string(o, "apiVersion", k->exec->api_version);
        add_list(o, "args", k->exec->args, k->exec->n_args);
        add_list(o, "env", k->exec->env, k->exec->n_env);
        (void)object_add_string(o, "installHint", k->exec->install_hint ? k->exec->install_hint : "");
        (void)json_object_object_add(o, "info", json_tokener_parse(info));
        (void)printf(" exec=%s", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
}

static void describe(const struct kubeconfig *k) {
        _cleanup_(tls_freep) struct tls *tls = NULL;
        _cleanup_free_ char *token = token_of(k);
        bool is_tls = strncmp(k->server, "https:", strlen("https:")) == 0;
        struct err err = {};

        if (is_tls && tls_load(&tls, k, &err) < 0) {
                (void)printf("error: %s\n", err.text);
                return;
        }
        (void)printf("server=%s sni=%s insecure=%d proxy=%s ca=%s cert=%s token=%s basic=%s namespace=%s", k->server,
                     is_tls && k->tls_server_name ? k->tls_server_name : "", is_tls && k->insecure,
                     k->proxy_url ? k->proxy_url : "", tls ? tls->ca_sha256 : "", tls ? tls->cert_sha256 : "",
                     token ? token : "", k->basic ? k->basic : "", k->namespace_);
        for (size_t i = 0; i < k->n_headers; i++)
                (void)printf(" [%s]", k->headers[i]);
        if (k->exec)
                describe_plugin(k);
        (void)putchar('\n');
}

/* What a plugin of version v1 printed. */
static void describe_answer(const char *path) {
        struct kubeconfig_exec x = {.api_version = (char *)"client.authentication.k8s.io/v1"};
        const struct kubeconfig k = {.exec = &x};
        _cleanup_(exec_credential_done) struct exec_credential c = {};
        _cleanup_free_ char *text = NULL;
        struct err err = {};
        size_t n;

        if (kubeconfig_read_file(path, &text, &n) < 0)
                abort();
        if (exec_credential_parse(&k, text, n, &c, &err) < 0)
                (void)printf("error: %s\n", err.text);
        else
                (void)printf("token=%s cert=%d\n", c.token ? c.token : "", c.client_cert != NULL);
}

int main(int argc, char *argv[]) {
        bool answers = argc == 2 && util_streq(argv[1], "answers");
        _cleanup_free_ char *line = NULL;
        size_t size = 0;

        while (getline(&line, &size, stdin) > 0) {
                _cleanup_(kubeconfig_freep) struct kubeconfig *k = NULL;
                struct err err = {};

                line[strcspn(line, "\n")] = '\0';
                if (answers) {
                        describe_answer(line);
                        continue;
                }
                if (kubeconfig_load(&k, line, NULL, &err) < 0)
                        (void)printf("error: %s\n", err.text);
                else
                        describe(k);
        }
        return 0;
}
