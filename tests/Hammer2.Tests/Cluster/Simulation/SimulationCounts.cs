// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tests.Cluster.Simulation;

/// <summary>What simulations did, so that it is known that they do something.</summary>
internal sealed class SimulationCounts
{
    public int Mounts { get; set; }

    public int Refused { get; set; }

    public int Resyncs { get; set; }

    public int MemberChanges { get; set; }

    public int Spoiled { get; set; }

    public int ForeignWrites { get; set; }

    public int Cuts { get; set; }

    public int Replaced { get; set; }

    public int Blocked { get; set; }

    public int Resolved { get; set; }

    public override string ToString() =>
        $"{Mounts} mounts for writing, {Refused} refused, {Cuts} ended by power or a kill, {Resyncs} nodes "
        + $"resynchronized, {MemberChanges} changes of members, {Spoiled} times blocks spoiled, "
        + $"{ForeignWrites} foreign writes, {Replaced} devices replaced, "
        + $"{Blocked} times held up by a damaged node, {Resolved} resolved by a user";
}
