// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Collections.Immutable;
using Hammer2.Format;

namespace Hammer2.Membership;

/// <summary>
/// Which nodes a cluster has, by their identity, and which of them vote. Stored in the PFS root of every node, and so
/// committed with the content. Immutable: a change is another record with the next number.
/// </summary>
/// <remarks>
/// It changes one voter at a time, and each change is committed by a quorum of the record that it makes. That is enough
/// for no two quorums to be without a common node: the nodes that have not got the change are then fewer than a quorum
/// of the record before.
/// </remarks>
public sealed class MembershipRecord : IEquatable<MembershipRecord>
{
    private MembershipRecord(uint number, ImmutableArray<PfsMember> members)
    {
        Number = number;
        Members = members;
        foreach (PfsMember member in members)
            if (member.Role == MemberRole.Master) Masters++;
    }

    /// <summary>Counts the changes; the first record has 1.</summary>
    public uint Number { get; }

    /// <summary>The members, in the order of their slots.</summary>
    public ImmutableArray<PfsMember> Members { get; }

    /// <summary>How many of them vote.</summary>
    public int Masters { get; }

    /// <summary>Masters that must agree: more than half.</summary>
    public int Quorum => (Masters / 2) + 1;

    /// <summary>The first record of a cluster.</summary>
    /// <param name="nodes">Its nodes, at most 8, each once.</param>
    public static MembershipRecord Create(IEnumerable<(MemberTag Tag, MemberRole Role)> nodes)
    {
        var record = new MembershipRecord(0, []);
        foreach ((MemberTag tag, MemberRole role) in nodes) record = record.With(tag, role);
        return new MembershipRecord(1, record.Members);
    }

    /// <summary>Reads the record of a PFS root.</summary>
    /// <param name="afterLabel">Its name area after the label.</param>
    /// <returns>Null when there is none, or one that this version cannot read.</returns>
    public static MembershipRecord? Read(ReadOnlySpan<byte> afterLabel)
    {
        var members = new List<PfsMember>();
        return PfsMembers.TryRead(afterLabel, out uint number, members)
            ? new MembershipRecord(number, [.. members]) : null;
    }

    /// <summary>The record as it is stored.</summary>
    public byte[] ToBytes() => PfsMembers.Write(Number, Members);

    /// <summary>The part of a node; null when it is no member.</summary>
    public MemberRole? RoleOf(MemberTag tag) => IndexOf(tag) is >= 0 and var index ? Members[index].Role : null;

    /// <summary>The slot of a node; -1 when it is no member.</summary>
    public int SlotOf(MemberTag tag) => IndexOf(tag) is >= 0 and var index ? Members[index].Slot : -1;

    /// <summary>The record with another part of a node; one that is no member yet gets the lowest free slot.</summary>
    /// <exception cref="InvalidOperationException">There are 8 members already.</exception>
    public MembershipRecord With(MemberTag tag, MemberRole role)
    {
        int index = IndexOf(tag);
        if (index >= 0)
            return new MembershipRecord(Number + 1, Members.SetItem(index, Members[index] with { Role = role }));
        // Slots are in order: the first one that is not its own index is the end of a gap.
        int slot = 0;
        while (slot < Members.Length && Members[slot].Slot == slot) slot++;
        if (slot == Media.NodesMax) throw new InvalidOperationException("all slots of the cluster are in use");
        return new MembershipRecord(
            Number + 1, Members.Insert(slot, new PfsMember(slot, role, tag.FilesystemStart, tag.Check)));
    }

    /// <summary>The record without a node, whose slot is free then.</summary>
    public MembershipRecord Without(MemberTag tag) => IndexOf(tag) is >= 0 and var index
        ? new MembershipRecord(Number + 1, Members.RemoveAt(index)) : this;

    /// <summary>The record in which only some nodes vote: what a user decided who gives the others up, or the states
    /// that they hold.</summary>
    /// <param name="kept">Nodes that vote.</param>
    /// <param name="given">Nodes that are to be made equal to them; others are no members any more.</param>
    public MembershipRecord Forced(IReadOnlySet<MemberTag> kept, IReadOnlySet<MemberTag> given)
    {
        var members = ImmutableArray.CreateBuilder<PfsMember>();
        foreach (PfsMember member in Members)
        {
            var tag = new MemberTag(member.FilesystemStart, member.Check);
            if (kept.Contains(tag)) members.Add(member with { Role = MemberRole.Master });
            else if (given.Contains(tag)) members.Add(member with { Role = MemberRole.Joining });
        }
        return new MembershipRecord(Number + 1, members.ToImmutable());
    }

    /// <inheritdoc/>
    public bool Equals(MembershipRecord? other) =>
        other is not null && Number == other.Number && Members.AsSpan().SequenceEqual(other.Members.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as MembershipRecord);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Number, Members.Length);

    private int IndexOf(MemberTag tag)
    {
        for (int i = 0; i < Members.Length; i++)
            if (Members[i].FilesystemStart == tag.FilesystemStart && Members[i].Check == tag.Check) return i;
        return -1;
    }
}
