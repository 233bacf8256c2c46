// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.IO;

namespace Hammer2.Fuse.Control;

/// <summary>Decides which processes may make requests.</summary>
internal static class PeerRules
{
    /// <summary>The reason for refusing a requester; null when it is the same user, or root.</summary>
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

    /// <summary>The reason for refusing a requester with another mount namespace or root directory; null when they are
    /// the same.</summary>
    /// <param name="client">The namespace of the requester.</param>
    /// <param name="server">The namespace of this process.</param>
    public static string? FaultOf(PathView client, PathView server)
    {
        string? difference = client.MountNamespace != server.MountNamespace ? "another mount namespace"
            : client.Root != server.Root ? "another root directory" : null;
        return difference is null ? null
            : string.Create(CultureInfo.InvariantCulture,
                $"process {Environment.ProcessId}, which serves this filesystem, has {difference}: mount it from "
                + $"there, or unmount what it serves first");
    }

    /// <summary>The reason for refusing a requester of another version of the program.</summary>
    public static string OtherVersion(int version) => string.Create(CultureInfo.InvariantCulture,
        $"process {Environment.ProcessId}, which serves this filesystem, is of another version of this program "
        + $"(requests of version {ControlRequest.CurrentVersion}, not {version}): unmount what it serves first");

    /// <summary>The namespace of this process.</summary>
    public static PathView ViewOfThisProcess()
    {
        string mounts = new FileInfo("/proc/self/ns/mnt").LinkTarget ?? "";
        LinuxFileStatus root = LinuxFiles.StatusOf("/") ?? default;
        return new PathView(
            mounts, string.Create(CultureInfo.InvariantCulture, $"{root.Major}:{root.Minor}:{root.Inode}"));
    }
}
