// SPDX-License-Identifier: BSD-3-Clause
//
// Forks a mount that is to serve in the background before the runtime starts: a running CLR cannot fork, and
// starting it a second time costs as much as all the rest of a mount. The child goes on as the server and
// reports as to a starter that executed it (FuseBackground); the parent needs no runtime to wait for that.
// Whatever is unusual here (options that serve in the foreground, no fork, another C library) goes on in this
// process as if this file did not exist.
#define _GNU_SOURCE
#include "prefetch.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MESSAGE_BYTES_MAX = 65536, MOUNT_USAGE = 1, MOUNT_FAILED = 32 }; // as ExitCode.cs has them

static char report[MESSAGE_BYTES_MAX];
static pid_t server_process;
static volatile sig_atomic_t is_interrupted;

// The server unmounts what it has mounted, and ends.
static void interrupt(int signal_number) {
    (void)signal_number;
    is_interrupted = 1;
    kill(server_process, SIGTERM);
}

static void interrupt_on(int signal_number) {
    struct sigaction action = {.sa_handler = interrupt}, before;
    if (sigaction(signal_number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(signal_number, &action, NULL);
}

// Of all words that could mean the foreground, help or a rehearsal, without knowing what they belong to.
static bool may_stay(const char *word) {
    bool is_option = word[0] == '-' && strncmp(word, "-o", 2) != 0;
    return (is_option && strpbrk(word, "fh?") != NULL) || strstr(word, "foreground") != NULL;
}

static bool is_background_mount(int count, char **words) {
    if (count < 3) return false;
    const char *slash = strrchr(words[0], '/');
    const char *name = slash != NULL ? slash + 1 : words[0];
    bool is_helper = strcmp(name, "mount.hammer2") == 0 || strcmp(name, "mount_hammer2") == 0;
    if (!is_helper && strcmp(words[1], "mount") != 0) return false;
    for (int index = 1; index < count; index++)
        if (may_stay(words[index])) return false;
    return getenv("_FUSE_BACKGROUND_PIPE") == NULL;
}

static size_t read_report(int pipe_end) {
    size_t length = 0;
    while (length < sizeof report) {
        ssize_t got = read(pipe_end, report + length, sizeof report - length);
        if (got == 0 || (got < 0 && errno != EINTR)) break;
        if (got > 0) length += (size_t)got;
    }
    close(pipe_end);
    return length;
}

static int wait_for_server(pid_t server, int pipe_end) {
    signal(SIGPIPE, SIG_IGN);
    server_process = server;
    interrupt_on(SIGINT);
    interrupt_on(SIGTERM);
    size_t length = read_report(pipe_end);
    if (length > 0 && report[0] == 0 && !is_interrupted) {
        prefetch_rest(); // whoever uses the mount now needs more of the program
        return 0;
    }
    int status = 0;
    while (waitpid(server, &status, 0) < 0 && errno == EINTR) {
    }
    if (is_interrupted) {
        dprintf(STDERR_FILENO, "hammer2: interrupted; nothing is mounted\n");
        return MOUNT_FAILED;
    }
    if (length > 0) {
        dprintf(STDERR_FILENO, "hammer2: %.*s\n", (int)length - 1, report + 1);
        return (unsigned char)report[0];
    }
    // A command line that makes no sense, or a question that was answered: it has said so itself.
    if (WIFEXITED(status) && WEXITSTATUS(status) <= MOUNT_USAGE) return WEXITSTATUS(status);
    dprintf(STDERR_FILENO, "hammer2: the background process ended %s %d before it mounted\n",
            WIFEXITED(status) ? "with exit code" : "by signal",
            WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    return MOUNT_FAILED;
}

#ifdef __GLIBC__ // others do not pass the command line to constructors
__attribute__((constructor(102))) static void serve_in_background(int count, char **words) {
    int ends[2];
    if (!is_background_mount(count, words) || pipe2(ends, O_CLOEXEC) != 0) return;
    signal(SIGCHLD, SIG_DFL); // whoever ignores it would have no exit code to wait for
    bool has_streams = ends[0] > STDERR_FILENO && ends[1] > STDERR_FILENO;
    pid_t server = has_streams ? fork() : -1;
    if (server == 0) {
        char number[16];
        snprintf(number, sizeof number, "%d", ends[1]);
        setenv("_FUSE_BACKGROUND_PIPE", number, 1);
    }
    close(server == 0 ? ends[0] : ends[1]);
    if (server > 0) _exit(wait_for_server(server, ends[0]));
    if (server < 0) close(ends[0]);
}
#endif
