// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tool.Extract;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Hammer2.Tests.Admin;

/// <summary>
/// Goal: when indirect blocks are lost, exactly the data below them is lost. Method: in a file with many indirect
/// blocks, each over 8 MiB, some are damaged: single ones, consecutive ones, and those at its ends.
/// </summary>
public sealed class FileCopyTests
{
    private const ulong SpanBytes = 8 << 20;
    private const string Image = "indirect-big";

    [Theory]
    [InlineData(new ulong[] { 40 })]
    [InlineData(new ulong[] { 0 })]
    [InlineData(new ulong[] { 40, 41 })]
    [InlineData(new ulong[] { 41, 42, 60 })]
    [InlineData(new ulong[] { 3, 7, 8, 9, 124 })]
    public void Only_data_below_lost_indirect_blocks_is_lost(ulong[] damaged)
    {
        using OverlayBlockDevice device = GoldenImage.OpenOverlay(Image);
        VolumeSet volumes = VolumeSet.Open([device]);
        List<ulong> addresses = Damage(device, volumes, damaged);
        Assert.Equal(damaged.Length, addresses.Count);

        var log = new LogCapture();
        var options = new ClusterMountOptions(new MediaSourceOptions(TakesLock: false));
        using ClusterMount mount = OpenFilesystems.MountAlone([volumes], "DATA", options, log);
        var vnodes = new VnodeOps(mount.Pfs, log.CreateLogger<VnodeOps>());
        Assert.Equal(Errno.None, vnodes.Lookup(VnodeOps.RootInum, "big"u8, out VnodeAttributes big));

        using var scratch = new ScratchDirectory();
        byte[] path = Encoding.UTF8.GetBytes(scratch.Path);
        Assert.Equal(0, TargetDirectory.Open(path, out TargetDirectory? target));
        var copy = new FileCopy(vnodes);
        using (target)
        {
            Assert.Equal(0, target!.Begin("big"u8.ToArray(), out TargetObject? made));
            using (made)
            {
                Assert.Equal(0, made!.CreateFile(out TargetFile? file));
                Assert.Equal(0, copy.Run(big.Inum, big.SizeBytes, file!));
            }
        }
        Assert.Equal(Joined(damaged, big.SizeBytes), copy.Lost);
        Assert.Equal((long)big.SizeBytes, new FileInfo(scratch.Below("big")).Length);
    }

    private static List<ulong> Damage(OverlayBlockDevice device, VolumeSet volumes, ulong[] damaged)
    {
        const int KeyBits = 23;
        var addresses = new List<ulong>();
        foreach (MapBlock block in MediaMap.Read(volumes).OfType(BlockrefType.Indirect))
        {
            Blockref reference = block.Reference;
            bool isOfFile = reference.KeyBits == KeyBits && reference.LeafCount > 100;
            if (!isOfFile || !damaged.Contains(reference.Key / SpanBytes)) continue;
            addresses.Add(block.Address);
            device.Flip((long)block.Address + 17, 0x40);
        }
        return addresses;
    }

    private static List<LostRange> Joined(ulong[] damaged, ulong size)
    {
        var lost = new List<LostRange>();
        foreach (ulong span in damaged)
        {
            var range = new LostRange(span * SpanBytes, Math.Min(size, (span + 1) * SpanBytes));
            if (lost.Count > 0 && lost[^1].End == range.First) lost[^1] = lost[^1] with { End = range.End };
            else lost.Add(range);
        }
        return lost;
    }
}
