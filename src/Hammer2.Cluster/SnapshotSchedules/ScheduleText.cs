// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Cluster.SnapshotSchedules;

/// <summary>Why a schedule did not do all that it should, in words.</summary>
public static class ScheduleText
{
    /// <summary>The reason of an error of <see cref="SnapshotScheduler.Run"/>.</summary>
    /// <returns>Null when the error has the same meaning for every change of a PFS.</returns>
    public static string? Refusal(Hammer2Error error) => error switch
    {
        Hammer2Error.NoSpace => "too little is free, and no further snapshot of the schedule may be deleted",
        Hammer2Error.Interrupted => "it was interrupted; what is listed was done",
        _ => null,
    };
}
