// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Cluster;

/// <summary>Why a volume was not added, in words for people.</summary>
public static class AdditionText
{
    /// <summary>The reason of an error.</summary>
    public static string Refusal(Hammer2Error error, AdditionOutcome outcome) => outcome.Refusal ?? error switch
    {
        Hammer2Error.Busy => "its last volume would end at a whole GiB, and blocks past that are in use; "
            + "'bulkfree' frees those of deleted files, 'growfs' uses a device that became longer",
        Hammer2Error.ReadOnly => "the filesystem is read-only, or stopped after a write error",
        _ => "a block could not be read or written; the log tells more",
    };
}
