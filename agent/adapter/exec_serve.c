/* SPDX-License-Identifier: Apache-2.0 */
/* Runs one credential plugin for who is connected. Never in the agent's own process: it blocks, forks and kills. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "adapter/exec.h"
#include "base/clock.h"

/* For the request to come, and for the answer to be taken. */
#define TALK_USEC (10 * USEC_PER_SEC)

struct run {
        int fd; /* the connection */
        pid_t pid;
        int pid_fd, out_fd, error_fd;
        uint64_t until_usec;
        char *output; /* EXEC_OUTPUT_MAX + 1 */
        size_t n;
};

static int left_msec(uint64_t until_usec) {
        uint64_t left = util_usec_sub(until_usec, clock_boottime_usec());

        return (int)(util_usec_min(left, EXEC_RUN_MAX_USEC) / USEC_PER_MSEC) + (left > 0);
}

/* ---- the connection ---- */

static int wait_for(int fd, short events, uint64_t until_usec) {
        struct pollfd p = {.fd = fd, .events = events};
        int msec = left_msec(until_usec), n;

        if (msec == 0)
                return -ETIMEDOUT;
        n = poll(&p, 1, msec);
        return n < 0 && errno != EINTR ? -errno : 0;
}

static int receive(int fd, void *buffer, size_t size, uint64_t until_usec) {
        for (size_t n = 0; n < size;) {
                ssize_t k = recv(fd, (char *)buffer + n, size - n, MSG_DONTWAIT);

                if (k > 0)
                        n += (size_t)k;
                else if (k == 0)
                        return -ECONNRESET;
                else if (errno == EAGAIN) {
                        int r = wait_for(fd, POLLIN, until_usec);

                        if (r < 0)
                                return r;
                } else if (errno != EINTR)
                        return -errno;
        }
        return 0;
}

static int transmit(int fd, const void *data, size_t size, uint64_t until_usec) {
        for (size_t n = 0; n < size;) {
                ssize_t k = send(fd, (const char *)data + n, size - n, MSG_DONTWAIT | MSG_NOSIGNAL);

                if (k > 0)
                        n += (size_t)k;
                else if (errno == EAGAIN) {
                        int r = wait_for(fd, POLLOUT, until_usec);

                        if (r < 0)
                                return r;
                } else if (errno != EINTR)
                        return -errno;
        }
        return 0;
}

static int answer(int fd, enum exec_end end, int code, const char *output, size_t n) {
        const struct exec_answer_head h = {
                .magic = EXEC_MAGIC, .end = (uint32_t)end, .code = code, .n_bytes = (uint32_t)n};
        uint64_t until_usec = clock_boottime_usec() + TALK_USEC;
        int r = transmit(fd, &h, sizeof(h), until_usec);

        return r < 0 ? r : transmit(fd, output, n, until_usec);
}

/* ---- the plugin's own process, until it is the plugin ---- */

/* What systemd says to the helper alone. $CREDENTIALS_DIRECTORY stays: a drop-in may give the plugin something there.
 */
static bool is_ours(const char *variable) {
        static const char *const prefixes[] = {"LISTEN_", "WATCHDOG_", "MEMORY_PRESSURE_", "REMOTE_", "SYSTEMD_EXEC_"};
        static const char *const names[] = {"NOTIFY_SOCKET=", "INVOCATION_ID=", "JOURNAL_STREAM=", "MAINPID=",
                                            "MANAGERPID=",    "FDSTORE=",       "STATE_DIRECTORY="};

        for (size_t i = 0; i < ELEMENTSOF(prefixes); i++)
                if (strncmp(variable, prefixes[i], strlen(prefixes[i])) == 0)
                        return true;
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (strncmp(variable, names[i], strlen(names[i])) == 0)
                        return true;
        return false;
}

static bool same_name(const char *a, const char *b) {
        size_t n = strcspn(a, "=");

        return strncmp(a, b, n) == 0 && b[n] == '=';
}

/* Ours, less what systemd told us, with what was ordered instead of or behind it. NULL: no memory. */
static char **build_environment(char *const *ordered) {
        size_t n = 0, n_own = 0, n_ordered = 0;
        char **env;

        while (environ[n_own])
                n_own++;
        while (ordered[n_ordered])
                n_ordered++;
        env = calloc(n_own + n_ordered + 1, sizeof(*env));
        for (size_t i = 0; env && i < n_own + n_ordered; i++) {
                char *v = i < n_own ? environ[i] : ordered[i - n_own];
                size_t k = 0;

                if (i < n_own && is_ours(v))
                        continue;
                while (k < n && !same_name(v, env[k])) /* of two of a name the last one counts */
                        k++;
                env[k] = v;
                n += k == n;
        }
        return env;
}

