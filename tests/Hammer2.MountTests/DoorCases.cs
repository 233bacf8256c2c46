// SPDX-License-Identifier: BSD-3-Clause

using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using Hammer2.Format;

namespace Hammer2.MountTests;

/// <summary>The cases of <see cref="RequestDoorTests"/>, one for each row of the table of requests.</summary>
internal static partial class DoorCases
{
    private const int NoEntry = 2;
    private const int Exists = 17;
    private const int Malformed = 22;
    private const int Stale = 116;
    private const int PfsLabelAt = 0x40;
    private const int MetaAt = 0x20;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<DoorCase> All { get; } =
        [.. Media(), .. Pfss(), .. Objects(), .. Rescue(), .. Cluster(), .. Streams(), .. Scrubs()];

    private static IEnumerable<DoorCase> Media() =>
    [
        new("version", "version", "version x=1", Malformed)
        {
            Fact = result => Number(result, "format"),
            Ioctl = new(IoctlCommand.VersionGet) { Fact = record => $"{ReadInt(record, 0)}" },
            WithoutCommand = "upstream's tool asks it before each directive, and shows it nowhere",
        },
        new("volume-list", "volume-list", "volume-list node=99", Malformed)
        {
            Fact = result => result.GetProperty("volumes")[0].GetProperty("path").GetString()!,
            Ioctl = new(IoctlCommand.VolumeListFlat)
            {
                Good = (_, _, record) => WriteInt(record, 0x1600, 64),
                Fact = record => ReadText(record, 0),
            },
            Command = "volume-list {2}",
            BadCommand = "volume-list {2}/none",
        },
        new("space", "space", "space x=1", Malformed)
        {
            Fact = result => Number(result, "totalBytes"),
            WithoutIoctl = "statvfs(2) is for that",
            WithoutCommand = "df(1) and 'status' show it",
        },
        new("bulkfree", "bulkfree", "bulkfree x=1", Malformed)
        {
            Ioctl = new(IoctlCommand.BulkfreeScan),
            Command = "bulkfree {2}",
            BadCommand = "bulkfree {2}/none",
        },
        new("trim", "trim", "trim length=1", Malformed)
        {
            Ioctl = new(IoctlCommand.Trim)
            {
                Good = (_, _, record) => WriteLong(record, 8, ulong.MaxValue),
                Bad = record => WriteLong(record, 8, 1),
            },
            WithoutCommand = "fstrim(8) is for that",
        },
        new("sync", "sync", "sync x=1", Malformed)
        {
            WithoutIoctl = "syncfs(2) is for that",
            WithoutCommand = "sync(1) is for that",
        },
        new("growfs", "growfs", "growfs size=1", Malformed)
        {
            Before = (mount, _) => Lengthen(mount),
            Seen = (mount, _) => Last(mount).GetProperty("lengthBytes").GetInt64() == LastFile(mount).Length
                ? "as long as its device" : "shorter",
            Ioctl = new(IoctlCommand.Grow) { Bad = record => WriteLong(record, 0, 1) },
            Command = "growfs {2}",
            BadCommand = "growfs {2}/none",
        },
        new("volume-add", "volume-add device={1}/v-{0}.img", "volume-add device=/dev/null", Malformed)
        {
            Before = (mount, door) =>
            {
                using FileStream file = File.Create(mount.PathOf($"v-{door}.img"));
                file.SetLength(1 << 30);
            },
            Seen = (mount, _) => Last(mount).GetProperty("lengthBytes").GetRawText()[..4],
            Command = "volume-add {2} {1}/v-{0}.img",
            BadCommand = "volume-add {2} /dev/null",
        },
    ];

