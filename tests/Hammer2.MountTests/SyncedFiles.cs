// SPDX-License-Identifier: BSD-3-Clause

using System.IO;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>Files that are written and synced, and disks that are judged by the program's checker.</summary>
internal static class SyncedFiles
{
    /// <summary>Length of <see cref="Noise"/>.</summary>
    public const int Bytes = 700_000;

    /// <summary>Bytes that do not compress.</summary>
    public static byte[] Noise(ulong seed)
    {
        byte[] bytes = new byte[Bytes];
        new SeededRandom(seed).Fill(bytes);
        return bytes;
    }

    /// <summary>Writes a new file; write, fsync and close must succeed.</summary>
    public static void WriteSynced(string path, byte[] content)
    {
        int file = PosixCalls.Open(path, PosixCalls.Create | PosixCalls.WriteOnly, UnixMode.O644);
        Assert.True(file >= 0, $"{path}: {file}");
        long written = PosixCalls.Write(file, content);
        int sync = PosixCalls.Sync(file);
        int close = PosixCalls.Close(file);
        Assert.Equal((content.Length, 0, 0), (written, sync, close));
    }

    /// <summary>Fails unless the checker finds nothing on a disk.</summary>
    public static void AssertClean(MemoryBlockDevice memory)
    {
        string path = Path.Combine(Path.GetTempPath(), $"hammer2-{Guid.NewGuid():N}.img");
        try
        {
            using (var disks = new FaultyDisks(memory))
                Assert.Equal(0, HammerProgram.RunAny("cp", "--sparse=always", disks.PathOf(0), path).ExitCode);
            ProgramResult result = HammerProgram.Run("fsck", path);
            Assert.True(result.ExitCode == 0, result.Output + result.Error);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
