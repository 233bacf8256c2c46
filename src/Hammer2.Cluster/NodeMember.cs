// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Membership;

namespace Hammer2.Cluster;

/// <summary>One node of a mounted PFS as the user named it: present (<see cref="PresentNode"/>), or not
/// (<see cref="AbsentNode"/>).</summary>
public abstract class NodeMember
{
    private protected NodeMember(string name, in NodeFacts facts)
    {
        Name = name;
        Facts = facts;
    }

    /// <summary>The devices as the user gave them.</summary>
    public string Name { get; }

    /// <summary>Its stored state when it was identified.</summary>
    public NodeFacts Facts { get; }

    /// <summary>Its current state.</summary>
    public abstract NodeState State { get; }

    /// <summary>The reason of its state, as the end of a sentence.</summary>
    internal abstract string Reason { get; }
}

/// <summary>A node whose device could not be opened.</summary>
public sealed class AbsentNode : NodeMember
{
    internal AbsentNode(IReadOnlyList<string> paths, string reason)
        : base(string.Join(':', paths), NodeFacts.Missing) => (Paths, Reason) = (paths, reason);

    /// <summary>Its volumes.</summary>
    public IReadOnlyList<string> Paths { get; }

    /// <inheritdoc/>
    public override NodeState State => NodeState.Offline;

    /// <inheritdoc/>
    internal override string Reason { get; }
}