    private static IEnumerable<DoorCase> Pfss() =>
    [
        new("pfs-list", "pfs-list", "pfs-list first=x", Malformed)
        {
            Fact = result => result.GetProperty("pfs")[0].GetProperty("label").GetString()!,
            Ioctl = new(IoctlCommand.PfsGet) { Fact = record => ReadText(record, PfsLabelAt) },
            Command = "pfs-list {2}",
            BadCommand = "pfs-list {2}/none",
        },
        new("pfs-lookup", "pfs-lookup label=s0", "pfs-lookup label=none", NoEntry)
        {
            Fact = result => result.GetProperty("clusterId").GetString()!,
            Ioctl = new(IoctlCommand.PfsLookup)
            {
                Good = (_, _, record) => WriteText(record, PfsLabelAt, "s0"),
                Bad = record => WriteText(record, PfsLabelAt, "none"),
                Fact = record => new Guid(record.AsSpan(0x30, 16)).ToString(),
            },
            Command = "pfs-clid {2} s0",
            BadCommand = "pfs-clid {2} none",
        },
        new("snapshot", "snapshot label=t-{0}", "snapshot label=s0", Exists)
        {
            Seen = (mount, door) => mount.Pfss("t-" + door, door),
            Ioctl = OfLabel(IoctlCommand.PfsSnapshot, "t-", "s0"),
            Command = "snapshot {2} t-{0}",
            BadCommand = "snapshot {2} s0",
        },
        new("pfs-create", "pfs-create label=c-{0} type=MASTER", "pfs-create label=s0", Exists)
        {
            Seen = (mount, door) => mount.Pfss("c-" + door, door),
            Ioctl = new(IoctlCommand.PfsCreate)
            {
                Good = (_, door, record) =>
                {
                    record[0x10] = (byte)PfsType.Master;
                    WriteText(record, PfsLabelAt, "c-" + door);
                },
                Bad = record =>
                {
                    record[0x10] = (byte)PfsType.Master;
                    WriteText(record, PfsLabelAt, "s0");
                },
            },
            Command = "pfs-create {2} c-{0}",
            BadCommand = "pfs-create {2} s0",
        },
        new("pfs-delete", "pfs-delete label=d-{0}", "pfs-delete label=none", NoEntry)
        {
            Before = (mount, door) => DoorMount.Do("snapshot", mount.Root, "d-" + door),
            Seen = (mount, door) => mount.Pfss("d-" + door, door),
            Ioctl = OfLabel(IoctlCommand.PfsDelete, "d-", "none"),
            Command = "pfs-delete {2} d-{0}",
            BadCommand = "pfs-delete {2} none",
        },
        new("pfs-rename", "pfs-rename label=n-{0} to=m-{0}", "pfs-rename label=none to=other", NoEntry)
        {
            Before = (mount, door) => DoorMount.Do("snapshot", mount.Root, "n-" + door),
            Seen = (mount, door) => mount.Pfss("n-" + door, door) + mount.Pfss("m-" + door, door),
            Command = "pfs-rename {2} n-{0} m-{0}",
            BadCommand = "pfs-rename {2} none other",
        },
        new("hold", "hold label=s0 name=h-{0}", "hold label=none name=h", NoEntry)
        {
            Seen = (mount, door) => Holds(mount, "h-" + door, door),
            After = (mount, door) => DoorMount.Do("release", mount.Root, "s0", "h-" + door),
            Command = "hold {2} s0 h-{0}",
            BadCommand = "hold {2} none h",
        },
        new("release", "release label=s0 name=k-{0}", "release label=s0 name=none", NoEntry)
        {
            Before = (mount, door) => DoorMount.Do("hold", mount.Root, "s0", "k-" + door),
            Seen = (mount, door) => Holds(mount, "k-" + door, door),
            Command = "release {2} s0 k-{0}",
            BadCommand = "release {2} s0 none",
        },
        new("holds", "holds label=s0", "holds label=none", NoEntry)
        {
            Before = (mount, door) => DoorMount.Do("hold", mount.Root, "s0", "listed"),
            After = (mount, door) => DoorMount.Do("release", mount.Root, "s0", "listed"),
            Fact = _ => "listed",
            Command = "holds {2} s0",
            BadCommand = "holds {2} none",
        },
        new("rollback", "rollback label=CL snapshot=s0", "rollback label=CL snapshot=none", NoEntry)
        {
            Before = (mount, door) => File.WriteAllText(mount.Root + "/f", door),
            Seen = (mount, _) => File.ReadAllText(mount.Root + "/f"),
            Command = "rollback {2} CL s0",
            BadCommand = "rollback {2} CL none",
        },
        new("snapshot-schedule", "snapshot-schedule hourly=1 dry-run=yes", "snapshot-schedule min-free=101",
            Malformed)
        {
            Fact = _ => "create",
            Command = "snapshot-schedule {2} hourly=1 --dry-run",
            BadCommand = "snapshot-schedule {2} hourly=1 --min-free 101",
        },
    ];

