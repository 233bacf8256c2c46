// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using Hammer2.Admin.Newfs;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Newfs;

/// <summary>The layout follows upstream's rules, and impossible sizes are rejected with a reason.</summary>
public sealed class VolumePlanTests
{
    private const ulong Mebi = 1 << 20;

    /// <summary>Total, boot area and aux area in MiB, as upstream's own newfs prints them.</summary>
    [Theory]
    [InlineData(32, 8, 8)]
    [InlineData(256, 8, 8)]
    [InlineData(512, 16, 16)]
    [InlineData(1024, 32, 32)]
    [InlineData(2048, 64, 64)]
    [InlineData(4096, 64, 128)]
    [InlineData(5120, 64, 256)]
    [InlineData(1 << 20, 64, 256)]
    public void Areas_of_default_size_use_at_most_a_twentieth(ulong total, ulong boot, ulong aux)
    {
        VolumePlan plan = Make(NewVolume.Describe(1), (long)(total * Mebi));
        Assert.Equal((boot * Mebi, aux * Mebi), (plan.BootBytes, plan.AuxBytes));
        Assert.Equal((total - boot - aux - ((total + 1023) / 1024 * 4)) * Mebi, plan.AllocatorBytes);
    }

    [Fact]
    public void One_size_is_the_total_and_several_are_those_of_the_volumes()
    {
        NewFilesystem wanted = NewVolume.Describe(1);
        long[] devices = [3L << 30, 3L << 30];
        Assert.Equal([3072 * Mebi, 1032 * Mebi], Lengths(Make(wanted with { Sizes = [4104 * Mebi] }, devices)));
        Assert.Equal([1024 * Mebi, 2048 * Mebi], Lengths(Make(wanted with
        {
            Sizes = [1500 * Mebi, 2049 * Mebi],
        }, devices)));
        Assert.Equal([3072 * Mebi, 3072 * Mebi], Lengths(Make(wanted, [(3L << 30) + 5000, (3L << 30) + 5000])));
    }

    [Theory]
    [InlineData("at least", 24L << 20)]
    [InlineData("must have", 7L << 20)]
    public void Devices_that_are_too_small_are_rejected(string reason, long lengthBytes) =>
        Refuses(reason, NewVolume.Describe(1), [lengthBytes]);

    [Fact]
    public void Malformed_parameters_are_rejected()
    {
        NewFilesystem good = NewVolume.Describe(1);
        NewPfs local = good.Pfses[0], data = good.Pfses[1];
        long[] one = [2L << 30];
        Refuses("version 3", good with { Version = 3 }, one);
        Refuses("version 1 has one", good with { Version = 1 }, [2L << 30, 2L << 30]);
        Refuses("1 to 64", good, [.. Enumerable.Repeat(1L << 30, 65)]);
        Refuses("2 sizes for 1", good with { Sizes = [1 << 30, 1 << 30] }, one);
        Refuses("do not fit", good with { Sizes = [3UL << 30] }, one);
        Refuses("holds 2048 MiB of", good with { Sizes = [1 << 30, 3UL << 30] }, [2L << 30, 2L << 30]);
        Refuses("nothing of the given total size is left", good with { Sizes = [2UL << 30] }, [2L << 30, 2L << 30]);
        Refuses("v0: 1023 MiB", good, [1023L << 20, 1L << 30]);
        Refuses("boot area", good with { BootBytes = 9 << 20 }, one);
        Refuses("boot area", good with { BootBytes = 512UL << 20 }, one);
        Refuses("aux area", good with { AuxBytes = 0 }, one);
        Refuses("do not fit", good with { BootBytes = 256UL << 20, AuxBytes = 768UL << 20 }, one);
        Refuses("twice", good with { Pfses = [local, data, data] }, one);
        Refuses("cluster id", good with { Pfses = [local, data with { ClusterId = local.ClusterId }] }, one);
        Refuses("5 PFSs", good with { Pfses = [local, data, data, data, data] }, one);
        Refuses("256 bytes", good with { Pfses = [data with { Label = new string('x', 256) }] }, one);
        Refuses("0 bytes", good with { Pfses = [data with { Label = "" }] }, one);
        Refuses("NUL", good with { Pfses = [data with { Label = "a\0b" }] }, one);
        Refuses("level", good with { Pfses = [data with { CompressionLevel = 1 }] }, one);
        Refuses("cannot be a policy", good with { Pfses = [data with { Check = CheckMethod.Freemap }] }, one);
        Refuses("masters", good with { Pfses = [data with { Masters = 9 }] }, one);
    }

    [Fact]
    public void Labels_with_the_same_hash_get_different_keys()
    {
        // Upstream's own table of colliding names.
        string[] labels = ["a.g.c.e.h.d.b.f", "b.c.d.a.f.h.g.e", "a.d.e.c.g.h.f.b"];
        NewFilesystem wanted = NewVolume.Describe(1) with
        {
            Pfses = [.. labels.Select((label, i) => new NewPfs(label, MediaUuid.FromUnixId((uint)i + 1), default))],
        };
        var device = new MemoryBlockDevice(1L << 30);
        NewVolume.Format([device], wanted);
        using var volumes = Hammer2.Devices.VolumeSet.Open([new UnownedDevice(device)]);
        var catalog = Hammer2.Admin.PfsCatalog.Read(volumes);
        Assert.Empty(catalog.Faults);
        Assert.Equal(
            [0xe596b8c5a4f08000, 0xe596b8c5a4f08001, 0xe596b8c5a4f08002],
            catalog.Records.Select(record => record.Reference.Key));
        Assert.Equal(labels, catalog.Records.Select(record => System.Text.Encoding.ASCII.GetString(record.Label)));
    }

    private static ulong[] Lengths(VolumePlan plan) => [.. plan.Volumes.Select(volume => volume.LengthBytes)];

    private static void Refuses(string reason, NewFilesystem wanted, long[] lengths)
    {
        NewfsException refusal = Assert.Throws<NewfsException>(() => Make(wanted, lengths));
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    private static VolumePlan Make(NewFilesystem wanted, params long[] lengths) =>
        VolumePlan.Make(wanted, [.. lengths.Select((length, i) => new DeviceSpace($"v{i}", length))]);
}
