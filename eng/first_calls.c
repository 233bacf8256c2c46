// SPDX-License-Identifier: BSD-3-Clause
//
// first_calls ADDRESSES CALLS PROGRAM [ARGUMENT...]
//
// Runs a program and all that it forks, and writes down which functions it calls, each when it is called for the
// first time. ADDRESSES has the places of functions, a line each, hexadecimal and ascending, as they are in memory (a
// program linked to a fixed place); CALLS gets those that were called, in that order. Ends when the last process
// ends. For Linux on x86-64: each place gets a breakpoint, which is taken out where it was hit.
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PLACES_MAX = 1 << 18, BREAKPOINT = 0xcc };

struct place {
    unsigned long address;
    unsigned char code;
    bool is_called;
};

static struct place places[PLACES_MAX];
static size_t count;

static void read_places(const char *path) {
    FILE *list = fopen(path, "re");
    if (list == NULL) err(1, "%s", path);
    while (count < PLACES_MAX && fscanf(list, "%lx", &places[count].address) == 1) {
        if (count > 0 && places[count].address <= places[count - 1].address)
            errx(1, "%s: %lx does not ascend", path, places[count].address);
        count++;
    }
    if (count == 0 || !feof(list)) errx(1, "%s: place %zu is no address, or one too many", path, count);
    fclose(list);
}

static int compare(const void *left, const void *right) {
    unsigned long one = ((const struct place *)left)->address, other = ((const struct place *)right)->address;
    return (one > other) - (one < other);
}

static int open_memory(pid_t task) {
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/mem", task);
    int memory = open(path, O_RDWR | O_CLOEXEC);
    if (memory < 0) err(1, "%s", path);
    return memory;
}

static void set_breakpoints(pid_t task) {
    const unsigned char breakpoint = BREAKPOINT;
    int memory = open_memory(task);
    for (struct place *place = places; place < places + count; place++)
        if (pread(memory, &place->code, 1, (off_t)place->address) != 1 ||
            pwrite(memory, &breakpoint, 1, (off_t)place->address) != 1)
            err(1, "%lx in the program's memory", place->address);
    close(memory);
}

// Another thread may have taken the breakpoint out meanwhile; this one goes on from its place all the same.
static bool is_call(pid_t task, FILE *calls) {
    struct user_regs_struct registers;
    if (ptrace(PTRACE_GETREGS, task, NULL, &registers) != 0) err(1, "the registers of %d", task);
    struct place wanted = {.address = registers.rip - 1};
    struct place *place = bsearch(&wanted, places, count, sizeof places[0], compare);
    if (place == NULL) return false;
    int memory = open_memory(task);
    if (pwrite(memory, &place->code, 1, (off_t)place->address) != 1) err(1, "%lx in memory", place->address);
    close(memory);
    registers.rip = place->address;
    if (ptrace(PTRACE_SETREGS, task, NULL, &registers) != 0) err(1, "the registers of %d", task);
    if (!place->is_called) fprintf(calls, "%016lx\n", place->address);
    place->is_called = true;
    return true;
}

static int signal_to_pass(pid_t task, int status, FILE *calls) {
    int stop = WSTOPSIG(status);
    bool is_event = status >> 16 != 0 || stop == SIGSTOP; // a new task stops once
    return is_event || (stop == SIGTRAP && is_call(task, calls)) ? 0 : stop;
}

static void follow(FILE *calls) {
    for (;;) {
        int status;
        pid_t task = waitpid(-1, &status, __WALL);
        if (task < 0 && errno == ECHILD) return;
        if (task < 0) err(1, "wait");
        if (!WIFSTOPPED(status)) continue;
        // One that was killed meanwhile is gone.
        if (ptrace(PTRACE_CONT, task, NULL, signal_to_pass(task, status, calls)) != 0 && errno != ESRCH)
            err(1, "continue %d", task);
    }
}

int main(int argument_count, char **arguments) {
    if (argument_count < 4) errx(1, "usage: first_calls ADDRESSES CALLS PROGRAM [ARGUMENT...]");
    read_places(arguments[1]);
    FILE *calls = fopen(arguments[2], "we");
    if (calls == NULL) err(1, "%s", arguments[2]);
    setlinebuf(calls); // it may be read at any time
    pid_t program = fork();
    if (program < 0) err(1, "fork");
    if (program == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        execv(arguments[3], arguments + 3);
        err(1, "%s", arguments[3]);
    }
    int status;
    if (waitpid(program, &status, 0) != program || !WIFSTOPPED(status)) errx(1, "%s did not start", arguments[3]);
    set_breakpoints(program);
    long options = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
    if (ptrace(PTRACE_SETOPTIONS, program, NULL, options) != 0 || ptrace(PTRACE_CONT, program, NULL, 0) != 0)
        err(1, "trace");
    follow(calls);
    return fclose(calls) == 0 ? 0 : 1;
}
