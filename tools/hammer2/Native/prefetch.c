// SPDX-License-Identifier: BSD-3-Clause
//
// Asks for the parts of this program that a mount uses, before anything else is touched: a page that is missing
// makes the kernel read some MiB around it, and all that is read for the mount waits behind. layout.ld says which
// parts these are; this code lies in the few pages that exec(2) and the loader have read.
#define _GNU_SOURCE
#include "prefetch.h"
#include <sys/mman.h>

// The kernel reads no more at a call than its read-ahead and the device's longest request, whichever is more.
enum { STEP_BYTES = 512 << 10 };

extern char mount_data_start[], mount_data_end[], mount_code_start[], mount_code_end[], code_end[],
    mount_constants_start[], mount_constants_end[], constants_end[];

// An advice that is not taken costs time, nothing else.
static void ask_for(char *from, char *to) {
    for (; from < to; from += STEP_BYTES)
        madvise(from, to - from < STEP_BYTES ? (size_t)(to - from) : STEP_BYTES, MADV_WILLNEED);
}

__attribute__((constructor(101))) static void prefetch(void) {
    ask_for(mount_data_start, mount_data_end);
    // One of its first pages is marked to read on, from where the kernel has nothing yet: that would be the rest.
    madvise(mount_data_start, (size_t)(mount_data_end - mount_data_start), MADV_RANDOM);
    ask_for(mount_code_start, mount_code_end);
    ask_for(mount_constants_start, mount_constants_end);
}

void prefetch_rest(void) {
    ask_for(mount_code_end, code_end);
    ask_for(mount_constants_end, constants_end);
}
