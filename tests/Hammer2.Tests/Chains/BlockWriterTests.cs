// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Chains.Commits;
using Hammer2.Chains.Trees;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Chains.Commits;
using Xunit;

namespace Hammer2.Tests.Chains;

/// <summary>
/// Goal: metadata that a commit writes is on the device after the flush, each block where its reference says, in few
/// writes; and not at all when the commit is abandoned.
/// Method: drawn blocks of all types of metadata, and what the device was asked to write. HAMMER2_SEED=n replays one.
/// </summary>
public sealed class BlockWriterTests : IDisposable
{
    private static readonly BlockrefType[] s_types =
        [BlockrefType.Inode, BlockrefType.Indirect, BlockrefType.Dirent];

    private readonly MemoryBlockDevice _disk = NewVolume.InMemory(CommitterVolume.SmallBytes);
    private readonly WriteHistory _history;
    private readonly CommitterVolume _volume;

    public BlockWriterTests()
    {
        _history = new WriteHistory(_disk);
        _volume = new CommitterVolume(_history.Open()[0]);
    }

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(10));

    private BlockWriter Writer => _volume.Committer.Writer;

    public void Dispose()
    {
        _volume.Dispose();
        _disk.Dispose();
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Each_block_is_where_its_reference_says_after_the_flush(ulong seed)
    {
        var random = new SeededRandom(seed);
        using var turn = CommitTurn.Enter(_volume.Committer);
        var written = new List<(Blockref Reference, byte[] Content)>();
        for (int block = 0; block < 400; block++)
        {
            byte[] content = CommitterVolume.Content(random);
            Blockref reference = New(random.Pick<BlockrefType>(s_types));
            Assert.Equal(Hammer2Error.None, Writer.Write(ref reference, content));
            Assert.True(CheckCode.Verify(reference, content));
            written.Add((reference, content));
            if (random.OneIn(100)) Assert.Equal(Hammer2Error.None, Writer.Flush());
        }
        Assert.Equal(Hammer2Error.None, Writer.Flush());
        foreach ((Blockref reference, byte[] content) in written)
        {
            byte[] found = new byte[content.Length];
            Assert.Equal(Hammer2Error.None, _volume.Device.Volumes.Read(reference.Data.Bytes, found));
            Assert.True(content.AsSpan().SequenceEqual(found), $"seed {seed}, block at {reference.Data.Bytes:x}");
        }
    }

    [Fact]
    public void Contiguous_blocks_of_one_type_are_one_write_also_when_types_alternate()
    {
        const int BlocksOfEach = 64;
        using var turn = CommitTurn.Enter(_volume.Committer);
        byte[] content = new byte[Media.GranuleBytes];
        int before = _history.Events.Count;
        for (int block = 0; block < BlocksOfEach; block++)
        {
            foreach (BlockrefType type in s_types)
            {
                Blockref reference = New(type);
                Assert.Equal(Hammer2Error.None, Writer.Write(ref reference, content));
            }
        }
        Assert.Equal(Hammer2Error.None, Writer.Flush());
        int[] sizes = [.. _history.Events.Skip(before).Select(what => what.Bytes.Length)];
        Assert.Equal(s_types.Length * BlocksOfEach * content.Length, sizes.Sum());
        // All but the first and last write of each type are long.
        Assert.InRange(sizes.Count(size => size < 4 * content.Length), 0, 2 * s_types.Length);
    }

    [Fact]
    public void An_abandoned_commit_writes_nothing_of_what_it_gathered_and_frees_its_blocks()
    {
        ulong free = _volume.Committer.FreeBytes;
        using var turn = CommitTurn.Enter(_volume.Committer);
        byte[] content = new byte[Media.GranuleBytes];
        int before = _history.Events.Count;
        Blockref reference = New(BlockrefType.Indirect);
        Assert.Equal(Hammer2Error.None, Writer.Write(ref reference, content));
        Assert.Equal(free - (ulong)content.Length, _volume.Committer.FreeBytes);
        _volume.Committer.Abandon();
        Assert.Equal(Hammer2Error.None, Writer.Flush());
        Assert.Equal((before, free), (_history.Events.Count, _volume.Committer.FreeBytes));
    }

    private static Blockref New(BlockrefType type) => new()
    {
        Type = type,
        Methods = new BlockMethods(CheckMethod.XxHash64, CompressionMethod.None),
    };
}
