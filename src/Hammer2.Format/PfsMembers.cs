// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Collections.Generic;

namespace Hammer2.Format;

/// <summary>
/// The membership record of a cluster: the end of the name area of its PFS roots. An addition of this driver, which
/// upstream neither reads nor changes: it takes the label to end at its NUL.
/// </summary>
/// <remarks>It is right-aligned, and ends with its length, so that it is found behind labels and holds of any length:
/// the number of the record (4 bytes), how many members it names (1), each member (13 bytes: slot in the low half and
/// role in the high half of a byte, the start of its filesystem's id, the hash of its ids), the text <c>H2MEM</c>, a
/// byte with the version, 1, and two bytes with the length of all of this. At least one NUL is before it.</remarks>
public static class PfsMembers
{
    private const byte Version = 1;
    private const int HeadBytes = sizeof(uint) + 1;
    private const int MemberBytes = 1 + sizeof(ulong) + sizeof(uint);
    private const int TrailerBytes = 8;
    private const int LengthOffset = 6;

    private static ReadOnlySpan<byte> Magic => "H2MEM"u8;

    /// <summary>True when the name area of a root ends with a record, of any version.</summary>
    /// <param name="afterLabel">The name area after the label.</param>
    public static bool IsPresent(ReadOnlySpan<byte> afterLabel) => LengthOf(afterLabel) > 0;

    /// <summary>The bytes of the record; none when there is none.</summary>
    /// <param name="afterLabel">The name area after the label.</param>
    public static ReadOnlySpan<byte> RecordOf(ReadOnlySpan<byte> afterLabel) => afterLabel[^LengthOf(afterLabel)..];

    /// <summary>What is between the label and the record.</summary>
    /// <param name="afterLabel">The name area after the label.</param>
    public static ReadOnlySpan<byte> Before(ReadOnlySpan<byte> afterLabel) => afterLabel[..^LengthOf(afterLabel)];

    /// <summary>Puts a record behind a label and what follows it.</summary>
    /// <param name="labelBytes">Length of the label.</param>
    /// <param name="before">What follows the label: nothing, or from its NUL on.</param>
    /// <param name="record">The bytes of the record; none for none.</param>
    /// <param name="afterLabel">The name area after the label.</param>
    /// <returns>False when it has no space for all of it.</returns>
    public static bool TryJoin(
        int labelBytes, ReadOnlySpan<byte> before, ReadOnlySpan<byte> record, out byte[] afterLabel)
    {
        afterLabel = [];
        before = before.TrimEnd((byte)0);
        int room = InodeBlock.NameAreaBytes - labelBytes;
        // A NUL ends the label, or what follows it.
        int needed = before.Length + record.Length + (record.IsEmpty ? 0 : 1);
        if (needed > room) return false;
        afterLabel = new byte[room];
        before.CopyTo(afterLabel);
        record.CopyTo(afterLabel.AsSpan(room - record.Length));
        return true;
    }

    /// <summary>Reads the record.</summary>
    /// <param name="afterLabel">The name area after the label.</param>
    /// <param name="number">The number of the record.</param>
    /// <param name="members">Receives the members, in the order of their slots.</param>
    /// <returns>False when there is none, or one that this version cannot read.</returns>
    public static bool TryRead(ReadOnlySpan<byte> afterLabel, out uint number, List<PfsMember> members)
    {
        number = 0;
        ReadOnlySpan<byte> record = RecordOf(afterLabel);
        if (record.Length < HeadBytes + TrailerBytes || record[^(TrailerBytes - Magic.Length)] != Version) return false;
        int count = record[sizeof(uint)];
        if (count > Media.NodesMax || record.Length != HeadBytes + (count * MemberBytes) + TrailerBytes) return false;
        int used = 0;
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = record.Slice(HeadBytes + (i * MemberBytes), MemberBytes);
            var member = new PfsMember(
                entry[0] & 0xF, (MemberRole)(entry[0] >> 4), BinaryPrimitives.ReadUInt64LittleEndian(entry[1..]),
                BinaryPrimitives.ReadUInt32LittleEndian(entry[(1 + sizeof(ulong))..]));
            bool isValid = member.Slot < Media.NodesMax && used >> member.Slot == 0
                && member.Role is MemberRole.Master or MemberRole.Slave or MemberRole.Joining;
            if (!isValid) return false;
            used |= 1 << member.Slot;
            members.Add(member);
        }
        number = BinaryPrimitives.ReadUInt32LittleEndian(record);
        return true;
    }

    /// <summary>The bytes of a record.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="members">At most 8, each in a slot of its own, in their order.</param>
    public static byte[] Write(uint number, IReadOnlyList<PfsMember> members)
    {
        byte[] record = new byte[HeadBytes + (members.Count * MemberBytes) + TrailerBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(record, number);
        record[sizeof(uint)] = (byte)members.Count;
        for (int i = 0; i < members.Count; i++)
        {
            PfsMember member = members[i];
            Span<byte> entry = record.AsSpan(HeadBytes + (i * MemberBytes), MemberBytes);
            entry[0] = (byte)(member.Slot | ((int)member.Role << 4));
            BinaryPrimitives.WriteUInt64LittleEndian(entry[1..], member.FilesystemStart);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[(1 + sizeof(ulong))..], member.Check);
        }
        Span<byte> trailer = record.AsSpan(record.Length - TrailerBytes);
        Magic.CopyTo(trailer);
        trailer[Magic.Length] = Version;
        BinaryPrimitives.WriteUInt16LittleEndian(trailer[LengthOffset..], (ushort)record.Length);
        return record;
    }

    private static int LengthOf(ReadOnlySpan<byte> afterLabel)
    {
        if (afterLabel.Length < TrailerBytes || !afterLabel[^TrailerBytes..].StartsWith(Magic)) return 0;
        int length = BinaryPrimitives.ReadUInt16LittleEndian(afterLabel[^(TrailerBytes - LengthOffset)..]);
        return length >= TrailerBytes && length < afterLabel.Length ? length : TrailerBytes;
    }
}