/* As Go looks for a command: by our own $PATH, whatever the plugin's will be, and never in a relative directory. */
static int find(const char *name, char *path, size_t size) {
        const char *dir = getenv("PATH");
        int error = ENOENT;

        for (size_t n; dir; dir = dir[n] ? dir + n + 1 : NULL) {
                struct stat st;

                n = strcspn(dir, ":");
                if (*dir != '/' || snprintf(path, size, "%.*s/%s", (int)n, dir, name) >= (int)size ||
                    stat(path, &st) < 0 || !S_ISREG(st.st_mode))
                        continue;
                if (access(path, X_OK) == 0)
                        return 0;
                error = EACCES;
        }
        return error;
}

/* Returns errno. */
static int execute(const struct exec_order *o, char **env) {
        char path[PATH_MAX];
        const char *command = o->args[0];
        int r;

        if (!strchr(command, '/')) {
                r = find(command, path, sizeof(path));
                if (r != 0)
                        return r;
                command = path;
        }
        (void)execve(command, o->args, env);
        r = errno;
        /* It may be there, and its interpreter not. */
        return r == ENOENT && access(command, F_OK) == 0 ? ENOEXEC : r;
}

_Noreturn static void become(const struct exec_order *o, char **env, pid_t parent, int out_fd, int error_fd) {
        int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC), error;
        sigset_t none;

        (void)setsid(); /* a group of its own, and no terminal */
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) /* gone already */
                _exit(127);
        for (int i = 1; i < NSIG; i++)
                (void)signal(i, SIG_DFL);
        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 || dup2(out_fd, STDOUT_FILENO) < 0 ||
            (error_fd > 3 && close_range(3, (unsigned)error_fd - 1, 0) < 0) ||
            close_range((unsigned)error_fd + 1, ~0U, 0) < 0)
                error = -errno; /* ours, not the plugin's */
        else
                error = execute(o, env); /* which closes error_fd */
        (void)!write(error_fd, &error, sizeof(error));
        _exit(127);
}

/* ---- a run ---- */

static void kill_group(struct run *run) {
        if (run->pid <= 0)
                return;
        /* Its leader is not reaped yet, so the group is no other's. */
        (void)kill(-run->pid, SIGKILL);
        (void)kill(run->pid, SIGKILL); /* before it had the group */
        (void)waitpid(run->pid, NULL, 0);
        run->pid = 0;
}

static void run_done(struct run *run) {
        kill_group(run);
        if (run->pid_fd >= 0)
                close(run->pid_fd);
        if (run->out_fd >= 0)
                close(run->out_fd);
        if (run->error_fd >= 0)
                close(run->error_fd);
        if (run->output)
                explicit_bzero(run->output, EXEC_OUTPUT_MAX + 1);
        free(run->output);
}

static int run_start(struct run *run, const struct exec_order *o) {
        _cleanup_free_ char **env = build_environment(o->env);
        int out[2], error[2];
        pid_t parent;

        run->output = malloc(EXEC_OUTPUT_MAX + 1);
        if (!env || !run->output)
                return -ENOMEM;
        if (pipe2(out, O_CLOEXEC) < 0)
                return -errno;
        run->out_fd = out[0];
        if (pipe2(error, O_CLOEXEC) < 0) {
                int r = -errno;

                close(out[1]);
                return r;
        }
        run->error_fd = error[0];
        parent = getpid();
        run->pid = fork();
        if (run->pid == 0)
                become(o, env, parent, out[1], error[1]);
        close(out[1]);
        close(error[1]);
        if (run->pid < 0 || fcntl(run->out_fd, F_SETFL, O_NONBLOCK) < 0)
                return -errno;
        run->pid_fd = pidfd_open(run->pid, 0);
        if (run->pid_fd < 0)
                return -errno;
        run->until_usec = util_usec_add(clock_boottime_usec(), o->timeout_usec);
        return 0;
}

