// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using Xunit;

namespace Hammer2.Tests.Admin;

/// <summary>What another user puts in the place of a name.</summary>
internal enum Replacement
{
    /// <summary>A symbolic link to a file of root's elsewhere.</summary>
    LinkToFile,

    /// <summary>A symbolic link to a directory of root's elsewhere.</summary>
    LinkToDirectory,

    /// <summary>A file of root's that lies in the same directory.</summary>
    FileOfRoot,

    /// <summary>A FIFO of root's that lies in the same directory.</summary>
    FifoOfRoot,
}

/// <summary>
/// A directory of another user's, with things of root's in it and beside it that must not change.
/// </summary>
internal sealed class AttackedPlace : IDisposable
{
    /// <summary>Part of each name here that is not extracted.</summary>
    public const string OwnMark = "root's";

    private const string FileOfRoot = OwnMark + " file";
    private const string FifoOfRoot = OwnMark + " fifo";
    private const string Away = "moved away by its owner";
    private readonly string _top;
    private readonly List<string> _before;

    public AttackedPlace(string top)
    {
        _top = top;
        _ = Directory.CreateDirectory(top + "/outside/dir");
        HostUser.Close(top + "/outside/dir");
        HostUser.MakePrivate(top + "/outside/file");
        HostUser.MakePrivate(top + "/outside/dir/kept");
        _ = Directory.CreateDirectory(Target);
        HostUser.MakePrivate(Below(FileOfRoot));
        HostUser.MakePrivateFifo(Below(FifoOfRoot));
        // Second names, at which these two are looked at whatever happens to the first.
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
        // What is there already goes out of the way. Where nothing is yet, something is now.
        _ = HostUser.Rename(path, Below(Away));
        return replacement switch
        {
            Replacement.LinkToFile => HostUser.SymbolicLink(_top + "/outside/file", path) == 0,
            Replacement.LinkToDirectory => HostUser.SymbolicLink(_top + "/outside/dir", path) == 0,
            Replacement.FileOfRoot => HostUser.Rename(Below(FileOfRoot), path) == 0,
            _ => HostUser.Rename(Below(FifoOfRoot), path) == 0,
        };
    });

    /// <summary>What changed that must not have; empty when all is well.</summary>
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

    /// <summary>The tree that is put on a volume: all the other user's, open to everybody, of every type.</summary>
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

    /// <summary>Makes a file that only root may use.</summary>
    public static void MakePrivate(string file)
    {
        File.WriteAllText(file, "secret");
        Assert.Equal(0, chmod(file, 0x180));
    }

    /// <summary>Makes a directory one that only root may use.</summary>
    public static void Close(string directory) => Assert.Equal(0, chmod(directory, 0x1C0));

    /// <summary>Makes a FIFO that only root may use.</summary>
    public static void MakePrivateFifo(string path) => Assert.Equal(0, mkfifo(path, 0x180));

    /// <summary>Gives an object another name.</summary>
    public static void Link(string path, string second) => Assert.Equal(0, link(path, second));

    /// <summary>Gives a directory to the other user.</summary>
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
        // A directory entry of root's may be removed by the owner of the directory, which is one link less.
        links = Math.Max(links, path.Contains("second", StringComparison.Ordinal) ? 2u : 0u);
        return $"mode {Convert.ToString(*(ushort*)(status + 28), 8)} owner {user}:{group} links {links} "
            + $"size {*(ulong*)(status + 40)} modified {*(long*)(status + 112)}.{*(uint*)(status + 120)}";
    }

    /// <summary>Does something with the rights of the other user, in this thread.</summary>
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
