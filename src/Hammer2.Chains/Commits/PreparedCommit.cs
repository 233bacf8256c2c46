// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Devices;

namespace Hammer2.Chains.Commits;

/// <summary>A commit that is durable but for its volume header, which waits for every node to be ready.</summary>
public sealed class PreparedCommit
{
    internal PreparedCommit(VolumeHeader header) => Header = header;

    internal VolumeHeader Header { get; }
}