    private static IEnumerable<DoorCase> Objects() =>
    [
        new("inode-get", "inode-get inum=1", "inode-get inum=0x123456789", Stale)
        {
            Fact = result => result.GetProperty("inum").GetInt64() == 1 ? "1" : "another",
            Ioctl = new(IoctlCommand.InodeGet)
            {
                Fact = record => $"{BinaryPrimitives.ReadUInt64LittleEndian(record.AsSpan(MetaAt + 0x58))}",
            },
            Command = "printinode {2}",
            BadCommand = "printinode {2}/none",
        },
        new("inode-set", "inode-set inum=1 compression=0", "inode-set inum=1 check=77", Malformed)
        {
            Before = (mount, _) => DoorMount.Do("setcomp", "lz4", mount.Root),
            Seen = (mount, _) => HammerProgram.Run("stat", mount.Root).Output,
            Ioctl = new(IoctlCommand.InodeSet)
            {
                Good = (_, _, record) => WriteInt(record, 0, (int)InodeRecord.SetsCompression),
                Bad = record =>
                {
                    WriteInt(record, 0, (int)InodeRecord.SetsCheck);
                    record[MetaAt + 0x85] = 77;
                },
            },
            Command = "setcomp none {2}",
            BadCommand = "setcheck none-such {2}",
        },
        new("debug-dump", "debug-dump inum=1", "debug-dump inum=0x123456789", Stale)
        {
            Ioctl = new(IoctlCommand.DebugDump),
            Command = "dumpchain {2}",
            BadCommand = "dumpchain {2}/none",
        },
        new("status", "status", "status x=1", Malformed)
        {
            Fact = result => result.GetProperty("label").GetString()!,
            Command = "status {2}",
            BadCommand = "status {2}/none",
        },
        new("stats", "stats", "stats x=1", Malformed)
        {
            WithoutCommand = "'top' draws what .hammer2/stats has, until it is ended",
        },
        new("remount", "remount options=commit=7", "remount options=none-such", Malformed)
        {
            Fact = result => result.GetProperty("commitSeconds").GetDouble() == 7 ? "7" : "another",
            Ioctl = new(IoctlCommand.Remount)
            {
                Good = (_, _, record) => WriteText(record, 8, "commit=7"),
                Bad = record => WriteText(record, 8, "none-such"),
                ErrorIn = record => ReadInt(record, 0),
            },
            WithoutCommand = "mount(8) calls mount.hammer2, which uses the ioctl",
        },
    ];

    private static DoorIoctl OfLabel(uint command, string prefix, string bad) => new(command)
    {
        Good = (_, door, record) => WriteText(record, PfsLabelAt, prefix + door),
        Bad = record => WriteText(record, PfsLabelAt, bad),
    };

    private static JsonElement Last(DoorMount mount) =>
        mount.Query("volume-list").GetProperty("volumes").EnumerateArray().Last();

    private static FileInfo LastFile(DoorMount mount) => new(Last(mount).GetProperty("path").GetString()!);

    private static void Lengthen(DoorMount mount)
    {
        // Not with a stream of the runtime, which would lock the file.
        ProgramResult result = HammerProgram.RunAny("truncate", "-s", "+8M", LastFile(mount).FullName);
        Xunit.Assert.True(result.ExitCode == 0, result.Error);
    }

    private static string Holds(DoorMount mount, string name, string door) =>
        mount.Query("holds").GetRawText().Contains(name, StringComparison.Ordinal)
            ? name.Replace(door, "*", StringComparison.Ordinal) : "none";

    private static string Number(JsonElement result, string name) => result.GetProperty(name).GetRawText();

    private static int ReadInt(byte[] record, int offset) =>
        BinaryPrimitives.ReadInt32LittleEndian(record.AsSpan(offset));

    private static void WriteInt(byte[] record, int offset, int value) =>
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(offset), value);

    private static void WriteLong(byte[] record, int offset, ulong value) =>
        BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(offset), value);

    private static string ReadText(byte[] record, int offset)
    {
        ReadOnlySpan<byte> text = record.AsSpan(offset);
        return Encoding.UTF8.GetString(text[..text.IndexOf((byte)0)]);
    }

    private static void WriteText(byte[] record, int offset, string text) =>
        _ = Encoding.UTF8.GetBytes(text, record.AsSpan(offset));
}
