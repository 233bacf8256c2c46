// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hammer2.Format;
using Xunit;

namespace Hammer2.Tests.Format;

/// <summary>
/// Goal: no field of a media record moves by accident, and none is added without a row here.
/// Method: one row per field, written from the format's description and not from the code.
/// </summary>
public sealed class LayoutTests
{
    /// <summary>Struct, size in bytes; then its fields: hexadecimal offset, size in bytes, name.</summary>
    private const string Rows = """
        Blockref 128
          00 1 Type
          01 1 Methods
          02 1 CopyId
          03 1 KeyBits
          04 1 VirtualRadix
          05 1 Flags
          06 2 LeafCount
          08 8 Key
          10 8 MirrorTid
          18 8 ModifyTid
          20 8 Data
          28 8 UpdateTid
          30 16 Dirent
          30 16 Subtree
          40 64 _check
          44 4 FreemapBigMask
          48 8 FreemapAvailable
        DirentHead 16
          00 8 Inum
          08 2 NameBytes
          0A 1 Type
          0B 1 Reserved0B
          0C 4 Reserved0C
        BulkfreeRecord 64
          00 8 First
          08 8 End
          10 8 MemoryBytes
          18 8 AllocatedBytes
          20 8 FreedBytes
          28 8 FragmentedBytes
          30 8 TotalAllocatedBytes
          38 8 TotalScannedBytes
        DestroyRecord 272
          000 4 Command
          004 256 Name
          108 8 Inum
        GrowRecord 72
          00 8 LengthBytes
          08 4 IsChanged
        TrimRecord 24
          00 8 Start
          08 8 LengthBytes
          10 8 LeastBytes
        RemountRecord 1024
          000 4 Error
          004 4 Reserved04
          008 1016 Text
        VersionRecord 256
          00 4 Version
        PfsIoctlRecord 320
          000 8 Key
          008 8 NextKey
          010 1 Type
          011 1 Subtype
          012 2 Reserved12
          014 4 Flags
          018 8 Reserved18
          020 16 NodeId
          030 16 ClusterId
          040 256 Label
        InodeRecord 1056
          000 4 Flags
          008 8 Reserved08
          010 8 DataCount
          018 8 InodeCount
          020 256 Meta
        VolumeRecord 88
          00 64 Path
          40 4 Id
          48 8 Start
          50 8 LengthBytes
        VolumeListRecord 5896
          000 5632 Volumes
          1600 4 VolumesTotal
          1604 4 Version
          1608 256 Label
        SubtreeStatistics 16
          00 8 DataCount
          08 8 InodeCount
        InodeMeta 256
          00 2 Version
          02 1 Reserved02
          03 1 PfsSubtype
          04 4 UserFlags
          08 4 DeviceMajor
          0C 4 DeviceMinor
          10 8 ChangeTime
          18 8 ModifyTime
          20 8 AccessTime
          28 8 BirthTime
          30 16 UserId
          40 16 GroupId
          50 1 Type
          51 1 OperationFlags
          52 2 CapabilityFlags
          54 4 Mode
          58 8 Inum
          60 8 Size
          68 8 LinkCount
          70 8 ParentInum
          78 8 NameKey
          80 2 NameBytes
          82 1 CopyCount
          83 1 CompressionPolicy
          84 1 Unused84
          85 1 CheckPolicy
          86 1 PfsMasters
          87 1 PfsRole
          88 8 PfsInum
          90 16 PfsClusterId
          A0 16 PfsNodeId
          B0 8 DataQuota
          B8 8 UnusedB8
          C0 8 InodeQuota
          C8 8 UnusedC8
          D0 8 PfsSnapshotTid
          D8 8 PfsCommitId
          E0 8 DecryptCheck
          E8 8 PfsReceivedTid
          F0 16 PfsOriginId
        MediaUuid 16
          00 8 Low
          08 8 High
          0C 4 UnixId
        PreparedRecord 256
          00 8 Magic
          08 4 Version
          0C 4 HeaderSlot
          10 16 FilesystemId
          20 8 PredecessorTid
          28 8 PredecessorCrc
          30 8 NextTid
          38 8 NextCrc
          40 8 AllocatorFree
          48 8 FreemapTid
          50 8 PfsKey
          58 16 ClusterId
          68 8 CommitNumber
          70 8 CommitId
          78 8 UnprotectedDigest
          80 8 UnprotectedBlocks
          88 8 VolumeBytes
          90 8 TotalBytes
          98 8 AllocatorBytes
          A0 8 AddedStart
        WriterMarkFields 128
          00 8 Magic
          08 4 Version
          0C 4 State
          10 16 FilesystemId
          20 16 WriterId
          30 8 Sequence
          38 16 BootId
          48 8 ProcessNamespace
          50 8 ProcessId
          58 8 BegunMicroseconds
        FreemapEntry 128
          00 4 LinearOffset
          04 2 Class
          06 2 Reserved06
          08 8 Reserved08
          10 8 Reserved10
          18 4 Reserved18
          1C 4 AvailableBytes
          20 8 Reserved20
          28 8 Reserved28
          30 8 Reserved30
          38 8 Reserved38
          40 64 _words
        VolumeHeaderSector 512
          000 8 Magic
          008 8 BootBegin
          010 8 BootEnd
          018 8 AuxBegin
          020 8 AuxEnd
          028 8 VolumeBytes
          030 4 Version
          034 4 Flags
          038 1 CopyId
          039 1 FreemapVersion
          03A 1 PeerType
          03B 1 VolumeIndex
          03C 1 VolumesTotal
          03D 1 Reserved3D
          03E 2 Reserved3E
          040 16 FilesystemId
          050 16 FilesystemType
          060 8 AllocatorBytes
          068 8 AllocatorFree
          070 8 AllocatorBegin
          078 8 MirrorTid
          080 8 Reserved80
          088 8 Reserved88
          090 8 FreemapTid
          098 8 BulkfreeTid
          0A0 8 ReservedA0
          0A8 8 ReservedA8
          0B0 8 ReservedB0
          0B8 8 ReservedB8
          0C0 8 TotalBytes
          1F8 4 CrcSector1
          1FC 4 CrcSector0
        """;

