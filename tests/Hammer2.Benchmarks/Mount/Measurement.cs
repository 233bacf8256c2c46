// SPDX-License-Identifier: BSD-3-Clause

using System.Diagnostics;
using System.IO;

namespace Hammer2.Benchmarks.Mount;

/// <summary>
/// One run of one workload on one contender, with the resources used meanwhile. <c>ForeignShare</c> is the share of the
/// machine, 0 to 1, used by processes other than the benchmark and the daemon; <c>Error</c> is the reason why there is
/// no figure, or null.
/// </summary>
internal sealed record Measurement(string Contender, string Workload, int Round, Outcome Outcome,
    double DaemonCpuSeconds, double DaemonPeakMiB, double ForeignShare, string? Error)
{
    /// <summary>Above this share of foreign use a run counts as disturbed.</summary>
    internal const double Disturbed = 0.125;

    /// <summary>How long the mount took, to the first answered stat; 0 where that was not asked.</summary>
    internal double MountMilliseconds { get; init; }

    /// <summary>Mounts cold, runs the workload, reads the daemon's record, unmounts.</summary>
    internal static Measurement Take(Contender contender, string image, string mountPoint, Workload workload,
        int round)
    {
        try
        {
            using MountSession session = MountSession.Open(contender, image, mountPoint, "big/inc.bin");
            _ = ProcessRecord.TryRead(session.DaemonId, out ProcessRecord before); // zeros without a daemon
            double ownBefore = ProcessRecord.OwnCpuSeconds();
            double busyBefore = Machine.BusySeconds();
            var clock = Stopwatch.StartNew();

            double mounted = session.MountSeconds * 1000;
            Outcome outcome = workload.Name == Comparison.MountRow
                ? new Outcome(mounted, 1)
                : workload.Run(mountPoint, round);

            double capacity = clock.Elapsed.TotalSeconds * Environment.ProcessorCount;
            double busy = Machine.BusySeconds() - busyBefore;
            double own = ProcessRecord.OwnCpuSeconds() - ownBefore;
            if (!ProcessRecord.TryRead(session.DaemonId, out ProcessRecord after) && session.DaemonId != 0)
            {
                throw new IOException("the daemon died");
            }
            double daemon = after.CpuSeconds - before.CpuSeconds;
            double foreign = workload.Name == Comparison.MountRow
                ? 0
                : Math.Clamp((busy - own - daemon) / capacity, 0, 1);
            return new Measurement(contender.Name, workload.Name, round, outcome, daemon, after.PeakMiB,
                foreign, null)
            { MountMilliseconds = mounted };
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return new Measurement(contender.Name, workload.Name, round, default, 0, 0, 0, problem.Message);
        }
    }
}
