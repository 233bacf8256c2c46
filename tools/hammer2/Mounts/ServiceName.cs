// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tool.Mounts;

/// <summary>The name under which a mount's process runs.</summary>
/// <remarks>systemd ends all processes before it leaves the first root filesystem and at shutdown, but for those
/// whose argv[0] begins with an at sign: they serve the root filesystem. Source: "Storage Daemons for the Root File System" in
/// the documentation of systemd, which asks that of processes started in the initrd and of no others.</remarks>
internal static class ServiceName
{
    /// <summary>What precedes the name of such a process.</summary>
    public const char Mark = '@';

    private const string Plain = "hammer2";
    private const string SignOfInitrd = "/etc/initrd-release";

    /// <summary>Chooses the name.</summary>
    /// <param name="exists">Tells which files there are.</param>
    public static string Choose(Predicate<string> exists) => exists(SignOfInitrd) ? Mark + Plain : Plain;
}
