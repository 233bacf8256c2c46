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

    public int ObjectSyncs { get; set; }

    public int Scrubs { get; set; }

    public int Full { get; set; }

    public int LateWrites { get; set; }

    public int OtherCommits { get; set; }

    public int HeadersLost { get; set; }

    /// <summary>Adds what another one counted.</summary>
    public void Add(SimulationCounts other)
    {
        Mounts += other.Mounts;
        Refused += other.Refused;
        Resyncs += other.Resyncs;
        MemberChanges += other.MemberChanges;
        Spoiled += other.Spoiled;
        ForeignWrites += other.ForeignWrites;
        Cuts += other.Cuts;
        Replaced += other.Replaced;
        Blocked += other.Blocked;
        Resolved += other.Resolved;
        ObjectSyncs += other.ObjectSyncs;
        Scrubs += other.Scrubs;
        Full += other.Full;
        LateWrites += other.LateWrites;
        OtherCommits += other.OtherCommits;
        HeadersLost += other.HeadersLost;
    }

    public override string ToString() =>
        $"{Mounts} mounts for writing, {Refused} refused, {Cuts} ended by power or a kill, {Resyncs} nodes "
        + $"resynchronized, {MemberChanges} changes of members, {Spoiled} times blocks spoiled, "
        + $"{ForeignWrites} foreign writes, {Replaced} devices replaced, {ObjectSyncs} fsyncs of single objects, "
        + $"{Scrubs} scrubs, {Full} times without space, {LateWrites} late writes, "
        + $"{OtherCommits} commits of other PFSs, {HeadersLost} headers lost, "
        + $"{Blocked} times held up by a damaged node, {Resolved} resolved by a user";
}
