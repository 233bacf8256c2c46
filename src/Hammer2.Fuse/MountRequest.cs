// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Fuse.Protocol;
using Hammer2.Cluster;
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse;

/// <summary>What to mount where.</summary>
/// <param name="Specs">The nodes; one for a filesystem that is no cluster.</param>
/// <param name="SourceText">The specifications as the user wrote them, for the table of mounts.</param>
/// <param name="Target">Directory to mount on.</param>
/// <param name="Options">How.</param>
public sealed record MountRequest(
    IReadOnlyList<MountSpec> Specs, string SourceText, string Target, MountOptions Options)
{
    /// <summary>What the mount is to look like for mount(2).</summary>
    internal FuseMountOptions ForKernel() => new(Target, Options.SourceName ?? SourceText, "hammer2")
    {
        Flags = Options.Flags,
        AllowsOthers = Options.AllowsOthers ?? Environment.IsPrivilegedProcess,
        ChecksPermissions = true,
        ReadAheadBytes = Options.ReadAheadBytes,
    };
}

/// <summary>How a mount was asked for.</summary>
/// <param name="OptionLists">Lists of options, as after <c>-o</c>.</param>
/// <param name="IsSloppy">True to ignore options that are not known.</param>
/// <param name="LogLevel">What is logged.</param>
/// <param name="Stays">True when the command serves, or stays, until its mount has ended.</param>
public sealed record MountWords(
    IReadOnlyList<string> OptionLists, bool IsSloppy, LogLevel LogLevel, bool Stays);
