// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster.Scrubbing;

/// <summary>How a scrub runs.</summary>
/// <param name="RateBytes">Most bytes that it reads in a second from one filesystem; 0 for as many as it can.</param>
/// <param name="IsErrorsOnly">True to look only at what the last scrub could not heal.</param>
/// <param name="IsRestarted">True to begin anew where an earlier one did not come to its end.</param>
public readonly record struct ScrubOptions(ulong RateBytes = 0, bool IsErrorsOnly = false, bool IsRestarted = false);
