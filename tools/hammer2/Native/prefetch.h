// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// Asks for the parts of this program that a mount does without until it is live.
void prefetch_rest(void);
