// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.IO;

namespace Hammer2.Fuse.Control;

/// <summary>Decides which processes may make requests.</summary>
internal static class PeerRules
{
    /// <summary>Why a requester is refused; null when it is the same user, or root.</summary>
    /// <param name="peer">The requester.</param>
    /// <param name="user">The user of this process.</param>
    public static string? FaultOf(PeerCredentials? peer, uint user)
    {
        if (peer is not { } known) return "the kernel does not tell which user makes the request";
        return known.UserId == user || known.UserId == 0
            ? null
            : string.Create(CultureInfo.InvariantCulture,
                $"process {Environment.ProcessId} serves this filesystem for user {user}, not for user {known.UserId}");
    }

    /// <summary>Why a requester is refused to whom paths mean something else than here; null when they mean the
    /// same.</summary>
    /// <param name="client">How the requester sees paths.</param>
    /// <param name="server">How this process does.</param>
    public static string? FaultOf(PathView client, PathView server)
    {
        string? difference = client.MountNamespace != server.MountNamespace ? "another mount namespace"
            : client.Root != server.Root ? "another root directory" : null;
        return difference is null ? null
            : string.Create(CultureInfo.InvariantCulture,
                $"process {Environment.ProcessId}, which serves this filesystem, has {difference}: mount it from "
                + $"there, or unmount what it serves first");
    }

    /// <summary>Why a requester of another version of the program is refused.</summary>
    public static string OtherVersion(int version) => string.Create(CultureInfo.InvariantCulture,
        $"process {Environment.ProcessId}, which serves this filesystem, is of another version of this program "
        + $"(requests of version {ControlRequest.CurrentVersion}, not {version}): unmount what it serves first");

    /// <summary>How this process sees paths.</summary>
    public static PathView ViewOfThisProcess()
    {
        string mounts = new FileInfo("/proc/self/ns/mnt").LinkTarget ?? "";
        LinuxFileStatus root = LinuxFiles.StatusOf("/") ?? default;
        return new PathView(
            mounts, string.Create(CultureInfo.InvariantCulture, $"{root.Major}:{root.Minor}:{root.Inode}"));
    }
}