/* What is in the pipe now. Returns -EFBIG, 1 when there is no writer any more. */
static int drain(struct run *run) {
        for (;;) {
                ssize_t k = read(run->out_fd, run->output + run->n, EXEC_OUTPUT_MAX + 1 - run->n);

                if (k == 0)
                        return 1;
                if (k < 0 && errno == EINTR)
                        continue;
                if (k < 0)
                        return errno == EAGAIN ? 0 : -errno;
                run->n += (size_t)k;
                if (run->n > EXEC_OUTPUT_MAX)
                        return -EFBIG;
        }
}

/* Until the plugin has ended: whoever else holds the pipe has nothing to say. Returns -EFBIG, -ETIMEDOUT, -ECONNRESET
 * (the other end hung up). */
static int follow(struct run *run) {
        bool is_open = true;

        for (;;) {
                struct pollfd p[] = {{.fd = run->pid_fd, .events = POLLIN},
                                     {.fd = is_open ? run->out_fd : -1, .events = POLLIN},
                                     {.fd = run->fd, .events = POLLIN | POLLRDHUP}};
                int msec = left_msec(run->until_usec), r;

                if (msec == 0)
                        return -ETIMEDOUT;
                if (poll(p, ELEMENTSOF(p), msec) < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                if (p[2].revents)
                        return -ECONNRESET;
                r = is_open ? drain(run) : 0;
                if (r < 0)
                        return r;
                is_open = r == 0 && is_open;
                if (p[0].revents) {
                        r = is_open ? drain(run) : 0; /* what it wrote last */
                        return r < 0 ? r : 0;
                }
        }
}

static int finish(struct run *run) {
        siginfo_t info = {};
        int error = 0;
        ssize_t k = read(run->error_fd, &error, sizeof(error));

        /* Looked at, and reaped when its group is gone. */
        if (waitid(P_PID, (id_t)run->pid, &info, WEXITED | WNOWAIT) < 0)
                return answer(run->fd, EXEC_FAILED, errno, NULL, 0);
        kill_group(run);
        if (k == sizeof(error) && error < 0)
                return answer(run->fd, EXEC_FAILED, -error, NULL, 0);
        if (k == sizeof(error))
                return answer(run->fd, error == ENOENT || error == ENOTDIR ? EXEC_NOT_FOUND : EXEC_NOT_EXECUTABLE,
                              error, NULL, 0);
        if (info.si_code == CLD_EXITED)
                return answer(run->fd, EXEC_EXITED, info.si_status, run->output, run->n);
        return answer(run->fd, EXEC_KILLED, info.si_status, NULL, 0);
}

static int serve(int fd, const struct exec_order *o) {
        struct run run = {.fd = fd, .pid_fd = -1, .out_fd = -1, .error_fd = -1};
        int r = run_start(&run, o);

        if (r < 0)
                r = answer(fd, EXEC_FAILED, -r, NULL, 0);
        else {
                r = follow(&run);
                if (r >= 0)
                        r = finish(&run);
                else if (r != -ECONNRESET) {
                        kill_group(&run);
                        r = r == -EFBIG       ? answer(fd, EXEC_TOO_LARGE, 0, NULL, 0)
                            : r == -ETIMEDOUT ? answer(fd, EXEC_TIMED_OUT, 0, NULL, 0)
                                              : answer(fd, EXEC_FAILED, -r, NULL, 0);
                }
        }
        run_done(&run);
        return r;
}

int exec_serve(int fd) {
        uint64_t until_usec = clock_boottime_usec() + TALK_USEC;
        struct exec_request_head h;
        struct exec_order o = {};
        char *body = NULL;
        int r, spare;

        do /* 0 to 2 are there: nothing else comes to lie there */
                spare = open("/dev/null", O_RDWR | O_CLOEXEC);
        while (spare >= 0 && spare <= STDERR_FILENO);
        if (spare >= 0)
                close(spare);
        r = receive(fd, &h, sizeof(h), until_usec);
        if (r < 0)
                return r;
        r = exec_request_check(&h);
        if (r >= 0) {
                body = malloc(h.n_bytes);
                r = body ? receive(fd, body, h.n_bytes, until_usec) : -ENOMEM;
        }
        if (r >= 0)
                r = exec_request_parse(&h, body, &o);
        if (r >= 0)
                r = serve(fd, &o);
        else if (r == -EBADMSG)
                r = answer(fd, EXEC_REFUSED, 0, NULL, 0);
        else if (r == -ENOMEM)
                r = answer(fd, EXEC_FAILED, ENOMEM, NULL, 0);
        free(o.args);
        free(o.env);
        if (body)
                explicit_bzero(body, h.n_bytes);
        free(body);
        return r;
}
