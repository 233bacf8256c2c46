// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Globalization;
using System.IO;
using Hammer2.Testing;

namespace Hammer2.MountTests;

/// <summary>
/// Rebuilds the trees of golden images on tmpfs from their listings, and makes that read-only: what holds
/// there and here is what the kernel's own filesystems do. Nothing of this project's driver takes part.
/// </summary>
public sealed class PosixControlTree : IDisposable
{
    private const int ChunkBytes = 65536;
    private const ulong LargeFile = 16 << 20;

    /// <summary>Mounts a tmpfs and fills it. Needs root.</summary>
    public PosixControlTree()
    {
        Root = Directory.CreateTempSubdirectory("hammer2-posix-").FullName;
        if (PosixCalls.EffectiveUser() != 0) return; // every test of the class is skipped
        HostProgram.Run("mount", "-t", "tmpfs", "-o", "size=64m", "hammer2-posix", Root);
        foreach ((string image, string label) in PosixTree.Images)
        {
            Build(Manifest.Read(image, label), Path.Combine(Root, image));
        }
        HostProgram.Run("mount", "-o", "remount,ro", Root);
    }

    /// <summary>Mount point.</summary>
    public string Root { get; }

    /// <summary>Unmounts.</summary>
    public void Dispose()
    {
        if (PosixCalls.EffectiveUser() == 0) HostProgram.Run("umount", Root);
        Directory.Delete(Root);
    }

    private static void Build(Manifest manifest, string root)
    {
        Dictionary<ulong, string> linked = [];
        foreach (ManifestEntry entry in manifest.Entries)
        {
            string path = entry.Path == "/" ? root : root + entry.Path;
            ulong inum = entry.Extended?.Inum ?? throw new InvalidDataException($"no inum: {entry.Path}");
            if (entry.Type != 'd' && linked.TryGetValue(inum, out string? first))
            {
                Check(PosixCalls.Link(first, path), path);
                continue;
            }
            linked[inum] = path;
            Make(entry, path);
            if (entry.Type != 'l') Check(PosixCalls.ChangeMode(path, entry.Mode), path);
            // As chown(2) says, -1 means "leave it": 2^32-2 is the largest owner there is.
            Check(PosixCalls.ChangeOwner(path, entry.UserId, entry.GroupId), path);
            if (entry.Type != 'l') Check(PosixCalls.ChangeMode(path, entry.Mode), path);
        }
    }

    private static void Make(ManifestEntry entry, string path)
    {
        switch (entry.Type)
        {
            case 'd':
                Check(PosixCalls.MakeDirectory(path), path);
                break;
            case 'l':
                Check(PosixCalls.Symlink(entry.Value, path), path);
                break;
            case 'f':
                MakeFile(entry, path);
                break;
            case 'c' or 'b':
                string[] numbers = entry.Value.Split(',');
                ulong device = Device(ulong.Parse(numbers[0], CultureInfo.InvariantCulture),
                    ulong.Parse(numbers[1], CultureInfo.InvariantCulture));
                uint mode = entry.Type == 'c' ? 0x2180u : 0x6180u;
                Check(PosixCalls.MakeNode(path, mode, device), path);
                break;
            default:
                Check(PosixCalls.MakeNode(path, entry.Type == 'p' ? 0x1180u : 0xC180u, 0), path);
                break;
        }
    }

    /// <summary>
    /// A small file is data throughout; a large one has data in the middle only, if it has any.
    /// </summary>
    private static void MakeFile(ManifestEntry entry, string path)
    {
        const int Flags = PosixCalls.ReadWrite | PosixCalls.Create | PosixCalls.Exclusive;
        int file = PosixCalls.Open(path, Flags, UnixMode.O600);
        Check(file, path);
        try
        {
            var random = new Random((int)entry.Extended!.Inum);
            if (entry.Size > LargeFile && entry.Extended.DataCount > 0)
            {
                _ = PosixCalls.Seek(file, (long)(entry.Size / 2), PosixCalls.SeekSet);
                WriteRandom(file, ChunkBytes, random, path);
            }
            else if (entry.Size <= LargeFile)
            {
                WriteRandom(file, (int)entry.Size, random, path);
            }
            Check(PosixCalls.SetSize(file, (long)entry.Size), path);
        }
        finally
        {
            Check(PosixCalls.Close(file), path);
        }
    }

    private static void WriteRandom(int file, int bytes, Random random, string path)
    {
        byte[] contents = new byte[bytes];
        random.NextBytes(contents);
        long written = PosixCalls.Write(file, contents);
        if (written != bytes) throw new IOException($"{path}: wrote {written} of {bytes}");
    }

    private static ulong Device(ulong major, ulong minor)
        => (minor & 0xFF) | ((major & 0xFFF) << 8) | ((minor & ~0xFFUL) << 12) | ((major & ~0xFFFUL) << 32);

    private static void Check(int result, string path)
    {
        if (result < 0) throw new IOException($"{path}: errno {-result}");
    }
}
