// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Text.Json;
using Concurrency;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Mounts;

namespace Hammer2.Tool.Commands;

/// <summary>Replaces a node of a mounted cluster: the new one is added and resynchronized before the old one is
/// removed.</summary>
internal static class ClusterReplace
{
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(500);

    // The states of a node that is not synced yet, and will be by itself.
    private static readonly HashSet<string> s_underWay = new(StringComparer.Ordinal)
    {
        "Stale", "Identifying", "ChoosingSource", "Copying", "CatchingUp", "Finishing", "Verifying",
    };

    /// <summary>Carries it out, and waits for it.</summary>
    /// <param name="invocation">The command line.</param>
    /// <param name="directory">A directory in the mount.</param>
    /// <param name="old">The node that leaves, present or absent, as the mount names it.</param>
    /// <param name="devices">Full paths of the devices of the new one.</param>
    /// <returns>The nodes afterwards.</returns>
    /// <exception cref="CommandException">A request was refused, or the new node cannot be resynchronized.</exception>
    public static JsonElement Run(Invocation invocation, string directory, string old, string devices)
    {
        if (FindByName(ControlFile.Request(directory, "cluster-list"), devices) is null)
            _ = ControlFile.Request(directory, "cluster-attach", ("device", devices));
        invocation.Interrupted = () => $"{devices} is a node of the cluster and is resynchronized in the background; "
            + $"{old} was not removed: run it again, or 'hammer2 cluster detach'";
        while (true)
        {
            JsonElement list = ControlFile.Request(directory, "cluster-list");
            if (FindByName(list, devices) is not { } added)
                throw new CommandException(ExitCode.Failed, $"{devices}: is no node of the cluster any more");
            string state = added.GetProperty("state").GetString()!;
            if (state == "Synced") return ControlFile.Request(directory, "cluster-detach", ("node", old));
            if (!s_underWay.Contains(state))
            {
                throw new CommandException(ExitCode.Failed, $"{devices}: is {state}: "
                    + $"{added.GetProperty("reason").GetString()}; {old} was not removed");
            }
            SystemScheduler.Instance.Pause(s_poll);
        }
    }

    private static JsonElement? FindByName(JsonElement list, string name)
    {
        foreach (JsonElement member in list.GetProperty("members").EnumerateArray())
            if (member.GetProperty("name").GetString() == name) return member;
        return null;
    }
}
