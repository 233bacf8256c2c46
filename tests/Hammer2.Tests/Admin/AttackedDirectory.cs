// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Admin;

/// <summary>The object that an attacking user creates under a name.</summary>
internal enum Replacement
{
    /// <summary>A symbolic link to a file of root elsewhere.</summary>
    LinkToFile,

    /// <summary>A symbolic link to a directory of root elsewhere.</summary>
    LinkToDirectory,

    /// <summary>A hard link to a file of root in the same directory.</summary>
    FileOfRoot,

    /// <summary>A hard link to a FIFO of root in the same directory.</summary>
    FifoOfRoot,
}

/// <summary>
/// A directory of another user, with objects of root in it and beside it that must not change.
/// </summary>
internal sealed class AttackedDirectory : IDisposable
{
    /// <summary>Part of each name here that is not extracted.</summary>
    public const string OwnMark = "root's";

    private const string FileOfRoot = OwnMark + " file";
    private const string FifoOfRoot = OwnMark + " fifo";
    private const string Away = "moved away by its owner";
    private readonly string _top;
    private readonly List<string> _before;

    public AttackedDirectory(string top)
    {
        _top = top;
        _ = Directory.CreateDirectory(top + "/outside/dir");
        HostUser.Close(top + "/outside/dir");
        HostUser.MakePrivate(top + "/outside/file");
        HostUser.MakePrivate(top + "/outside/dir/kept");
        _ = Directory.CreateDirectory(Target);
        HostUser.MakePrivate(Below(FileOfRoot));
        HostUser.MakePrivateFifo(Below(FifoOfRoot));
        // Hard links, through which these two are examined after the attack.
        HostUser.Link(Below(FileOfRoot), top + "/outside/second file");
        HostUser.Link(Below(FifoOfRoot), top + "/outside/second fifo");
        HostUser.Give(Target);
        _before = Describe();
    }

    public string Target => _top + "/target";

    public string Below(string name) => $"{Target}/{name}";

    /// <summary>Replaces a name as the other user; false when that user may not.</summary>
    public bool Replace(string name, Replacement replacement) => HostUser.ActAsOther(() =>
    {
        string path = Below(name);
        // Move an existing object away; where there is none, create one.
        _ = HostUser.Rename(path, Below(Away));
        return replacement switch
        {
            Replacement.LinkToFile => HostUser.SymbolicLink(_top + "/outside/file", path) == 0,
            Replacement.LinkToDirectory => HostUser.SymbolicLink(_top + "/outside/dir", path) == 0,
            Replacement.FileOfRoot => HostUser.Rename(Below(FileOfRoot), path) == 0,
            _ => HostUser.Rename(Below(FifoOfRoot), path) == 0,
        };
    });

    /// <summary>The objects that changed although they must not; empty on success.</summary>
    public List<string> Breaches() =>
        [.. Describe().Except(_before).Select(line => "now " + line),
            .. _before.Except(Describe()).Select(line => "was " + line)];

    public void Dispose() => Directory.Delete(_top, recursive: true);

    private List<string> Describe() =>
    [
        .. ((string[])["file", "dir", "dir/kept", "second file", "second fifo"])
            .Select(name => $"{name}: {HostUser.Describe($"{_top}/outside/{name}")}"),
        "in dir: " + string.Join(' ', Directory.GetFileSystemEntries(_top + "/outside/dir").Select(Path.GetFileName)),
        "content: " + File.ReadAllText(_top + "/outside/file"),
    ];
}

/// <summary>System calls on the host, for root and for another user.</summary>
internal static unsafe partial class HostUser
{
    private const uint Other = 4242;

    /// <summary>The tree that is written to a volume: owned by the other user, accessible to all users, with objects of
    /// every type.</summary>
    public static void MakeSource(string tree)
    {
        const string Script = """
            set -e; umask 0; mkdir -p "$0/sub/deep"; cd "$0"
            printf data >file; printf program >setid; printf more >sub/file; printf linked >hard1
            ln -s target link; ln -s target sub/link; mkfifo fifo sub/fifo; mknod node c 1 3
            ln hard1 hard2; ln hard1 sub/hard3; ln hard1 sub/deep/hard4
            chown -hR 4242:4242 .; chmod 666 file sub/file hard1 fifo sub/fifo node
            chmod 6777 setid; chmod 777 sub sub/deep .
            find . -depth -exec touch -h -d @1700000000.5 {} +
            """;
        Run(Script, tree);
    }

    /// <summary>Creates a file with access for root only.</summary>
    public static void MakePrivate(string file)
    {
        File.WriteAllText(file, "secret");
        Assert.Equal(0, chmod(file, UnixMode.O600));
    }

    /// <summary>Restricts a directory to root.</summary>
    public static void Close(string directory) => Assert.Equal(0, chmod(directory, UnixMode.O700));

    /// <summary>Creates a FIFO with access for root only.</summary>
    public static void MakePrivateFifo(string path) => Assert.Equal(0, mkfifo(path, UnixMode.O600));

    /// <summary>Renames an object.</summary>
    public static void Link(string path, string second) => Assert.Equal(0, link(path, second));

    /// <summary>Makes the other user the owner of a directory.</summary>
    public static void Give(string directory) => Assert.Equal(0, chown(directory, Other, Other));

    /// <summary>Every object below a directory with type, permissions, owner, links, size, time and target.</summary>
    public static string[] List(string directory) => [.. Run(
        "cd \"$0\"; find . -mindepth 1 -printf '%P %y %m %U:%G %T@ %l\\n'; find . -type f -printf '%P %n %s\\n'",
        directory).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];

    /// <summary>Type, permissions, owner, links, size and time of one object.</summary>
    public static string Describe(string path)
    {
        byte* status = stackalloc byte[256];
        new Span<byte>(status, 256).Clear();
        Assert.Equal(0, statx(-100, path, 0x100, 0x7FF, status));
        uint links = *(uint*)(status + 16), user = *(uint*)(status + 20), group = *(uint*)(status + 24);
        // The owner of the directory may remove an entry of root, which reduces the link count by one.
        links = Math.Max(links, path.Contains("second", StringComparison.Ordinal) ? 2u : 0u);
        return $"mode {Convert.ToString(*(ushort*)(status + 28), 8)} owner {user}:{group} links {links} "
            + $"size {*(ulong*)(status + 40)} modified {*(long*)(status + 112)}.{*(uint*)(status + 120)}";
    }

    /// <summary>Runs an action with the rights of the other user, on this thread.</summary>
    public static bool ActAsOther(Func<bool> act)
    {
        _ = setfsgid(Other);
        _ = setfsuid(Other);
        try
        {
            return act();
        }
        finally
        {
            _ = setfsuid(0);
            _ = setfsgid(0);
        }
    }

    [LibraryImport("libc", EntryPoint = "rename", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Rename(string from, string to);

    [LibraryImport("libc", EntryPoint = "symlink", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SymbolicLink(string target, string path);

    private static string Run(string script, params string[] words)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", script, .. words]) { RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int directory, string path, int flags, uint mask, byte* status);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chmod(string path, uint mode);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chown(string path, uint user, uint group);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int link(string path, string second);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkfifo(string path, uint mode);

    [LibraryImport("libc")]
    private static partial int setfsuid(uint user);

    [LibraryImport("libc")]
    private static partial int setfsgid(uint group);
}
