// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tests.Fuse;

/// <summary>One request as the kernel sends it, the expected call of the filesystem, and the expected reply.</summary>
/// <param name="Name">Name of the operation, shown in the test's name.</param>
/// <param name="Opcode">Second word of the message.</param>
/// <param name="Body">The bytes after the header of 40 bytes, with comments.</param>
/// <param name="Call">The expected call of the filesystem; "" for none.</param>
/// <param name="Payload">Start of the bytes after the reply's header; the rest must be zero. Null: no reply.</param>
/// <param name="PayloadBytes">Length of all bytes after the reply's header.</param>
public sealed record FuseWireCase(
    string Name, uint Opcode, string Body, string Call, string? Payload, int PayloadBytes)
{
    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>One case per operation and form.</summary>
public static class FuseWireCases
{
    // Every request below names node 2 and comes from this caller.
    private const string Who = "2 by 1000:1001/4242";

    private const string EntryPayload = """
        66 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  // node, generation
        11 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  // name and attributes valid for, in seconds
        00 00 00 00  00 00 00 00                          // and nanoseconds
        66                                                // inode
        """;

    private const int EntryBytes = 128;
    private const int AttrBytes = 104;

    /// <summary>All cases.</summary>
    public static FuseWireCase[] All =>
    [
        new("LOOKUP", 1, "\"name\" 00", $"lookup {Who} name", EntryPayload, EntryBytes),
        new("FORGET", 2, "03 00 00 00 00 00 00 00 // lookups", "forget 2 3", null, 0),
        new("GETATTR", 3, """
            01 00 00 00              // flags: the handle is meant
            00 00 00 00
            09 00 00 00 00 00 00 00  // handle
            """, $"getattr {Who} flags=1 handle=9",
            """
            11 00 00 00 00 00 00 00  // valid for 17 seconds
            00 00 00 00 00 00 00 00
            22 00 00 00 00 00 00 00
            """ + Zeros(52) + " A4 81 00 00 // mode", AttrBytes),
        new("SETATTR", 4, """
            29 00 00 00              // valid: mode, size, mtime
            00 00 00 00
            09 00 00 00 00 00 00 00  // handle
            00 10 00 00 00 00 00 00  // size
            00 00 00 00 00 00 00 00  // lock owner
            01 00 00 00 00 00 00 00  // atime
            02 00 00 00 00 00 00 00  // mtime
            03 00 00 00 00 00 00 00  // ctime
            04 00 00 00  05 00 00 00  06 00 00 00
            A4 81 00 00              // mode
            00 00 00 00
            E8 03 00 00  E9 03 00 00 // owner, group
            00 00 00 00
            """, $"setattr {Who} Mode, Size, MTime handle=9 size=4096 mtime=2.5 mode=81A4 owner=1000:1001",
            Zeros(16) + " 22", AttrBytes),
        new("STATX", 52, """
            00 00 00 00  00 00 00 00
            09 00 00 00 00 00 00 00  // handle
            00 01 00 00              // AT_SYMLINK_NOFOLLOW
            FF 0F 00 00              // basic fields and birth time
            """, $"statx {Who} handle=9 mask=FFF flags=100",
            Zeros(32) + " FF 0F" + Zeros(30) + " 22 00 00 00 00 00 00 00" + Zeros(40) + " 33", 288),
        new("READLINK", 5, "", $"readlink {Who} room=4095", "\"there\"", 5),
        new("SYMLINK", 6, "\"name\" 00 \"target\" 00", $"symlink {Who} name -> target",
            EntryPayload, EntryBytes),
        new("MKNOD", 8, """
            80 11 00 00              // mode: FIFO
            00 00 00 00              // device number
            12 00 00 00  00 00 00 00 // umask
            "name" 00
            """, $"mknod {Who} name mode=1180 device=0", EntryPayload, EntryBytes),
        new("MKDIR", 9, "ED 01 00 00  12 00 00 00  \"name\" 00 // mode, umask",
            $"mkdir {Who} name mode=1ED umask=12", EntryPayload, EntryBytes),
        new("UNLINK", 10, "\"name\" 00", $"unlink {Who} name", "", 0),
        new("RMDIR", 11, "\"name\" 00", $"rmdir {Who} name", "", 0),
        new("RENAME", 12, "07 00 00 00 00 00 00 00  \"from\" 00 \"to\" 00",
            $"rename {Who} from -> 7 to flags=0", "", 0),
        new("RENAME2", 45, "07 00 00 00 00 00 00 00  01 00 00 00  00 00 00 00  \"from\" 00 \"to\" 00",
            $"rename {Who} from -> 7 to flags=1", "", 0),
        new("LINK", 13, "07 00 00 00 00 00 00 00  \"name\" 00", $"link {Who} 7 as name",
            EntryPayload, EntryBytes),
        new("OPEN", 14, "00 80 00 00  00 00 00 00 // O_LARGEFILE", $"open {Who} flags=8000",
            "44 00 00 00 00 00 00 00  02 // handle, keep cache", 16),
        new("READ", 15, ReadBody, $"read {Who} handle=9 at 65536 room=4096", "A0 A1 A2 A3", 4),
        new("WRITE", 16, """
            09 00 00 00 00 00 00 00  // handle
            00 00 01 00 00 00 00 00  // position
            05 00 00 00  00 00 00 00 // size, flags
            00 00 00 00 00 00 00 00
            01 80 00 00  00 00 00 00
            "bytes"
            """, $"write {Who} handle=9 at 65536 bytes", "05", 8),
        new("STATFS", 17, "", $"statfs {Who}", "55" + Zeros(43) + " FF", 80),
        new("RELEASE", 18, ReleaseBody, $"release {Who} handle=9", "", 0),
        new("FSYNC", 20, "09 00 00 00 00 00 00 00  01 00 00 00  00 00 00 00",
            $"fsync {Who} handle=9 flags=1", "", 0),
        new("SETXATTR", 21, "05 00 00 00  01 00 00 00  \"user.a\" 00 \"value\"",
            $"setxattr {Who} user.a=value flags=1 ext=0", "", 0),
        new("GETXATTR of a value", 22, "40 00 00 00  00 00 00 00  \"user.a\" 00",
            $"getxattr {Who} user.a room=64", "\"value\"", 5),
        new("GETXATTR of a size", 22, "00 00 00 00  00 00 00 00  \"user.a\" 00",
            $"getxattr {Who} user.a room=0", "05", 8),
        new("LISTXATTR", 23, "40 00 00 00  00 00 00 00", $"listxattr {Who} room=64", "\"user.a\" 00", 7),
        new("REMOVEXATTR", 24, "\"user.a\" 00", $"removexattr {Who} user.a", "", 0),
        new("FLUSH", 25, "09 00 00 00 00 00 00 00  00 00 00 00  00 00 00 00  0A 00 00 00 00 00 00 00",
            $"flush {Who} handle=9 owner=A", "", 0),
        new("OPENDIR", 27, "00 00 01 00  00 00 00 00 // O_DIRECTORY", $"opendir {Who} flags=10000",
            "44 00 00 00 00 00 00 00  08 // handle, cache entries", 16),
        new("READDIR", 28, ReadBody, $"readdir {Who} handle=9 at 65536 plus=False packed=True",
            DotDirent + SubDirent, 64),
        new("READDIRPLUS", 44, ReadBody, $"readdir {Who} handle=9 at 65536 plus=True packed=True",
            Zeros(128) + // no attributes for "."
            DotDirent +
            "66" + Zeros(39) + "66" + Zeros(59) + "ED 41" + Zeros(26) +
            SubDirent,
            2 * (128 + 32)),
        new("RELEASEDIR", 29, ReleaseBody, $"releasedir {Who} handle=9", "", 0),
        new("FSYNCDIR", 30, "09 00 00 00 00 00 00 00  00 00 00 00  00 00 00 00",
            $"fsyncdir {Who} handle=9 flags=0", "", 0),
        new("GETLK", 31, LockBody, $"getlk {Who} 16-31", Zeros(16) + "02", 24),
        new("SETLK", 32, LockBody, $"setlk {Who} 16-31 waits=False", "", 0),
        new("SETLKW", 33, LockBody, $"setlk {Who} 16-31 waits=True", "", 0),
        new("ACCESS", 34, "04 00 00 00  00 00 00 00", $"access {Who} mask=4", "", 0),
        new("CREATE", 35, CreateBody + "\"name\" 00", $"create {Who} name mode=81A4",
            EntryPayload + "\n" + Zeros(87) + "44", EntryBytes + 16),
        new("TMPFILE", 51, CreateBody, $"tmpfile {Who} mode=81A4",
            EntryPayload + "\n" + Zeros(87) + "44", EntryBytes + 16),
        new("INTERRUPT", 36, "11 00 00 00 00 00 00 00 // of an unknown request", "", null, 0),
        new("BMAP", 37, "08 00 00 00 00 00 00 00  00 10 00 00  00 00 00 00",
            $"bmap {Who} block=8 size=4096", "99", 8),
        new("DESTROY", 38, "", "destroyed", "", 0),
        new("IOCTL", 39, """
            09 00 00 00 00 00 00 00  // handle
            00 00 00 00              // flags
            01 68 08 C0              // command
            00 10 00 00 00 00 00 00  // argument
            02 00 00 00  08 00 00 00 // bytes in, bytes out
            "in"
            """, $"ioctl {Who} C0086801 in=in room=8", "12" + Zeros(15) + "\"out\"", 19),
        new("POLL", 40, "09 00 00 00 00 00 00 00  01 00 00 00 00 00 00 00  00 00 00 00  01 00 00 00",
            $"poll {Who} events=1", "05", 8),
        new("NOTIFY_REPLY", 41, Zeros(40), "", null, 0),
        new("BATCH_FORGET", 42, """
            02 00 00 00  00 00 00 00 // how many
            05 00 00 00 00 00 00 00  01 00 00 00 00 00 00 00
            06 00 00 00 00 00 00 00  02 00 00 00 00 00 00 00
            """, "forget 5 1\nforget 6 2", null, 0),
        new("FALLOCATE", 43, """
            09 00 00 00 00 00 00 00  00 10 00 00 00 00 00 00  00 20 00 00 00 00 00 00
            03 00 00 00  00 00 00 00 // punch a hole, keep the size
            """, $"fallocate {Who} 4096+8192 mode=3", "", 0),
        new("LSEEK", 46, "09 00 00 00 00 00 00 00  00 10 00 00 00 00 00 00  03 00 00 00  00 00 00 00",
            $"lseek {Who} 4096 whence=3", "77", 8),
        new("COPY_FILE_RANGE", 47, CopyBody,
            $"copy {Who} at 4096 -> 7 at 8192 length=4294963200", "00 F0 FF FF", 8),
        new("COPY_FILE_RANGE_64", 53, CopyBody,
            $"copy {Who} at 4096 -> 7 at 8192 length=4294967296", "00 00 00 00 01", 8),
        new("SYNCFS", 50, Zeros(8), $"syncfs {Who}", "", 0),
    ];

    private const string ReadBody = """
        09 00 00 00 00 00 00 00  // handle
        00 00 01 00 00 00 00 00  // position
        00 10 00 00  00 00 00 00 // size, flags
        00 00 00 00 00 00 00 00  // lock owner
        00 80 00 00  00 00 00 00 // open flags
        """;

    private const string ReleaseBody =
        "09 00 00 00 00 00 00 00  00 80 00 00  00 00 00 00  00 00 00 00 00 00 00 00";

    private const string CreateBody =
        "41 00 00 00  A4 81 00 00  12 00 00 00  00 00 00 00 // flags, mode, umask\n";

    private const string DotDirent = """
        01 00 00 00 00 00 00 00  01 00 00 00 00 00 00 00  // inode, next position
        01 00 00 00  04 00 00 00                          // bytes of the name, directory
        "." 00 00 00 00 00 00 00

        """;

    private const string SubDirent = """
        66 00 00 00 00 00 00 00  02 00 00 00 00 00 00 00
        03 00 00 00  04 00 00 00
        "sub" 00 00 00 00 00
        """;

    private const string LockBody = """
        09 00 00 00 00 00 00 00  // handle
        0A 00 00 00 00 00 00 00  // owner
        10 00 00 00 00 00 00 00  // first byte
        1F 00 00 00 00 00 00 00  // last byte
        01 00 00 00  92 10 00 00 // write lock, of process
        00 00 00 00  00 00 00 00
        """;

    private const string CopyBody = """
        09 00 00 00 00 00 00 00  00 10 00 00 00 00 00 00  // source: handle, position
        07 00 00 00 00 00 00 00  0B 00 00 00 00 00 00 00  // target: node, handle
        00 20 00 00 00 00 00 00                           // position
        00 00 00 00 01 00 00 00  00 00 00 00 00 00 00 00  // 4 GiB, flags
        """;

    private static string Zeros(int count)
    {
        var text = new System.Text.StringBuilder(" ");
        for (int index = 0; index < count; index++) text.Append("00 ");
        return text.ToString();
    }
}
