// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Hammer2.Testing;

namespace Hammer2.Tests.Crash;

/// <summary>Power that fails at drawn moments of a recorded script.</summary>
internal static class DrawnCuts
{
    /// <summary>How many moments to draw for each script: HAMMER2_POWER_CUTS over all of them, or the usual
    /// number.</summary>
    public static int CountForScript(int scripts, int usual) =>
        (Environment.GetEnvironmentVariable("HAMMER2_POWER_CUTS") is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture) : usual) / scripts;

    /// <summary>Has power fail, and each time the devices judged, each a filesystem of its own. They must be sound
    /// before, and after what opening them repaired and the test wrote.</summary>
    /// <param name="history">The recorded script.</param>
    /// <param name="random">Draws moments, and what of the last writes is on the devices.</param>
    /// <param name="first">Events that no cut comes before.</param>
    /// <param name="count">Moments to draw.</param>
    /// <param name="script">Names the script in messages.</param>
    /// <param name="judge">Gets the number of events before the cut, the devices, and words for messages.</param>
    public static void Judge(WriteHistory history, SeededRandom random, int first, int count, string script,
        Action<int, OverlayBlockDevice[], string> judge) =>
        Run(history, random, first, count, script, (position, devices, place) =>
        {
            foreach (OverlayBlockDevice device in devices) MediaAudit.AssertSound(device, $"{place}, {device.Name}");
            judge(position, devices, place);
            foreach (OverlayBlockDevice device in devices) MediaAudit.AssertSound(device, $"{place}, {device.Name}");
        });

    /// <summary>As <see cref="Judge"/>, for devices that are volumes of one filesystem, which the test judges
    /// itself.</summary>
    public static void Run(WriteHistory history, SeededRandom random, int first, int count, string script,
        Action<int, OverlayBlockDevice[], string> judge)
    {
        var cuts = new PowerCuts(history);
        IEnumerable<int> positions = Enumerable.Range(0, count)
            .Select(_ => first + 1 + random.Below(history.Events.Count - first)).Order();
        foreach (int position in positions)
        {
            cuts.AdvanceTo(position);
            judge(position, cuts.Cut(random), $"{script}, cut after event {position} of {history.Events.Count}");
        }
    }
}
