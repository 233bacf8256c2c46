// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tool.Commands;

/// <summary>How well a mount or a filesystem is, as exit codes of 'hammer2 status'; the worst counts.</summary>
internal static class StatusLevels
{
    /// <summary>It works, and something that it could do without does not.</summary>
    public const int Degraded = 1;

    /// <summary>Something cannot be read, or was not written.</summary>
    public const int DataErrors = 2;

    /// <summary>It cannot be used.</summary>
    public const int Unavailable = 3;

    /// <summary>The level of a mount, from its own verdict.</summary>
    public static int OfMount(string health) => health switch
    {
        "healthy" => ExitCode.Ok,
        "degraded" => Degraded,
        "damaged" => DataErrors,
        _ => Unavailable,
    };

    /// <summary>The level of devices that could be opened.</summary>
    /// <param name="notes">Faults that did not keep them from being opened.</param>
    /// <param name="freemapFaults">Unreadable freemap blocks, which concern writing alone.</param>
    /// <param name="pfsFaults">Unreadable parts of the list of PFSs.</param>
    public static int OfDevices(int notes, int freemapFaults, int pfsFaults) =>
        pfsFaults > 0 ? DataErrors : notes + freemapFaults > 0 ? Degraded : ExitCode.Ok;

    /// <summary>The name of a level.</summary>
    public static string NameOf(int level) => level switch
    {
        ExitCode.Ok => "healthy",
        Degraded => "degraded",
        DataErrors => "damaged",
        _ => "unavailable",
    };
}
