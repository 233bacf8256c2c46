// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Fuse.Protocol;
using Hammer2.Cluster;
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse;

/// <summary>The nodes, the mount point and the options of a mount to make.</summary>
/// <param name="Specs">The nodes; one for a filesystem that is not a cluster.</param>
/// <param name="SourceText">The specifications as given by the user, for the mount table.</param>
/// <param name="Target">Directory to mount on.</param>
/// <param name="Options">Options of the mount.</param>
public sealed record MountRequest(
    IReadOnlyList<MountSpec> Specs, string SourceText, string Target, MountOptions Options)
{
    /// <summary>The arguments of mount(2).</summary>
    internal FuseMountOptions ForKernel() => new(Target, Options.SourceName ?? SourceText, "hammer2")
    {
        Flags = Options.Flags,
        AllowsOthers = Options.IsForAllUsers,
        ChecksPermissions = true,
    };
}

/// <summary>A mount request as the user wrote it.</summary>
/// <param name="OptionLists">Lists of options, as after <c>-o</c>.</param>
/// <param name="IsSloppy">True to ignore options that are not known.</param>
/// <param name="LogLevel">Lowest level to log.</param>
/// <param name="Stays">True when the command runs until its mount has ended.</param>
public sealed record MountWords(
    IReadOnlyList<string> OptionLists, bool IsSloppy, LogLevel LogLevel, bool Stays);
