// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Format;

/// <summary>The bytes of membership records, behind labels and holds of every length.</summary>
public sealed class PfsMembersTests
{
    private static readonly PfsMember[] Three =
    [
        new(0, MemberRole.Master, 0x1122334455667788, 0xAABBCCDD), new(2, MemberRole.Slave, 2, 3),
        new(7, MemberRole.Joining, ulong.MaxValue, uint.MaxValue),
    ];

    [Fact]
    public void A_record_is_read_back_behind_labels_and_holds_of_every_length()
    {
        byte[] record = PfsMembers.Write(0x01020304, Three);
        var holds = new List<PfsHold> { new("audit"u8.ToArray(), 7), new("x"u8.ToArray(), 8) };
        for (int label = 1; label <= 255; label++)
        {
            byte[] before = PfsHolds.TryWrite(holds, label, out byte[] written) ? written : [];
            if (!PfsMembers.TryJoin(label, before, record, out byte[] after))
            {
                Assert.True(label + before.Length + record.Length + 1 > 256);
                continue;
            }
            Assert.Equal(256 - label, after.Length);
            Assert.Equal(0, after[0]);
            var read = new List<PfsMember>();
            Assert.True(PfsMembers.TryRead(after, out uint number, read));
            Assert.Equal(0x01020304u, number);
            Assert.Equal(Three, read);
            var held = new List<PfsHold>();
            Assert.True(PfsHolds.TryRead(after, held));
            Assert.Equal(before.Length > 0 ? 2 : 0, held.Count);
            Assert.True(PfsMembers.RecordOf(after).SequenceEqual(record));
            Assert.True(PfsMembers.Before(after).TrimEnd((byte)0).SequenceEqual(before));
        }
    }

    [Fact]
    public void The_layout_is_the_one_of_the_format_description()
    {
        byte[] record = PfsMembers.Write(0x01020304, [Three[0]]);
        Assert.Equal(
            "04030201" + "01" + "10" + "8877665544332211" + "DDCCBBAA" + "48324D454D" + "01" + "1A00",
            System.Convert.ToHexString(record));
    }

    [Fact]
    public void Without_a_record_nothing_is_found()
    {
        Assert.False(PfsMembers.IsPresent(new byte[200]));
        Assert.False(PfsMembers.IsPresent([]));
        Assert.True(PfsMembers.RecordOf(new byte[200]).IsEmpty);
        Assert.False(PfsMembers.TryRead(new byte[200], out _, []));
    }

    [Fact]
    public void Every_changed_byte_is_refused_or_gives_a_possible_record()
    {
        var random = new SeededRandom(SeededRandom.Seeds(1)[0]);
        Assert.True(PfsMembers.TryJoin(2, [], PfsMembers.Write(9, Three), out byte[] good));
        for (int round = 0; round < 20_000; round++)
        {
            byte[] bytes = (byte[])good.Clone();
            for (int changes = 1 + random.Below(4); changes > 0; changes--)
                bytes[bytes.Length - 1 - random.Below(70)] = random.NextByte();
            var read = new List<PfsMember>();
            if (!PfsMembers.TryRead(bytes, out _, read)) continue;
            Assert.InRange(read.Count, 0, Media.NodesMax);
            Assert.Equal(read.Select(member => member.Slot).Order(), read.Select(member => member.Slot));
            Assert.Equal(read.Count, read.DistinctBy(member => member.Slot).Count());
        }
    }

    [Fact]
    public void A_record_of_another_version_is_present_and_not_read()
    {
        Assert.True(PfsMembers.TryJoin(2, [], PfsMembers.Write(9, Three), out byte[] bytes));
        bytes[^3] = 2;
        Assert.True(PfsMembers.IsPresent(bytes));
        Assert.False(PfsMembers.TryRead(bytes, out _, []));
    }
}
