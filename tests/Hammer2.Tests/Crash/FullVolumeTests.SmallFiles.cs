// SPDX-License-Identifier: BSD-3-Clause
using System.Text;
using Hammer2.Cluster;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Crash;

public sealed partial class FullVolumeTests
{
    // What is shown as available can be filled by small files that are synced one by one, whatever became of the space
    // before: each leaves blocks of metadata that the next one replaces.
    [Theory]
    [InlineData(32, 4 << 10, 1)]
    [InlineData(32, 16 << 10, 2)]
    [InlineData(64, 4 << 10, 3)]
    [InlineData(64, 16 << 10, 4)]
    [InlineData(64, 70 << 10, 5)]
    public void Small_synced_files_fill_what_is_available(int mebibytes, int bytesMax, ulong seed)
    {
        const ulong LeftMax = 768 << 10;
        using MemoryBlockDevice device = NewVolume.InMemory((long)mebibytes << 20);
        var files = new Files(new SeededRandom(seed), seed);
        using (ClusterMount mount = RecordedScript.Mount([device], NewVolume.Label))
        {
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
            files.Ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            long firstBytes = files.FillSynced(bytesMax);
            // Half of what was available, and more: the rest is references, inodes and what the last commits replaced.
            Assert.True(mebibytes == 32 || firstBytes > 12L << 20, $"only {firstBytes} bytes were taken");
            for (int round = 0; round < 3; round++)
            {
                PfsSpace space = mount.Pfs.GetSpace();
                Assert.True(space.AvailableBytes <= LeftMax, $"round {round}: {space} and refused");
                files.RemoveSome(33);
                _ = files.FillSynced(bytesMax);
            }
            files.Compare();
        }
        MediaAudit.AssertSound(device, $"seed {seed}", allowsOrphans: false);
    }

    private sealed partial class Files
    {
        /// <summary>Adds small files, each synced, until one is refused.</summary>
        /// <returns>Bytes of the files that were taken.</returns>
        public long FillSynced(int bytesMax)
        {
            for (long taken = 0; ;)
            {
                string name = NextName(isLong: false);
                Errno error = Ops.Create(VnodeOps.RootInum, Encoding.ASCII.GetBytes(name),
                    new NewObject(ObjectType.RegularFile, UnixMode.O644), Caller, out VnodeAttributes made);
                byte[] content = new byte[1024 + random.Below(bytesMax - 1024)];
                random.Fill(content);
                if (error == Errno.None)
                {
                    error = Ops.Write(made.Inum, 0, content, dropsPrivileges: false);
                    _files.Add(name, (VnodeOps.RootInum, made.Inum, error == Errno.None ? content : []));
                    Sync();
                }
                if (error == Errno.None) taken += content.Length;
                else
                {
                    Assert.Equal(Errno.ENOSPC, error);
                    return taken;
                }
            }
        }
    }
}
