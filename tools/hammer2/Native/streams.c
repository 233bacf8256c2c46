// SPDX-License-Identifier: BSD-3-Clause
//
// Opens /dev/null in the place of standard streams that the caller has closed, before anything else is opened. Else
// the next file that is opened, perhaps a volume, would get the number of one, and what is printed would be written
// into it. Standard output is not opened for writing, so that whatever is printed there is an error.
#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>

__attribute__((constructor(101))) static void fill_streams(void) {
    for (int number = 0; number <= STDERR_FILENO; number++)
        if (fcntl(number, F_GETFD) < 0 && open("/dev/null", number == STDERR_FILENO ? O_WRONLY : O_RDONLY) < 0) _exit(70);
}