    /// <summary>The media records of the format's assembly: all types with explicit field offsets.</summary>
    internal static IEnumerable<Type> Records() =>
        typeof(Blockref).Assembly.GetTypes().Where(type =>
            type.IsValueType && type.IsExplicitLayout && type.Namespace == typeof(Blockref).Namespace);

    /// <summary>The records that have rows.</summary>
    internal static IEnumerable<string> RecordsWithRows() =>
        Rows.Split('\n').Where(row => !row.StartsWith(' ')).Select(row => row.Split(' ')[0]);

    [Fact]
    public void Every_field_is_where_the_format_says()
    {
        string[] actual =
            [.. Records().OrderBy(type => type.Name, StringComparer.Ordinal).SelectMany(Describe)];
        string[] expected =
            [.. Group(Rows).OrderBy(group => group[0], StringComparer.Ordinal).SelectMany(group => group)];
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void Parts_of_larger_blocks_are_where_the_format_says()
    {
        var header = new VolumeHeaderView(new byte[65536]);
        Assert.Equal(0x200, OffsetIn(header.Bytes, MemoryMarshal.AsBytes(header.SuperRootBlockset)));
        Assert.Equal(0x800, OffsetIn(header.Bytes, MemoryMarshal.AsBytes(header.FreemapBlockset)));
        Assert.Equal(0xE00, OffsetIn(header.Bytes, MemoryMarshal.AsBytes(header.VolumeStarts)));
        header.CrcHeader = 0x11223344;
        Assert.Equal([0x44, 0x33, 0x22, 0x11], header.Bytes[0xFFFC..].ToArray());
        Assert.Equal(
            (4, 4, 64), (
                header.SuperRootBlockset.Length, header.FreemapBlockset.Length, header.VolumeStarts.Length));

        Span<byte> bytes = new byte[1024];
        var inode = new InodeBlock(bytes);
        Assert.Equal(0x100, OffsetIn(bytes, inode.NameArea));
        Assert.Equal(0x200, OffsetIn(bytes, inode.EmbeddedData));
        Assert.Equal(
            (256, 512, 4), (inode.NameArea.Length, inode.EmbeddedData.Length, inode.Blockset.Length));
    }

    [Fact]
    public void A_stored_uuid_starts_with_its_first_field_in_little_endian() =>
        Assert.Equal(
            "d19abb5c2d86dc11a94d01301bb8a9f5",
            Convert.ToHexStringLower(MemoryMarshal.AsBytes([VolumeHeaderView.TypeHammer2])));

    [Fact]
    public void Views_reject_blocks_of_the_wrong_size()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new VolumeHeaderView(new byte[65535]).Bytes.Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => new InodeBlock(new byte[512]).Name.Length);
    }

    private static int OffsetIn(ReadOnlySpan<byte> whole, ReadOnlySpan<byte> part) =>
        (int)Unsafe.ByteOffset(ref MemoryMarshal.GetReference(whole), ref MemoryMarshal.GetReference(part));

    private static IEnumerable<string> Describe(Type record)
    {
        yield return string.Create(CultureInfo.InvariantCulture, $"{record.Name} {SizeOf(record)}");
        int digits = SizeOf(record) > 256 ? 3 : 2;
        foreach (FieldInfo field in record.GetFields(
            BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .OrderBy(field => Offset(field)).ThenBy(field => field.Name, StringComparer.Ordinal))
        {
            string offset = Offset(field).ToString("X" + digits, CultureInfo.InvariantCulture);
            yield return string.Create(
                CultureInfo.InvariantCulture, $"  {offset} {SizeOf(field.FieldType)} {field.Name}");
        }
    }

    private static int Offset(FieldInfo field) => field.GetCustomAttribute<FieldOffsetAttribute>()!.Value;

    private static int SizeOf(Type type) => (int)typeof(Unsafe)
        .GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)!;

    private static List<string[]> Group(string rows)
    {
        var groups = new List<string[]>();
        foreach (string row in rows.Split('\n'))
        {
            if (row.StartsWith(' ')) groups[^1] = [.. groups[^1], row];
            else groups.Add([row]);
        }

        return groups;
    }
}
