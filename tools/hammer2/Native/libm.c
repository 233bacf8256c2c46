// SPDX-License-Identifier: BSD-3-Clause
//
// The mathematical functions that the runtime and the managed code refer to, taken from libm when one is first
// called. A mount calls none, and a program that names libm as needed has nearly a megabyte of it read at a cold
// start. Another C library has them built in.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef __GLIBC__
static void *find(const char *name) {
    void *library = dlopen("libm.so.6", RTLD_NOW | RTLD_LOCAL);
    void *function = library != NULL ? dlsym(library, name) : NULL;
    if (function == NULL) {
        fprintf(stderr, "hammer2: %s\n", dlerror());
        abort();
    }
    return function;
}

// Threads that come here first at the same time find the same thing.
#define FROM_LIBM(name, parameters, arguments)                                                                         \
    __attribute__((visibility("hidden"))) double name parameters {                                                     \
        static double(*_Atomic function) parameters;                                                                   \
        double(*known) parameters = function;                                                                          \
        if (known == NULL) function = known = (double(*) parameters)find(#name);                                       \
        return known arguments;                                                                                        \
    }

FROM_LIBM(ceil, (double x), (x))
FROM_LIBM(cos, (double x), (x))
FROM_LIBM(log, (double x), (x))
FROM_LIBM(modf, (double x, double *whole), (x, whole))
FROM_LIBM(pow, (double x, double y), (x, y))
FROM_LIBM(sin, (double x), (x))
#endif
