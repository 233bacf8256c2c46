// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Linq;
using Hammer2.Admin;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Fuse.Administration;
using Hammer2.Testing;
using Hammer2.Tests.Fuse.Administration;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Admin;

/// <summary>Goal: the sizes of trees are what is on media, each block counted once, and damage is counted. Method:
/// golden images beside the counts of the verification, which walks by itself; a filesystem of known content.</summary>
public sealed class TreeSurveyTests
{
    private const int Blocks = 20;

    [Theory, MemberData(nameof(VerifyTests.SoundImages), MemberType = typeof(VerifyTests))]
    public void Blocks_of_references_are_those_that_a_verification_reads(string image)
    {
        using VolumeSet volumes = GoldenImage.OpenVolumes(image);
        VerifyReport verified = Verify.Run(volumes, new VerifyOptions());
        TreeSurvey survey = TreeSurvey.Take(volumes);
        Assert.Equal((verified.Inodes, verified.Indirects, verified.Entries, 0L),
            (survey.Inodes, survey.Levels.Sum(level => level.Blocks), survey.Entries, survey.FaultsTotal));
        Assert.All(survey.Levels, level => Assert.InRange(level.Level, 1, Media.TreeDepthMax));
        Assert.True(survey.Methods.Sum(method => method.Blocks) <= verified.DataBlocks);
    }

    [Theory]
    [InlineData("dmg-indirect")]
    [InlineData("dmg-inode")]
    [InlineData("dmg-inode-sroot")]
    public void Damage_is_counted_and_the_rest_is_surveyed(string image)
    {
        using VolumeSet volumes = GoldenImage.OpenVolumes(image);
        TreeSurvey survey = TreeSurvey.Take(volumes);
        Assert.NotEqual(0, survey.FaultsTotal);
        Assert.NotEmpty(survey.Faults);
    }

    [Fact]
    public void Content_of_known_files_is_counted_by_method()
    {
        using var scratch = new ScratchDirectory();
        string source = Directory.CreateDirectory(scratch.Below("source")).FullName, image = scratch.Below("image");
        byte[] noise = Noise(1, Blocks);
        byte[] text = [.. Enumerable.Range(0, 2 * Media.FileBlockBytes).Select(i => (byte)(i % 7))];
        File.WriteAllBytes(source + "/noise", noise);
        File.WriteAllBytes(source + "/text", text);
        File.WriteAllBytes(source + "/small", new byte[] { 1, 2, 3 });
        ToolRun made = ToolRun.Execute("newfs", "-s", "128m", "--populate", source, image);
        Assert.True(made.ExitCode == 0, made.Error);
        using VolumeSet volumes = MediaSource.Open([image], new MediaSourceOptions(TakesLock: false),
            Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        TreeSurvey survey = TreeSurvey.Take(volumes);
        Assert.Equal((1L, 3UL), (survey.EmbeddedFiles, survey.EmbeddedBytes));
        Assert.Equal(3, survey.Entries);
        DataMethodSize plain = survey.Methods.Single(method => method.Method == CompressionMethod.None);
        Assert.Equal((Blocks, (ulong)noise.Length, (ulong)noise.Length),
            ((int)plain.Blocks, plain.ContentBytes, plain.StoredBytes));
        DataMethodSize packed = survey.Methods.Single(method => method.Method == CompressionMethod.Lz4);
        Assert.Equal((2L, (ulong)text.Length), (packed.Blocks, packed.ContentBytes));
        Assert.True(packed.StoredBytes < packed.ContentBytes / 4);
        Assert.Equal((0L, 0L), (survey.DuplicateReferences, survey.SharedReferences));
        // A file of more blocks than an inode refers to has a tree of its own.
        Assert.Contains(survey.Levels, level => level is { Owner: TreeOwner.File, Level: 1, Blocks: 1 });
    }

    [Fact]
    public void Equal_blocks_of_a_PFS_are_told_from_those_that_a_snapshot_shares()
    {
        using var volume = new AdministeredVolume();
        VnodeOps ops = volume.Vnodes;
        byte[] content = Noise(1, Blocks);
        ulong first = Make(ops, "first"u8), second = Make(ops, "second"u8);
        Assert.Equal(Errno.None, ops.Write(first, 0, content, false));
        Assert.Equal(Errno.None, ops.Sync());
        Assert.Equal(Errno.None, ops.Write(second, 0, content, false));
        Assert.Equal(Errno.None, ops.Sync());
        const ulong Bytes = Blocks * Media.FileBlockBytes;
        TreeSurvey survey = Take(volume);
        Assert.Equal((Blocks, Bytes), (survey.DuplicateReferences, survey.DuplicateBytes));
        Assert.Equal((0L, Bytes), (survey.SharedReferences, survey.Methods.Single().StoredBytes));

        // The snapshot shares the tree of the second file, and all blocks but one of the first.
        Assert.Equal(Errno.None, volume.Run("snapshot", RequestArguments.Of(("label", "s"))).Error);
        Assert.Equal(Errno.None, ops.Write(first, 0, Noise(2, 1), false));
        Assert.Equal(Errno.None, ops.Sync());
        survey = Take(volume);
        Assert.Equal((Blocks, Blocks - 1), ((int)survey.DuplicateReferences, (int)survey.SharedReferences));
        Assert.Equal(Blocks + 1, survey.Methods.Single().Blocks);
    }

    private static TreeSurvey Take(AdministeredVolume volume) =>
        TreeSurvey.Take(VolumeSet.Open([volume.Devices[0]]));

    private static ulong Make(VnodeOps ops, ReadOnlySpan<byte> name)
    {
        Assert.Equal(Errno.None, ops.Create(VnodeOps.RootInum, name,
            new NewObject(ObjectType.RegularFile, UnixMode.O644), default, out VnodeAttributes made));
        return made.Inum;
    }

    private static byte[] Noise(ulong seed, int blocks)
    {
        byte[] noise = new byte[blocks * Media.FileBlockBytes];
        var random = new SeededRandom(seed);
        for (int i = 0; i < noise.Length; i++) noise[i] = (byte)random.Below(256);
        return noise;
    }
}
